// Recognition of `instrument` by the binding of the name, never by its spelling. Every case is compiled with types by the patched
// compiler, and again by a transformer that sees the one file and no types; each says how many sites it expects.

import ts from 'typescript';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import spanwright from '../../transformer/index.js';
import { compile } from './compile.js';
import { sitesIn } from './sites.js';

interface Case {
  readonly name: string;
  readonly text: string;
  readonly sites: number;
  /** Sites found without types, where another file would have to be read. */
  readonly alone?: number;
  readonly files?: Record<string, string>;
}

const METHOD = (decorator: string) => `export class A { ${decorator} m() {} }`;

const CASES: readonly Case[] = [
  { name: 'a named import', text: `import { instrument } from 'spanwright'; ${METHOD('@instrument')}`, sites: 1 },
  { name: 'a renamed import', text: `import { instrument as trace } from 'spanwright'; ${METHOD('@trace({})')}`, sites: 1 },
  { name: 'a namespace import', text: `import * as sw from 'spanwright'; ${METHOD('@sw.instrument')}`, sites: 1 },
  { name: 'an import assignment', text: `import sw = require('spanwright'); ${METHOD('@sw.instrument')}`, sites: 1 },
  { name: 'a required module', text: `const { instrument: t } = require('spanwright'); ${METHOD('@t')} export {}`, sites: 1 },
  {
    name: 'a constant alias',
    text: `import { instrument } from 'spanwright'; const t = instrument; ${METHOD('@t({})')}`,
    sites: 1,
  },
  {
    name: 'a destructured alias',
    text: `import * as sw from 'spanwright'; const { instrument: t } = sw; ${METHOD('@t')}`,
    sites: 1,
  },
  {
    name: 'parentheses and assertions',
    text: `import { instrument } from 'spanwright'; ${METHOD('@(instrument)')}; export const f = (instrument as typeof instrument)(() => 1);`,
    sites: 2,
  },
  {
    name: 'what a class extends',
    text: `import { instrument } from 'spanwright'; const mix = (base: any, ..._: unknown[]) => base; ${METHOD('@instrument')}
      export class B extends mix(A, instrument(() => 1)) {} export class C extends (instrument(function () {} as any) as any) {}`,
    sites: 3,
  },
  {
    name: 're-exports under other names',
    text: `import { trace } from './a'; import * as b from './b'; ${METHOD('@trace')}; export const f = b.watch(() => 1); class B { @b.again m() {} }`,
    files: {
      'src/a.ts': `export { instrument as trace } from 'spanwright';`,
      'src/b.ts': `import { instrument } from 'spanwright'; export * from './c'; export const watch = instrument;`,
      'src/c.ts': `export { trace as again } from './a';`,
    },
    sites: 3,
    alone: 0,
  },
  {
    name: 'a default re-export',
    text: `import trace from './a'; ${METHOD('@trace')}`,
    files: { 'src/a.ts': `export { instrument as default } from 'spanwright';` },
    sites: 1,
    alone: 0,
  },
  {
    name: 'a decorator of the same name from elsewhere',
    text: `import { instrument } from './own'; ${METHOD('@instrument')}`,
    files: { 'src/own.ts': `export const instrument = (..._: unknown[]): void => {};` },
    sites: 0,
  },
  {
    name: 'a local of the same name',
    text: `import 'spanwright'; const instrument = (..._: unknown[]): void => {}; ${METHOD('@instrument')}`,
    sites: 0,
  },
  {
    name: 'a parameter that shadows',
    text: `import { instrument } from 'spanwright'; export function f(instrument: (g: () => void) => void) { instrument(() => {}); } ${METHOD('@instrument')}`,
    sites: 1,
  },
  {
    name: 'a block that shadows',
    text: `import { instrument } from 'spanwright'; { const instrument = (g: () => number) => g; instrument(() => 1); } instrument(() => 2);`,
    sites: 1,
  },
  {
    name: 'a hoisted var that shadows',
    text: `import { instrument } from 'spanwright'; export function f() { instrument(() => 1); { var instrument: any = (g: () => number) => g; } } instrument(() => 2);`,
    sites: 1,
  },
  {
    name: 'a catch clause that shadows',
    text: `import { instrument } from 'spanwright'; try {} catch (instrument: any) { instrument(() => 1); } instrument(() => 2);`,
    sites: 1,
  },
  {
    name: 'a parameter of the decorated method itself',
    text: `import { instrument } from 'spanwright'; export class A { @instrument m(instrument: string) { return instrument; } }`,
    sites: 1,
  },
  {
    name: 'a variable that may change',
    text: `import { instrument } from 'spanwright'; let t = instrument; ${METHOD('@t')}`,
    sites: 0,
  },
  {
    name: 'a type-only import',
    text: `import type { instrument } from 'spanwright'; export type T = typeof instrument;`,
    sites: 0,
  },
  {
    name: 'another export of the package',
    text: `import { inject } from 'spanwright'; export const carrier = inject({});`,
    sites: 0,
  },
  {
    name: 'a member of that name on something else',
    text: `import 'spanwright'; const o = { instrument: (g: () => number) => g }; export const f = o.instrument(() => 1);`,
    sites: 0,
  },
  {
    name: 'other members of instrument',
    text: `import { instrument } from 'spanwright'; export const o = instrument.object({ get: () => 1 }, { namespace: 'a' }); instrument(() => 3);`,
    sites: 1,
  },
  {
    name: 'a call without a function',
    text: `import { instrument } from 'spanwright'; export const d = instrument({ name: 'x' }); export const u = instrument(undefined!);`,
    sites: 0,
  },
  {
    name: 'functions of the same file, by their names',
    text: `import { instrument as mark } from 'spanwright'; const g = () => 1; function h() {} export const all = [mark(g), mark({ name: 'x' }, h)];`,
    sites: 2,
  },
  {
    name: 'functions by names that may hold another by then, or that come from elsewhere',
    text: `import { instrument } from 'spanwright'; import { part } from './part'; let g = () => 1; g = () => 2; export const all = [instrument(g), instrument(part), (f: () => 1) => instrument(f)];`,
    files: { 'src/part.ts': 'export function part() {}' },
    sites: 0,
  },
];

