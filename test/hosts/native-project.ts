// A project for the tests of the native build: written to a directory of its own, compiled by the native `tsc` and by `spanwright build`.

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, write, writeProject } from './conformance/project.js';
import { LEGACY, part, testWith } from './conformance/suite.js';

export const MAIN = join(ROOT, 'dist/cli/main.js');

/** TypeScript 7.1, as packages of a project. */
export const NATIVE = {
  typescript: part('ts7/node_modules/typescript'),
  '@typescript': part('ts7/node_modules/@typescript'),
};

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function node(directory: string, ...args: string[]): Ran {
  return spawnSync(process.execPath, args, { cwd: directory, encoding: 'utf8', timeout: 120_000 });
}

export const tsc = (directory: string, ...args: string[]): Ran =>
  node(directory, part('ts7/node_modules/typescript/bin/tsc'), ...args);
export const build = (directory: string, ...args: string[]): Ran => node(directory, MAIN, 'build', ...args);

/** A project of one file, `src/work.ts`. */
export function project(
  source: string,
  compilerOptions: Record<string, unknown> = {},
  packages: Record<string, string> = NATIVE,
): string {
  const directory = writeProject({ variant: LEGACY, programs: [], packages, compilerOptions });
  for (const name of ['main.ts', 'part.ts', 'auto-default.ts', 'auto-script.ts', 'tracing.ts'])
    rmSync(join(directory, 'src', name));
  write(directory, 'src/work.ts', source);
  return directory;
}

/** Declares a test that needs TypeScript 7.1. */
export const declare = testWith('ts7');
