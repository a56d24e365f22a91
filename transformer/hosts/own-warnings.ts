// Warnings of bundlers about Spanwright's own files, which the plugin leaves out: a user can do nothing about them. Called by unplugin.ts.

import { join } from 'node:path';
import { isOwnFile } from '../core/installed.js';

const MISSING = /Module not found: .*Can't resolve '(?:redis|ioredis|ws|yaml|@opentelemetry\/api-logs)' in '([^']+)'/;

/**
 * True for webpack's and Rspack's warning that a file of this package requires an optional package that is not installed. Its own message names
 * one that a service needs and lacks.
 */
export function isOptionalMissing({ message }: { readonly message: string }): boolean {
  const folder = MISSING.exec(message)?.[1];
  return folder !== undefined && isOwnFile(join(folder, 'index.js'));
}

/** Hook `onLog` of Rollup: false for a circle of files of this package, which load one another when they are needed. */
export function leaveOutOwnCircles(_level: string, { code, ids = [] }: { code?: string; ids?: string[] }): false | undefined {
  return code === 'CIRCULAR_DEPENDENCY' && ids.length > 0 && ids.every((id) => isOwnFile(id)) ? false : undefined;
}