/** Compiles one text with nothing but its syntax. */
function transpiled(text: string): string {
  const before = (context: ts.TransformationContext) => spanwright(undefined, {}, { ts })(context);
  return ts.transpileModule(text, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS, experimentalDecorators: true },
    transformers: { before: [before] },
  }).outputText;
}

for (const { name, text, sites, alone, files } of CASES) {
  test(`${name}: ${sites} with types`, () => {
    const compiled = compile({ files: { 'src/main.ts': text, ...files }, compilerOptions: { experimentalDecorators: true } });
    assert.equal(compiled.diagnostics, []);
    assert.is(sitesIn(compiled.output('main.js')), sites);
  });

  test(`${name}: ${alone ?? sites} without types`, () => {
    assert.is(sitesIn(transpiled(text)), alone ?? sites);
  });
}

test('a hand-written module declaration counts as the package', () => {
  const files = {
    'src/types.d.ts': `declare module 'spanwright' { export function instrument(...all: any[]): any; }`,
    'src/main.ts': `import { instrument } from 'spanwright'; ${METHOD('@instrument')}`,
  };
  const compiled = compile({ files, compilerOptions: { experimentalDecorators: true } });
  assert.equal(compiled.diagnostics, []);
  assert.is(sitesIn(compiled.output('main.js')), 1);
});

test('a file that cannot reach the package is emitted as without the transformer', () => {
  const files = { 'src/main.ts': `import { join } from 'node:path'; export class A { m() { return join('a'); } }` };
  assert.is(compile({ files }).output('main.js'), compile({ files, plugin: null }).output('main.js'));
});

test.run();
