// Types of each entry of the package, as the compiler finds them by every kind of resolution, `node10` included, which reads no `exports`;
// and its code, as Jest 29 finds it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { link, newDirectory, write } from '../hosts/conformance/project.js';
import { PROJECT } from '../house/sources.js';

interface Conditions {
  readonly [condition: string]: string | Conditions;
}

const { exports } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as {
  exports: Record<string, string | ({ readonly default: string } & Conditions)>;
};
const ENTRIES = Object.entries(exports).filter(([entry]) => entry !== './package.json');
const { Node10, Node16, Bundler } = ts.ModuleResolutionKind;

function resolved(specifier: string, moduleResolution: ts.ModuleResolutionKind): string | undefined {
  const directory = newDirectory();
  link(directory, { spanwright: PROJECT });
  write(directory, 'a.ts', '');
  return ts.resolveModuleName(specifier, join(directory, 'a.ts'), { moduleResolution }, ts.sys).resolvedModule?.resolvedFileName;
}

for (const [name, kind] of Object.entries({ node10: Node10, node16: Node16, bundler: Bundler }))
  test(`finds the types of every entry under moduleResolution ${name}`, () => {
    assert.ok(ENTRIES.length > 10);
    for (const [entry, file] of ENTRIES) {
      const module = typeof file === 'string' ? file : file.default;
      const expected = join(PROJECT, module.replace(/\.js$/, '.d.ts'));
      assert.is(resolved(`spanwright${entry.slice(1)}`, kind), expected, entry);
    }
    assert.is(resolved('spanwright/nothing', kind), undefined);
  });

/** The target as `resolve.exports` of Jest 29 finds it: it enters the first condition that holds, and never comes back for a later one. */
function targetOf(conditions: string | Conditions, held: readonly string[]): string | undefined {
  if (typeof conditions === 'string') return conditions;
  const first = Object.keys(conditions).find((condition) => condition === 'default' || held.includes(condition));
  return first === undefined ? undefined : targetOf(conditions[first] as string | Conditions, held);
}

for (const condition of ['browser', 'worker', 'workerd', 'edge-light'])
  test(`Jest 29 finds every entry under the condition ${condition}, by require() the code of Node.js`, () => {
    for (const [entry, file] of ENTRIES) {
      const node = typeof file === 'string' ? file : file.default;
      assert.is(targetOf(file, [condition, 'require']), node, entry);
      const imported = targetOf(file, [condition, 'import']);
      assert.is(imported === node, typeof file === 'string', entry);
    }
  });

test.run();
