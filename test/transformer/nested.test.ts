// Marks are found at any depth and under any alias; the nodes that the plan does not visit contain none.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from './compile.js';
import { sitesIn } from './sites.js';

const IMPORT = "import { instrument } from 'spanwright';\n";

/** Text of a file, and how many sites there are in it. */
const CASES: readonly (readonly [string, string, number])[] = [
  [
    'a class within a method',
    `${IMPORT}export class A { m() { class B { @instrument n() {} } return B; } plain() { return 1; } }`,
    1,
  ],
  ['a call within a callback', `${IMPORT}export const all = [1].map((n) => { const f = instrument(() => n); return f(); });`, 1],
  ['a call with type arguments', `${IMPORT}export function f() { return instrument<() => number>(() => 1); }`, 1],
  ['a call over two lines', `${IMPORT}export function f() { return instrument\n  (() => 1); }`, 1],
  ['a call within a default value', `${IMPORT}export function f(g = instrument(() => 1)) { return g; }`, 1],
  [
    'a call within a decorator',
    `${IMPORT}const d = (f: unknown): any => f;\nexport class A { @d(instrument(() => 1)) m() {} }`,
    1,
  ],
  ['an alias within a body', `${IMPORT}export function f() { const trace = instrument; return trace(() => 1); }`, 1],
  [
    'an alias taken apart',
    `import * as sw from 'spanwright';\nexport function f() { const { instrument: trace } = sw; return trace(() => 1); }`,
    1,
  ],
  ['a member of the module', `import * as sw from 'spanwright';\nexport function f() { return sw . instrument (() => 1); }`, 1],
  [
    'an alias of a member',
    `import * as sw from 'spanwright';\nconst trace = sw.instrument;\nexport class A { @trace m() {} }`,
    1,
  ],
  ['a name with an escape', `${IMPORT}export function f() { return \\u0069nstrument(() => 1); }`, 1],
  ['a name in parentheses', `${IMPORT}export function f() { return (instrument)(() => 1); }`, 1],
  [
    'a require within a body',
    `declare const require: any;\nexport function f() { const { instrument } = require('spanwright'); return instrument(() => 1); }`,
    1,
  ],
  ['a comment and a text', `${IMPORT}// instrument\nexport class A { @instrument m() { return 'instrument'; } }`, 1],
  [
    'a longer name',
    `${IMPORT}const instrumented = (f: unknown) => f;\nexport const g = instrumented(() => 1);\nvoid instrument;`,
    0,
  ],
  ['nothing', `${IMPORT}export function f() { return [1].map((n) => n); }\nvoid instrument;`, 0],
];

const compiled = compile({
  files: Object.fromEntries(CASES.map(([, text], index) => [`src/case${index}.ts`, text])),
  compilerOptions: { experimentalDecorators: true },
});

CASES.forEach(([name, , sites], index) => {
  test(`${name} has ${sites === 0 ? 'no site' : 'its site found'}`, () => {
    assert.is(sitesIn(compiled.output(`case${index}.js`)), sites, compiled.output(`case${index}.js`));
  });
});

test.run();
