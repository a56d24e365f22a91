// The manifest: every site of a project as JSON, written when the plugin's option `manifest` asks for it. A compiler does not
// announce the last file, so the sites are collected until the turn of the event loop, or the process, ends. Files that an
// incremental build did not compile keep their entries; files that are gone lose them.

import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Site } from '../core/site.js';
import { readSourceText } from './source-text.js';

interface Entry {
  /** As in `tracing.sites()`. */
  readonly id: string;
  readonly namespace: string;
  readonly function: string;
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

interface Manifest {
  /** Absolute path of the JSON file. */
  readonly path: string;
  /** Absolute path of a source file that an entry names. */
  locate(file: string): string;
}

interface Pending {
  readonly manifest: Manifest;
  readonly byFile: Map<string, readonly Entry[]>;
}

const pending = new Map<string, Pending>();
let listening = false;

/** Notes the sites of one file, in place of those that it had. */
export function noteSites(manifest: Manifest, file: string, sites: readonly Site[]): void {
  let noted = pending.get(manifest.path);
  if (noted === undefined) {
    noted = { manifest, byFile: new Map() };
    pending.set(manifest.path, noted);
    setImmediate(writeManifests).unref();
  }
  noted.byFile.set(file, sites.map(entryOf));
  if (listening) return;
  listening = true;
  process.on('exit', writeManifests);
}

function entryOf({ record }: Site): Entry {
  const { namespace, function: fn, name, file = '', line = 0, column = 0, separator = '::' } = record;
  return { id: `${namespace}${separator}${fn}@${file}:${line}:${column}`, namespace, function: fn, name, file, line, column };
}

function writeManifests(): void {
  for (const { manifest, byFile } of pending.values()) {
    const kept = readEntries(manifest.path).filter(({ file }) => !byFile.has(file) && existsSync(manifest.locate(file)));
    const sites = [...kept, ...[...byFile.values()].flat()];
    sites.sort((a, b) => byCodeUnits(a.file, b.file) || a.line - b.line || a.column - b.column);
    try {
      mkdirSync(dirname(manifest.path), { recursive: true });
      // Writes the file whole or not at all, also when two builds write it.
      const half = `${manifest.path}.${process.pid}.tmp`;
      writeFileSync(half, `${JSON.stringify({ version: 1, sites }, null, 2)}\n`);
      renameSync(half, manifest.path);
    } catch (error) {
      process.stderr.write(`spanwright: the manifest ${manifest.path} could not be written: ${(error as Error).message}\n`);
    }
  }
  pending.clear();
}

function readEntries(path: string): readonly Entry[] {
  try {
    const { version, sites } = JSON.parse(readSourceText(path));
    return version === 1 && Array.isArray(sites) ? sites.filter((site) => typeof site?.file === 'string') : [];
  } catch {
    // The file is absent, or not written by Spanwright, and will be replaced.
    return [];
  }
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
