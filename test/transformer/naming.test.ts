// Namespaces: a pure function of the place of a file and of what encloses a function, the same on every machine.

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { rowsOf } from '../../runtime/instrument/table.js';
import type { Plan } from '../../transformer/core/edit.js';
import { namesOf, rootOfPackage, segmentsOfFile } from '../../transformer/core/naming.js';
import { moduleHead } from '../../transformer/print/prologue.js';
import { compile, tspc, write, writeProject } from './compile.js';
import { placeIn } from './sites.js';

const RULES = { root: 'carbide', separator: '::', spanName: 'short' } as const;

for (const [path, expected] of [
  ['component-manager/nsm.ts', ['component-manager', 'nsm']],
  ['index.ts', []],
  ['api/index.tsx', ['api']],
  ['user.service.ts', ['user.service']],
  ['deep/er/x.mts', ['deep', 'er', 'x']],
  ['../shared/y.cts', ['shared', 'y']],
  ['odd name/a,b=c.ts', ['odd_name', 'a_b_c']],
  ['ns/a::b.ts', ['ns', 'a_b']],
  ['indexes.ts', ['indexes']],
] as const) {
  test(`the file ${path} adds ${expected.length === 0 ? 'nothing' : expected.join(' and ')}`, () => {
    assert.equal(segmentsOfFile(path, '::'), expected);
  });
}

test('a file name that holds the separator does not add a segment', () => {
  assert.equal(segmentsOfFile('user.service.ts', '.'), ['user_service']);
});

test('the root namespace is the package name, with its npm scope first', () => {
  assert.is(rootOfPackage('@acme/billing', '::'), 'acme::billing');
  assert.is(rootOfPackage('billing', '::'), 'billing');
  assert.is(rootOfPackage('@acme/billing', '.'), 'acme.billing');
});

test('a table names the namespace of its file in a short way, which the runtime undoes', () => {
  let shortened = 0;
  for (const separator of ['::', '.'])
    for (const root of ['', 'carbide', ['acme', 'billing'].join(separator)])
      for (const path of [
        'nsm.ts',
        'index.ts',
        'api/index.tsx',
        'user.service.ts',
        'deep/er/x.mts',
        '../shared/y.cts',
        'odd name/a,b=c.ts',
        'ns/a::b.ts',
      ])
        for (const below of [path, path.replace(/^[^/]*\//, ''), 'elsewhere.ts']) {
          const namespace = [root, ...segmentsOfFile(below, separator)].filter((part) => part !== '').join(separator);
          const { written, read } = throughTable(namespace, path, separator);
          assert.is(read, namespace, `${path}: ${written}`);
          if (written !== namespace) shortened++;
        }
  assert.ok(shortened > 70, String(shortened));
});

function throughTable(namespace: string, path: string, separator: string): { written: string; read: string | undefined } {
  const names = { recorder: 'w', table: 'r', call: 's', value: 'v', error: 'e', namespace, separator, qualified: false, path };
  const site = {
    record: { function: 'f', name: 'f' },
    place: { segments: [], scopes: [], start: 0, end: 1 },
    prologue: {},
    row: 0,
  };
  const plan = { sites: [site], edits: [], binding: 'b', module: names } as unknown as Plan;
  const given: string[] = [];
  new Function('make', moduleHead(plan, 'make') as string)((_contract: number, _set: unknown, ...texts: string[]) => {
    given.push(...texts);
  });
  const [written, file, text] = given as [string, string, string];
  return { written, read: rowsOf({ namespace: written, file, text, separator, qualified: false })[0]?.record.namespace };
}

test('a method has the class in its namespace and in its short span name', () => {
  const names = namesOf(['nsm'], { segments: ['PowerService'], owner: 'PowerService' }, 'powerControl', RULES);
  assert.equal(names, { namespace: 'carbide::nsm::PowerService', function: 'powerControl', name: 'PowerService.powerControl' });
});

test('a function has no class in its span name, and a qualified span name is the whole', () => {
  assert.is(namesOf(['nsm'], { segments: ['outer'], owner: null }, 'plan', RULES).name, 'plan');
  assert.is(
    namesOf(['nsm'], { segments: [], owner: null }, 'plan', { ...RULES, spanName: 'qualified' }).name,
    'carbide::nsm::plan',
  );
});

test('a configured separator is written into the table of sites, the default is not', () => {
  assert.is(namesOf([], { segments: [], owner: null }, 'f', { ...RULES, separator: '.' }).separator, '.');
  assert.is('separator' in namesOf([], { segments: [], owner: null }, 'f', RULES), false);
});

const TEXT = `import { instrument } from 'spanwright'; export class A { @instrument m() {} }`;

/** The namespace of the one site, and its file. */
function written(source: Parameters<typeof compile>[0], output: string): [string | undefined, string | undefined] {
  const emitted = compile({ ...source, compilerOptions: { experimentalDecorators: true, ...source.compilerOptions } }).output(
    output,
  );
  const { namespace, file } = placeIn(emitted);
  return [namespace, file];
}

test('without options the root is the package name, and paths start below rootDir', () => {
  assert.equal(written({ files: { 'src/a/b.ts': TEXT } }, 'a/b.js'), ['acme::billing::a::b::A', 'src/a/b.ts']);
});

test('the option rootDir moves the start of the path, not the file attribute', () => {
  const source = { files: { 'src/a/b.ts': TEXT }, plugin: { namespace: 'carbide', rootDir: 'src/a' } };
  assert.equal(written(source, 'a/b.js'), ['carbide::b::A', 'src/a/b.ts']);
});

test('without a rootDir anywhere the directory common to the sources is taken', () => {
  const files = { 'src/a/b.ts': TEXT, 'src/a/c/d.ts': 'export {};' };
  assert.equal(written({ files, compilerOptions: { rootDir: undefined } }, 'b.js'), ['acme::billing::b::A', 'src/a/b.ts']);
});

test('files that are not included, and those that are excluded, keep their decorator', () => {
  const files = { 'src/a.ts': TEXT, 'src/b.ts': TEXT, 'src/c.ts': TEXT };
  const plugin = { include: ['src/{a,b}.ts'], exclude: './src/b.ts' };
  const compiled = compile({ files, plugin, compilerOptions: { experimentalDecorators: true } });
  const transformed = ['a', 'b', 'c'].filter((name) => compiled.output(`${name}.js`).includes('spanwright/emitted'));
  assert.equal(transformed, ['a']);
});

test('names do not depend on the directory that tspc is run in', () => {
  const directory = writeProject({
    files: { 'src/a/b.ts': TEXT, 'elsewhere/x': '' },
    compilerOptions: { experimentalDecorators: true },
  });
  write(directory, 'elsewhere/package.json', '{"name":"other"}');
  assert.is(tspc(`${directory}/elsewhere`, '-p', '..').status, 0);
  const emitted = readFileSync(`${directory}/out/a/b.js`, 'utf8');
  assert.equal(placeIn(emitted), { namespace: 'acme::billing::a::b::A', file: 'src/a/b.ts' });
});

test.run();
