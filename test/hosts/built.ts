// Builds of projects by compilers and bundlers, kept by the content of what goes into them: the project, `dist`, the installed packages by
// the lock file of this project and the stamps of all parts, and the version of Node. A build over the same content would give the same files.

import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, keep } from '../kept.js';
import { runBuild } from './builder.js';
import { ROOT } from './conformance/project.js';
import { execute, part } from './conformance/suite.js';

let installed: string | undefined;

function digestOfInstalled(): string {
  const stamps = (existsSync(part()) ? readdirSync(part()) : [])
    .map((name) => `${name}/.stamp`)
    .filter((stamp) => existsSync(part(stamp)));
  return digestOf(ROOT, ['dist', 'package.json', 'node_modules/.package-lock.json']) + digestOf(part(), stamps.sort());
}

/** Runs the command in the folder of a project, whose packages are linked from this project and from parts; it writes `out/`. */
export function buildOnce(directory: string, command: string, args: readonly string[]): Promise<void> {
  return outputOnce(directory, [command, ...args], () => {
    execute(directory, command, args);
  });
}

/** Runs `build.mjs` in the folder, by Node or by the bundler's own program. */
export function bundleOnce(directory: string, { name, runner }: { name: string; runner?: string }): Promise<void> {
  if (runner !== undefined) return buildOnce(directory, part('bundlers/node_modules/.bin', runner), ['build.mjs']);
  return outputOnce(directory, ['build.mjs'], () => runBuild(name, directory));
}

async function outputOnce(directory: string, command: readonly string[], build: () => Promise<void> | void): Promise<void> {
  const kept = await keep(keyOf(directory, command), async (folder) => {
    await build();
    cpSync(join(directory, 'out'), folder, { recursive: true });
  });
  cpSync(kept, join(directory, 'out'), { recursive: true });
}

/** Result of a measurement over the project in a folder, as JSON has it. */
export async function resultOnce<Result>(directory: string, what: readonly string[], measure: () => Result): Promise<Result> {
  const kept = await keep(keyOf(directory, what), (folder) => writeFileSync(join(folder, RESULT), JSON.stringify(measure())));
  return JSON.parse(readFileSync(join(kept, RESULT), 'utf8'));
}
const RESULT = 'result.json';

function keyOf(directory: string, what: readonly string[]): string {
  installed ??= digestOfInstalled();
  return [process.version, ...what, installed, digestOf(directory, ['.'])].join('\0');
}
