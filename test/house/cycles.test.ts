// No import cycle in the product: by value, by type, or by a module that is loaded while the program runs.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importsOf, PROJECT, projectFiles } from './sources.js';

/** One cycle, as the files on it, or undefined. */
function cycleIn(sources: ReadonlyMap<string, string>): string[] | undefined {
  const done = new Set<string>();
  const visit = (path: string, above: readonly string[]): string[] | undefined => {
    if (above.includes(path)) return [...above.slice(above.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const { target } of importsOf(path, sources.get(path) as string)) {
      const next = [target ?? '', `${target}x`].find((file) => sources.has(file));
      const found = next === undefined ? undefined : visit(next, [...above, path]);
      if (found !== undefined) return found;
    }
    done.add(path);
    return undefined;
  };
  for (const path of sources.keys()) {
    const found = visit(path, []);
    if (found !== undefined) return found;
  }
  return undefined;
}

test('no file of the product imports itself through others', () => {
  const paths = projectFiles().filter((path) => /^(?:runtime|transformer|cli|viewer)\/.*\.tsx?$/.test(path));
  assert.ok(paths.length > 300, String(paths.length));
  assert.is(cycleIn(new Map(paths.map((path) => [path, readFileSync(join(PROJECT, path), 'utf8')])))?.join(' -> '), undefined);
});

test('finds a cycle in every form of import, and accepts two ways to one file', () => {
  for (const back of [
    "import { a } from './a.js';",
    "import type { A } from './a.js';",
    "export * from './a.js';",
    "type A = import('./a.js').A;",
    "const load = () => import('./a.js');",
    "const load = () => require('./a.js');",
  ]) {
    const sources = [
      ['cli/a.ts', "import './b.js'; import './c.js';"],
      ['cli/b.ts', "import './c.js';"],
    ] as const;
    assert.equal(cycleIn(new Map([...sources, ['cli/c.ts', back]])), ['cli/a.ts', 'cli/b.ts', 'cli/c.ts', 'cli/a.ts'], back);
    assert.is(cycleIn(new Map([...sources, ['cli/c.ts', back.replace('a.js', 'd.js')]])), undefined, back);
  }
});

test.run();
