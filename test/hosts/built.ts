// Builds of projects by compilers and bundlers, kept by the content of what goes into them: the project, `dist`, the installed packages by
// the lock file of this project and the stamps of all parts, and the version of Node. A build over the same content would give the same files.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { digestOf, keep, keptFor } from '../kept.js';
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

/** Files below a project that a step wrote, byte by byte, and paths that it removed. */
interface Step {
  readonly written: readonly (readonly [path: string, text: string])[];
  readonly removed: readonly string[];
}
const STEP = 'step.json';

/**
 * Runs a program of Node in a folder of a project, for steps whose results are files anywhere below the project. Over the same project their
 * files are written again.
 */
export function stepOnce(project: string, folder: string, args: readonly string[]): void {
  const key = keyOf(project, ['step', relative(project, folder), ...args]);
  const known = keptFor(key);
  if (known !== undefined) {
    const { written, removed }: Step = JSON.parse(readFileSync(join(known, STEP), 'utf8'));
    for (const path of removed) rmSync(join(project, path));
    for (const [path, text] of written) {
      mkdirSync(dirname(join(project, path)), { recursive: true });
      writeFileSync(join(project, path), text, 'latin1');
    }
    return;
  }
  const before = changesBelow(project);
  execute(folder, process.execPath, args);
  const after = changesBelow(project);
  const written = [...after.keys()].filter((path) => before.get(path) !== after.get(path));
  const step: Step = {
    written: written.map((path) => [path, readFileSync(join(project, path), 'latin1')]),
    removed: [...before.keys()].filter((path) => !after.has(path)),
  };
  const text = JSON.stringify(step);
  // Files that name the place of their project belong to no other.
  if (!text.includes(project)) void keep(key, (into) => writeFileSync(join(into, STEP), text));
}

/** Time of the last change of each file by path; what is linked is not below. */
function changesBelow(project: string, folder = '.'): Map<string, number> {
  const changes = new Map<string, number>();
  for (const entry of readdirSync(join(project, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) for (const [below, changed] of changesBelow(project, path)) changes.set(below, changed);
    else if (entry.isFile()) changes.set(path, statSync(join(project, path)).ctimeMs);
  }
  return changes;
}

function keyOf(directory: string, what: readonly string[]): string {
  installed ??= digestOfInstalled();
  return [process.version, ...what, installed, digestOf(directory, ['.'])].join('\0');
}
