// The copy of the repository that mutants are written into: the sources, which most tests load, and the built package beside them, which
// others run in processes and threads of their own.

import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const COPIED = ['runtime', 'transformer', 'cli', 'viewer', 'test', 'package.json', 'tsconfig.json'];
const LINKED = ['samples', 'docs'];
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.Node16,
  esModuleInterop: true,
  inlineSourceMap: true,
};

/** Writes the text of a source file, and what the build would make of it. @param file below the root */
export function writeSource(tree: string, file: string, text: string): void {
  writeFileSync(join(tree, file), text);
  const built = join(tree, 'dist', file.replace(/\.ts$/, '.js'));
  if (!existsSync(built)) return;
  writeFileSync(built, ts.transpileModule(text, { fileName: join(tree, file), compilerOptions: OPTIONS }).outputText);
}

/** @param folders below runtime/, whose files get source maps in the built package too */
export function writeTree(root: string, tree: string, folders: readonly string[]): void {
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree, { recursive: true });
  for (const name of COPIED)
    cpSync(join(root, name), join(tree, name), { recursive: true, filter: (path) => !/\/(dist|node_modules)$/.test(path) });
  for (const name of LINKED) symlinkSync(join(root, name), join(tree, name), 'junction');
  linkModules(join(root, 'node_modules'), join(tree, 'node_modules'));
  cpSync(join(root, 'dist'), join(tree, 'dist'), { recursive: true });
  for (const folder of folders)
    for (const file of filesBelow(root, `runtime/${folder}`, '.ts'))
      writeSource(tree, file, readFileSync(join(root, file), 'utf8'));
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
