// Results of slow steps, kept in .cache by the content of all that they were made from, so that they are made once for all test files and runs
// over the same content. What has not been used for an hour is removed when something else is made.

import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { PROJECT } from './house/sources.js';

const BELOW = join(PROJECT, '.cache/kept');
const UNUSED_MS = 3_600_000;
/** Longer than any step takes: an older lock belongs to a process that was killed. */
const LOCKED_MS = 360_000;

/**
 * The folder that `make` has filled, or had filled before, for this key. Other processes that want it wait meanwhile. When `make` throws,
 * nothing is kept.
 */
export async function keep(key: string, make: (folder: string) => Promise<void> | void, below = BELOW): Promise<string> {
  const kept = placeOf(key, below);
  const lock = `${kept}.lock`;
  while (!existsSync(kept)) {
    if (takeLock(below, lock)) {
      const folder = mkdtempSync(`${kept}.new-`);
      try {
        if (existsSync(kept)) break;
        await make(folder);
        renameSync(folder, kept);
        removeUnused(below);
      } finally {
        rmSync(folder, { recursive: true, force: true });
        rmSync(lock, { recursive: true, force: true });
      }
    } else await setTimeout(250);
  }
  utimesSync(kept, new Date(), new Date());
  return kept;
}

/** The folder of a key, if it has been filled: for callers that cannot wait. */
export function keptFor(key: string, below = BELOW): string | undefined {
  const kept = placeOf(key, below);
  if (!existsSync(kept)) return undefined;
  utimesSync(kept, new Date(), new Date());
  return kept;
}

const placeOf = (key: string, below: string): string => join(below, createHash('sha256').update(key).digest('hex').slice(0, 20));

/**
 * Digest of files, each with its path, and of everything below folders. A link counts by its target, relative where it is below the root, a
 * linked package by its package.json.
 */
export function digestOf(root: string, paths: readonly string[]): string {
  const hash = createHash('sha256');
  const add = (path: string): void => {
    const full = join(root, path);
    const found = lstatSync(full);
    if (found.isDirectory()) for (const name of readdirSync(full).sort()) add(join(path, name));
    else hash.update(`\0${path}\0`).update(found.isSymbolicLink() ? linkOf(root, full) : readFileSync(full));
  };
  for (const path of paths) add(path);
  return hash.digest('hex');
}

function linkOf(root: string, path: string): string {
  const target = resolve(path, '..', readlinkSync(path));
  const manifest = join(target, 'package.json');
  const named = target.startsWith(join(root, sep)) ? relative(root, target) : target;
  return `-> ${named} ${existsSync(manifest) ? readFileSync(manifest, 'utf8') : ''}`;
}

function takeLock(below: string, lock: string): boolean {
  mkdirSync(below, { recursive: true });
  try {
    if (existsSync(lock) && statSync(lock).mtimeMs < Date.now() - LOCKED_MS) rmSync(lock, { recursive: true, force: true });
    mkdirSync(lock);
    return true;
  } catch {
    return false; // another process makes it, or has just finished
  }
}

function removeUnused(below: string): void {
  for (const name of readdirSync(below)) {
    const path = join(below, name);
    // undefined: another process has renamed or removed it meanwhile
    const used = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (used !== undefined && !name.endsWith('.lock') && used < Date.now() - UNUSED_MS)
      rmSync(path, { recursive: true, force: true });
  }
}
