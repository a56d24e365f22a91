// Finds every installed copy of @opentelemetry/api below a project, also those that libraries bring with them.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Finding, finding, ok } from './finding.js';

/** Copies of the API that share no minor version with the oldest: what one registers, the newer ones ignore. */
export function checkApiCopies(directory: string): Finding {
  const copies = installedCopies(join(directory, 'node_modules'), '@opentelemetry/api');
  const versions = new Set(copies.map(({ version }) => version.split('.').slice(0, 2).join('.')));
  const listed = copies.map(({ folder, version }) => `${version} at ${relative(directory, folder)}`).join(', ');
  if (versions.size > 1) return finding('api-versions', listed);
  return ok(copies.length > 1 ? `${copies.length} @opentelemetry/api of one minor version` : 'one @opentelemetry/api');
}

/** Most folders looked into: a project of a thousand packages has some hundreds that hold packages of their own. */
const MOST_FOLDERS = 20_000;

/** Every installed copy of a package, also those inside other packages, by folders alone. */
function installedCopies(modules: string, name: string): { folder: string; version: string }[] {
  const copies: { folder: string; version: string }[] = [];
  const waiting = [modules];
  for (let looked = 0; waiting.length > 0 && looked < MOST_FOLDERS; looked++) {
    const folder = waiting.pop() as string;
    const version = versionIn(join(folder, name, 'package.json'));
    if (version !== undefined) copies.push({ folder: join(folder, name), version });
    for (const entry of foldersIn(folder)) {
      const packages = entry.startsWith('@') ? foldersIn(join(folder, entry)).map((each) => join(entry, each)) : [entry];
      for (const each of packages) {
        const nested = join(folder, each, 'node_modules');
        if (statSync(nested, { throwIfNoEntry: false })?.isDirectory()) waiting.push(nested);
      }
    }
  }
  return copies;
}

/** Links are not followed: a workspace's packages have their own check. */
function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

function versionIn(manifest: string): string | undefined {
  try {
    return String((JSON.parse(readFileSync(manifest, 'utf8')) as { version?: unknown }).version);
  } catch {
    return undefined;
  }
}
