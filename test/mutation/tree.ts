// The copy of the repository that mutants are written into: the sources, which most tests load, and the built package beside them, which
// others run in processes and threads of their own.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BUNDLE = join(__dirname, '../../.ci/bundle.mjs');
const COPIED = [
  'runtime',
  'transformer',
  'cli',
  'viewer',
  'test',
  'bench',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
];
const LINKED = ['samples', 'docs'];

/** Writes the text of a source file of the runtime, and what the build makes of it. @param file below the root */
export function writeSource(tree: string, file: string, text: string): void {
  writeFileSync(join(tree, file), text);
  bundle(tree);
}

/** Builds the runtime of the tree from its sources, with source maps. */
function bundle(tree: string): void {
  execFileSync(process.execPath, [BUNDLE, '--sourcemap'], { cwd: tree, stdio: ['ignore', 'ignore', 'inherit'] });
}

export function writeTree(root: string, tree: string): void {
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree, { recursive: true });
  for (const name of COPIED)
    cpSync(join(root, name), join(tree, name), { recursive: true, filter: (path) => !path.endsWith('/node_modules') });
  for (const name of LINKED) symlinkSync(join(root, name), join(tree, name), 'junction');
  linkModules(join(root, 'node_modules'), join(tree, 'node_modules'));
  cpSync(join(root, 'dist'), join(tree, 'dist'), { recursive: true });
  bundle(tree);
}

/** Links each package. A package of the repository itself is that of the tree: `spanwright` is the one with the mutant. */
function linkModules(from: string, to: string): void {
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.name.startsWith('@')) linkModules(source, target);
    else
      symlinkSync(entry.isSymbolicLink() ? readlinkSync(source) : source, target, entry.isDirectory() ? 'junction' : undefined);
  }
}

export const filesBelow = (root: string, path: string, ending: string): string[] =>
  readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending) && !name.endsWith('.d.ts'))
    .map((name) => `${path}/${name}`)
    .sort();
