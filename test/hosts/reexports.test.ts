// Recognition of `instrument` by hosts that see one file at a time, where users import it from a module of their own: each case is a project on the
// disk, read with TypeScript 5.9 and with the native 7.1; each states the expected number of sites, and the files that the answer
// depends on.

import { realpathSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Parser, parserFor } from '../../transformer/hosts/parse.js';
import { type Texts, textsOf } from '../../transformer/hosts/texts.js';
import { newDirectory, ROOT, write } from './conformance/project.js';
import { part, testWith } from './conformance/suite.js';

interface Case {
  readonly name: string;
  readonly text: string;
  readonly files: Readonly<Record<string, string>>;
  readonly sites: number;
  /** Files that the answer rests on. */
  readonly read?: readonly string[];
  /** Files beyond those of every project. */
  readonly compilerOptions?: Readonly<Record<string, unknown>>;
}

const METHOD = (decorator: string): string => `export class A { ${decorator} m() { return 1; } }`;
const HANDED = `export { instrument } from 'spanwright';`;
const OWN = 'export const instrument = (..._: unknown[]): any => {};';

const CASES: readonly Case[] = [
  {
    name: 'a re-export',
    text: `import { instrument } from './tracing'; ${METHOD('@instrument')}`,
    files: { 'tracing.ts': HANDED },
    sites: 1,
    read: ['tracing.ts'],
  },
  {
    name: 'an import that is exported under another name',
    text: `import { trace } from './tracing.js'; ${METHOD('@trace({})')}`,
    files: { 'tracing.ts': `import { instrument } from 'spanwright'; export { instrument as trace };` },
    sites: 1,
    read: ['tracing.ts'],
  },
  {
    name: 'a constant',
    text: `import { instrument } from './tracing'; export const f = instrument(() => 1);`,
    files: { 'tracing.ts': `import * as sw from 'spanwright'; export const instrument = sw.instrument;` },
    sites: 1,
    read: ['tracing.ts'],
  },
  {
    name: 'a destructured constant',
    text: `import { traced } from './tracing'; export const f = traced(() => 1);`,
    files: { 'tracing.ts': `import * as sw from 'spanwright'; export const { instrument: traced } = sw;` },
    sites: 1,
    read: ['tracing.ts'],
  },
  {
    name: 'a default export, of either form',
    text: `import trace from './a'; import watch from './b'; export class A { @trace m() {} @watch n() {} }`,
    files: {
      'a.ts': `export { instrument as default } from 'spanwright';`,
      'b.ts': `import { instrument } from 'spanwright';\nexport default instrument;`,
    },
    sites: 2,
    read: ['a.ts', 'b.ts'],
  },
  {
    name: 'a chain through `export *` and a folder',
    text: `import { trace } from './lib'; ${METHOD('@trace')}`,
    files: {
      'lib/index.ts': `export * from './other'; export * from './trace';`,
      'lib/other.ts': 'export const other = 1;',
      'lib/trace.ts': `export { instrument as trace } from 'spanwright';`,
    },
    sites: 1,
    read: ['lib/index.ts', 'lib/trace.ts'],
  },
  {
    name: 'a module as a whole, and a module within it',
    text: `import * as tracing from './tracing'; export class A { @tracing.instrument m() {} @tracing.all.instrument n() {} }`,
    files: { 'tracing.ts': `${HANDED} export * as all from 'spanwright';` },
    sites: 2,
    read: ['tracing.ts'],
  },
  {
    name: 'an alias of tsconfig.json',
    text: `import { instrument } from '@app/tracing'; ${METHOD('@instrument')}`,
    files: { 'tracing.ts': HANDED },
    compilerOptions: { paths: { '@app/*': ['./src/*'] } },
    sites: 1,
    read: ['tracing.ts'],
  },
  {
    name: 'a package of the workspace that depends on this one',
    text: `import { instrument } from '@acme/tracing'; ${METHOD('@instrument')}`,
    files: {
      '../node_modules/@acme/tracing/package.json':
        '{ "name": "@acme/tracing", "types": "index.d.ts", "main": "index.js", "dependencies": { "spanwright": "*" } }',
      '../node_modules/@acme/tracing/index.d.ts': HANDED,
    },
    sites: 1,
    read: ['../node_modules/@acme/tracing/index.d.ts'],
  },
  {
    name: 'a package that does not depend on this one is not looked at',
    text: `import { instrument } from '@acme/tracing'; ${METHOD('@instrument')}`,
    files: {
      '../node_modules/@acme/tracing/package.json': '{ "name": "@acme/tracing", "types": "index.d.ts", "main": "index.js" }',
      '../node_modules/@acme/tracing/index.d.ts': HANDED,
    },
    sites: 0,
  },
  {
    name: 'a function of the same name from a module of the user',
    text: `import { instrument } from './tracing'; ${METHOD('@instrument')}`,
    files: { 'tracing.ts': OWN },
    sites: 0,
    read: ['tracing.ts'],
  },
  {
    name: 'a module that uses `instrument` and exports one of its own',
    text: `import { instrument } from './tracing'; ${METHOD('@instrument')}`,
    files: {
      'tracing.ts': `import { instrument as ours } from 'spanwright'; export const work = ours(() => 1); ${OWN}`,
    },
    sites: 0,
    read: ['tracing.ts'],
  },
  {
    name: 'an own export hides that of `export *`',
    text: `import { instrument } from './tracing'; ${METHOD('@instrument')}`,
    files: { 'tracing.ts': `export * from './other'; ${OWN}`, 'other.ts': HANDED },
    sites: 0,
    read: ['tracing.ts'],
  },
  {
    name: '`export *` leaves the default out',
    text: `import trace from './tracing'; ${METHOD('@trace')}`,
    files: { 'tracing.ts': `export * from './other';`, 'other.ts': `export { instrument as default } from 'spanwright';` },
    sites: 0,
  },
  {
    name: 'a variable that may change',
    text: `import { trace } from './tracing'; ${METHOD('@trace')}`,
    files: { 'tracing.ts': `import { instrument } from 'spanwright'; export let trace = instrument;` },
    sites: 0,
  },
  {
    name: 'a type alone',
    text: `import { instrument } from './tracing'; ${METHOD('@instrument')}`,
    files: { 'tracing.ts': `export type { instrument } from 'spanwright'; ` },
    sites: 0,
    read: ['tracing.ts'],
  },
  {
    name: 'another export of the package',
    text: `import { inject } from './tracing'; export const carrier = inject(() => 1);`,
    files: { 'tracing.ts': `export { inject } from 'spanwright';` },
    sites: 0,
  },
  {
    name: 'modules that import each other',
    text: `import { trace } from './a'; ${METHOD('@trace')}`,
    files: { 'a.ts': `export { trace } from './b';`, 'b.ts': `export { trace } from './a'; export * from './a';` },
    sites: 0,
  },
  {
    name: 'a module that is not there',
    text: `import { instrument } from './absent'; ${METHOD('@instrument')}`,
    files: {},
    sites: 0,
  },
];

