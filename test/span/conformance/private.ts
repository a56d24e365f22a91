// Private members and fields, which TC39 decorators alone can have, and other decorators before and after @instrument.

import * as assert from 'uvu/assert';
import { type Cases, finished } from './recording.js';
import type * as Fixture from './standard/fixtures/private.js';

export const privateCases: Cases = (test, variant) => {
  const { Vault, Cellar } = variant.load<typeof Fixture>('private');
  const names = async (): Promise<string[]> => (await finished()).map(({ name }) => name);

  test('private methods and accessors record, and reach private fields', async () => {
    assert.equal(new Vault().open(1), [8, 3, 7]);
    assert.equal(await names(), ['Vault.#open', 'Vault.#count', 'Vault.#size']);
  });

  test('a field that holds a function records on each instance, with its own this', async () => {
    const one = new Vault();
    const two = new Vault();
    assert.is.not(one.handle, two.handle);
    assert.is(one.handle('a'), 'a7');
    assert.is(Reflect.apply(two.handle, undefined, ['b']), 'b7');
    assert.is(one.handle.name, 'handle');
    assert.is(one.handle.length, 1);
    assert.equal(await names(), ['Vault.handle', 'Vault.handle']);
  });

  test('other decorators on either side keep their effect and their order', async () => {
    const vault = new Vault();
    assert.is(vault.outer(), 'OUTER');
    assert.is(vault.inner(), 'INNER');
    assert.equal(await names(), ['Vault.outer', 'Vault.inner']);
    assert.is(new Cellar().outer(), 'OUTER!');
    assert.equal(await names(), ['Vault.outer']);
  });
};
