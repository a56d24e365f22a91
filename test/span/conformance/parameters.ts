// `@record('key')` on parameters, which legacy decorators alone can have.

import * as assert from 'uvu/assert';
import { type Cases, only, runtime } from './recording.js';

interface Fixture {
  Marked: {
    new (): {
      method(id: string, password: string, rack: number): string;
      both(first: string, second: string): string;
      secret(password: string): number;
      plain(value: string): string;
    };
    fixed(count: number): number;
  };
  Whole: new () => { method(id: string): string };
}

export const parameterCases: Cases = (test, variant) => {
  const { Marked, Whole } = variant.load<Fixture>('parameters');
  const target = new Marked();
  const recorded = async (work: () => unknown): Promise<Record<string, unknown>> => {
    work();
    const { attributes } = await only();
    return Object.fromEntries(Object.entries(attributes).filter(([key]) => !key.startsWith('code.')));
  };

  test('marked parameters are recorded, the others are not', async () => {
    assert.equal(await recorded(() => target.method('m1', 'hush', 4)), { 'machine.id': 'm1', rack: 4 });
  });

  test('marked parameters are recorded together with the option args, on static methods, and in a class that is decorated as a whole', async () => {
    assert.equal(await recorded(() => target.both('a', 'b')), { first: 'a', 'second.key': 'b' });
    assert.equal(await recorded(() => Marked.fixed(3)), { count: 3 });
    assert.equal(await recorded(() => new Whole().method('m2')), { 'whole.id': 'm2' });
  });

  test('a parameter whose name is redacted stays hidden under any key', async () => {
    assert.equal(await recorded(() => target.secret('hush')), { shown: 'REDACTED' });
  });

  test('@record does nothing on a method that is not instrumented, and throws in a wrong place', () => {
    runtime.record('never')(Marked.prototype, 'plain', 0);
    assert.is(target.plain('x'), 'x');
    assert.throws(() => runtime.record(''), /@record: found ""; expected an attribute key/);
    assert.throws(
      () => runtime.record('key')(Marked, undefined, 0),
      /found a parameter of a constructor; expected one of a method/,
    );
  });
};