const PARSERS: readonly { name: string; modules: string; part?: string }[] = [
  { name: 'TypeScript 5.9', modules: join(ROOT, 'node_modules') },
  { name: 'TypeScript 7.1', modules: part('ts7/node_modules'), part: 'ts7' },
];

function projectOf({ files, compilerOptions }: Pick<Case, 'files' | 'compilerOptions'>): string {
  const directory = realpathSync(newDirectory());
  const options = { target: 'ES2022', module: 'ESNext', experimentalDecorators: true, rootDir: 'src', ...compilerOptions };
  write(directory, 'tsconfig.json', JSON.stringify({ compilerOptions: options, include: ['src'] }));
  write(directory, 'package.json', '{ "name": "handed", "dependencies": { "spanwright": "*" } }');
  write(directory, 'node_modules/.keep', '');
  symlinkSync(ROOT, join(directory, 'node_modules/spanwright'), 'junction');
  for (const [name, text] of Object.entries(files)) write(directory, `src/${name}`, text);
  return directory;
}

function textsAt(parser: Parser, directory: string): Texts {
  return textsOf({ parser, directory, tsconfig: join(directory, 'tsconfig.json') });
}

for (const { name, modules, part: needed } of PARSERS) {
  const declare = testWith(needed);
  let parser: Parser | undefined;
  const textsIn = (directory: string): Texts => {
    parser ??= parserFor(join(modules, '..'));
    return textsAt(parser, directory);
  };

  for (const one of CASES)
    declare(`${name}, ${one.name}: ${one.sites} sites`, () => {
      const directory = projectOf(one);
      const found = textsIn(directory).transform(join(directory, 'src/main.ts'), one.text);
      assert.equal(found?.reports ?? [], []);
      assert.is(found?.plan.sites.length ?? 0, one.sites);
      const read = (one.read ?? []).map((path) => join(directory, 'src', path));
      assert.equal([...(found?.read ?? [])].sort(), read.sort());
    });

  declare(`${name}: a module that changes is read again`, () => {
    const directory = projectOf({ files: { 'tracing.ts': OWN } });
    const texts = textsIn(directory);
    const sites = (): number =>
      texts.transform(join(directory, 'src/main.ts'), `import { instrument } from './tracing'; ${METHOD('@instrument')}`)?.plan
        .sites.length ?? 0;
    assert.is(sites(), 0);
    write(directory, 'src/tracing.ts', HANDED);
    assert.is(sites(), 1);
    // A change of the same size, within the same tick of the file system's clock.
    write(directory, 'src/tracing.ts', OWN.padEnd(HANDED.length));
    utimesSync(join(directory, 'src/tracing.ts'), new Date(), new Date(Date.now() + 5000));
    assert.is(sites(), 0);
  });
}

test('a file without an import that may lead to `instrument` is not parsed', () => {
  const directory = projectOf({ files: { 'store.ts': `import { instrument } from 'spanwright'; ${METHOD('@instrument')}` } });
  const parser = parserFor(ROOT);
  const parsed: string[] = [];
  const counting: Parser = {
    ...parser,
    parse: (fileName, text, read) => {
      parsed.push(fileName);
      return parser.parse(fileName, text, read);
    },
  };
  const texts = textsAt(counting, directory);
  const text = `import { A } from './store'; import { readFileSync } from 'fs'; export const made = new A(readFileSync);`;
  assert.is(texts.transform(join(directory, 'src/main.ts'), text), undefined);
  assert.equal(parsed, []);
});

test.run();
