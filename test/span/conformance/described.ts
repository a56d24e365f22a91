// siteOf(), reflect-metadata and Symbol.metadata: what other code reads about instrumented members.

import * as assert from 'uvu/assert';
import { compileProject, runEmitted } from './compile.js';
import type { Cases } from './recording.js';

interface Described {
  readonly sites: Record<string, string>;
  readonly without: (string | null)[];
  readonly described: Record<string, Record<string, string>>;
}

const PLACES = { find: '11:15', list: '14:15', size: '17:19', open: '20:22', run: '38:3' };

export const describedCases: Cases = (test, variant) => {
  const { transformed, legacy } = variant;
  const root = transformed ? 'acme::conformance::described::' : '';
  const of = (owner: string, ...names: string[]): Record<string, string> =>
    Object.fromEntries(names.map((name) => [name, `${root}${owner}::${name.replace('static ', '')}`]));
  let read: Described;

  test('the program of the fixture ends well', () => {
    const { status, stdout, stderr } = variant.execute('described');
    assert.equal([status, stderr], [0, '']);
    read = JSON.parse(stdout);
  });

  test('siteOf() knows methods, accessors, statics, members of whole classes and functions, and nothing else', () => {
    const names = Object.keys(PLACES).concat('plan');
    assert.equal(Object.keys(read.sites), names);
    for (const [name, id] of Object.entries(read.sites)) {
      assert.match(id, new RegExp(`(^|::)${name}(@|$)`));
      if (transformed && name !== 'plan') assert.ok(id.endsWith(`@src/described.ts:${PLACES[name as keyof typeof PLACES]}`), id);
    }
    assert.equal(read.without, [null, null, null]);
  });

  test('Symbol.metadata lists the members of a class and of what it extends', () => {
    const members = ['find', 'list', 'size', 'static open'];
    // the decorator of an instance member learns its class with the first instance, without the transformer
    const named = transformed || legacy;
    const store = named ? of('Store', ...members) : { find: 'find', list: 'list', size: 'size', ...of('Store', 'static open') };
    const mixed = named ? of('Mixed', 'second', 'third') : { second: 'second', third: 'third' };
    const grow = named ? of('Larger', 'grow') : { grow: 'grow' };
    assert.equal(read.described, { Store: store, Mixed: mixed, Larger: { ...grow, ...store }, Whole: of('Whole', 'run') });
  });
};

/** Undecorated code, and a program that loads reflect-metadata before Spanwright, behind it, or not at all. */
export const undecoratedCases = (test: (name: string, run: () => void) => void): void => {
  const program = (imports: string): string => `${imports}
import { siteOf } from 'spanwright';
export class Store {
  find(id: string): string { return id; }
  list(from = 0): number { return from; }
}
const read = (key: string): unknown => Reflect.get(Reflect, 'getMetadata')?.('code.function.name', Store.prototype, key) ?? null;
console.log(JSON.stringify([siteOf(Store.prototype.find)?.id, siteOf(Store.prototype.list)?.id, read('find'), read('list')]));
`;
  const files = {
    'before.ts': program(`import 'reflect-metadata';`),
    'behind.ts': program(`import 'spanwright';\nimport 'reflect-metadata';`),
    'without.ts': program(''),
  };
  const directory = compileProject({ files, legacy: true, transformed: true, auto: true });
  const run = (file: string): unknown => {
    const { status, stdout, stderr } = runEmitted(directory, file, []);
    assert.equal([status, stderr], [0, '']);
    return JSON.parse(stdout);
  };

  for (const name of ['before', 'behind', 'without'])
    test(`undecorated code in auto mode, reflect-metadata ${name === 'without' ? 'not loaded' : `loaded ${name} Spanwright`}`, () => {
      const qualified = ['find', 'list'].map((key) => `acme::conformance::${name}::Store::${key}`);
      const line = files[`${name}.ts` as keyof typeof files].split('\n').findIndex((text) => text.includes('find(id')) + 1;
      const ids = qualified.map((id, index) => `${id}@src/${name}.ts:${line + index}:3`);
      assert.equal(run(`${name}.js`), [...ids, ...(name === 'without' ? [null, null] : qualified)]);
    });
};
