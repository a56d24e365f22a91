// Searchable names: a top-level function has a name that at most two files define. `runtime/browser/` is left out, because its
// functions stand for those of the entry points, under their names.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PROJECT, projectFiles } from './sources.js';

const MOST_FILES = 2;

/** Functions that a module declares at its top, as declarations or as constants. */
function topLevelFunctions(path: string, source: string): string[] {
  const { statements } = ts.createSourceFile(path, source, ts.ScriptTarget.Latest);
  return statements.flatMap((statement) => {
    if (ts.isFunctionDeclaration(statement)) return statement.body === undefined ? [] : [statement.name?.text ?? 'default'];
    if (!ts.isVariableStatement(statement)) return [];
    return statement.declarationList.declarations.flatMap(({ name, initializer }) =>
      initializer !== undefined && ts.isIdentifier(name) && ts.isFunctionLike(initializer) ? [name.text] : [],
    );
  });
}

/** Names that more files define than may. */
function repeated(sources: ReadonlyMap<string, string>): string[] {
  const files = new Map<string, string[]>();
  for (const [path, source] of sources)
    for (const name of new Set(topLevelFunctions(path, source))) files.set(name, [...(files.get(name) ?? []), path]);
  return [...files].filter(([, paths]) => paths.length > MOST_FILES).map(([name, paths]) => `${name}: ${paths.join(', ')}`);
}

test(`no more than ${MOST_FILES} files define a top-level function of one name`, () => {
  const paths = projectFiles().filter((path) => /^(?:runtime\/(?!browser\/)|transformer\/|cli\/|viewer\/).*\.m?tsx?$/.test(path));
  assert.ok(paths.length > 300, String(paths.length));
  assert.equal(repeated(new Map(paths.map((path) => [path, readFileSync(join(PROJECT, path), 'utf8')]))), []);
});

test('counts declarations and constants of a third file, and neither overloads, inner functions nor other constants', () => {
  const breach = ['function run() {}', 'export const run = () => {};', 'export async function run() {}'];
  const lawful = ['function run() {}', 'function outer() { function run() {} }', 'const run = 1; declare function run(): void;'];
  const sourcesOf = (texts: readonly string[]) => new Map(texts.map((text, at) => [`${at}.ts`, text]));
  assert.equal(repeated(sourcesOf(breach)), ['run: 0.ts, 1.ts, 2.ts']);
  assert.equal(repeated(sourcesOf(lawful)), []);
});

test.run();
