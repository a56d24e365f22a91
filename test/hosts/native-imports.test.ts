// `spanwright build` on projects whose modules import each other in ordinary ways: each file is instrumented, and none is left out because
// the compiler did not deliver the tree of a module that it imports.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sitesIn } from '../transformer/sites.js';
import { write } from './conformance/project.js';
import { build, declare, project } from './native-project.js';

const CLAMP = `import { instrument } from 'spanwright'; import { clamp } from './limits';
export class Service { @instrument take(n: number) { return clamp(n); } }
`;
const LIMITS = `import { log } from './log'; export const MAX = 5;
export function clamp(n: number) { log(); return Math.min(n, MAX); }
`;
const LOG = 'export function log(): void {}\n';

const output = (directory: string): string => readFileSync(join(directory, 'out/work.js'), 'utf8');

function builds(directory: string): string {
  const { status, stdout } = build(directory);
  assert.is(stdout, '');
  assert.is(status, 0);
  return output(directory);
}

const IMPORTED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'a module that imports and has a call which ends in an identifier': { 'limits.ts': LIMITS },
  'a module that re-exports by name': { 'limits.ts': `export { clamp } from './clamp';\n`, 'clamp.ts': LIMITS },
  'a module that re-exports everything': { 'limits.ts': `export * from './clamp';\n`, 'clamp.ts': LIMITS },
  'a folder': { 'limits/index.ts': `export * from '../clamp';\n`, 'clamp.ts': LIMITS },
};

for (const [name, files] of Object.entries(IMPORTED))
  declare(`instruments a file that imports ${name}`, () => {
    const directory = project(CLAMP);
    for (const [path, text] of Object.entries({ 'log.ts': LOG, ...files })) write(directory, `src/${path}`, text);
    assert.match(builds(directory), /spanwright\/emitted/);
  });

declare('instruments a file whose imports lead to each other in a circle', () => {
  const directory = project(`import { instrument } from 'spanwright'; import { b } from './b';
export const a = instrument(function a(n: number): number { return b(n); });
`);
  write(
    directory,
    'src/b.ts',
    `import { a } from './work'; export { a }; export function b(n: number): number { return n > 9 ? n : a(n + 1); }\n`,
  );
  assert.match(builds(directory), /spanwright\/emitted/);
});

declare('follows `instrument` through an alias of tsconfig.json, and through a package that depends on spanwright', () => {
  const directory = project(
    `import { trace } from '@own/tracing'; import { watch } from 'acme-tracing';
export class Work { @trace one() { return 1; } @watch two() { return 2; } }
`,
    { paths: { '@own/*': ['./src/own/*'] } },
  );
  write(directory, 'src/own/tracing.ts', `export { instrument as trace } from 'spanwright';\n`);
  write(
    directory,
    'node_modules/acme-tracing/package.json',
    JSON.stringify({ name: 'acme-tracing', main: 'index.js', types: 'index.d.ts', dependencies: { spanwright: '*' } }),
  );
  write(directory, 'node_modules/acme-tracing/index.js', `exports.watch = require('spanwright').instrument;\n`);
  write(directory, 'node_modules/acme-tracing/index.d.ts', `export * from './marks';\n`);
  write(directory, 'node_modules/acme-tracing/marks.d.ts', `export { instrument as watch } from 'spanwright';\n`);
  const text = builds(directory);
  assert.is(sitesIn(text), 2);
});

declare('passes over empty places of array patterns: parameters with names to record, exports, behind `super()`', () => {
  const directory = project(`import { trace } from './own';
export class Work { @trace({ args: ['b'] }) one([, a]: number[], b: number) { return a! + b; } }
`);
  write(directory, 'src/own.ts', `export { instrument as trace } from 'spanwright';\nexport const [, second] = [1, 2];\n`);
  const holes = `class Base { async two([, a]: number[]) { return a; } }
export class Holes extends Base { kept = 1; constructor() { super(); const [, b] = [1, 2] as const; this.kept = b; } }
`;
  write(directory, 'src/auto-holes.ts', holes);
  assert.is(sitesIn(builds(directory)), 1);
  assert.is(sitesIn(readFileSync(join(directory, 'out/auto-holes.js'), 'utf8')), 2);
});

declare('takes no function of another package for `instrument`', () => {
  const directory = project(`import { instrument } from 'acme-other';
export class Work { @instrument one() { return 1; } }
`);
  write(directory, 'node_modules/acme-other/package.json', JSON.stringify({ name: 'acme-other', types: 'index.d.ts' }));
  write(directory, 'node_modules/acme-other/index.d.ts', 'export declare const instrument: (...all: any[]) => any;\n');
  assert.not.match(builds(directory), /spanwright/);
});

test.run();
