// Builds of projects by compilers and bundlers, kept by the content of what goes into them: the project, `dist`, all installed packages by their lock files,
// and the version of Node. A build over the same content would give the same files.

import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, keep } from '../kept.js';
import { ROOT } from './conformance/project.js';
import { execute, part } from './conformance/suite.js';

const LOCK = 'node_modules/.package-lock.json';
let installed: string | undefined;

/** Runs the command in the folder of a project, whose packages are linked from this project and from parts; it writes `out/`. */
export async function buildOnce(directory: string, command: string, args: readonly string[]): Promise<void> {
  const bundlers = existsSync(part('bundlers', LOCK)) ? digestOf(part('bundlers'), [LOCK]) : '';
  installed ??= digestOf(ROOT, ['dist', 'package.json', LOCK]) + bundlers;
  const key = [process.version, command, ...args, installed, digestOf(directory, ['.'])].join('\0');
  const kept = await keep(key, (folder) => {
    execute(directory, command, args);
    cpSync(join(directory, 'out'), folder, { recursive: true });
  });
  cpSync(kept, join(directory, 'out'), { recursive: true });
}
