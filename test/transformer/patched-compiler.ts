// The compiler that ts-patch patches when it is loaded, for the tests that compile with it. ts-patch keeps the patched text in a folder, and
// looks it up only where the patched declarations are kept too, which loading the compiler does not write: without them each load patches again.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type ts from 'typescript';

interface PatchedModule {
  readonly patchedCachePaths: { readonly js: string; readonly dts?: string };
}

/** Keeps the patched compiler and its declarations, for every process that loads `ts-patch/compiler` from the packages of this folder. */
export function keepPatchedCompiler(folder: string): void {
  const load = createRequire(join(folder, 'package.json'));
  const { getTsPackage } = load('ts-patch/ts-package') as { getTsPackage(path: string): unknown };
  const { getTsModule } = load('ts-patch/module') as { getTsModule(from: unknown, name: string): PatchedModule };
  const { getPatchedSource } = load('ts-patch/patch/get-patched-source') as { getPatchedSource(module: PatchedModule): object };
  const found = getTsModule(getTsPackage(load.resolve('typescript')), 'typescript.js');
  const { js, dts } = found.patchedCachePaths;
  if (!existsSync(js) || (dts !== undefined && !existsSync(dts))) getPatchedSource(found);
}

/** The compiler that `tspc` runs, loaded into this process. */
export function patchedCompiler(folder: string): typeof ts {
  keepPatchedCompiler(folder);
  return createRequire(join(folder, 'package.json'))('ts-patch/compiler') as typeof ts;
}
