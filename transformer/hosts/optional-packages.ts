// Warnings of webpack and Rspack that the plugin leaves out: Spanwright loads some packages if they are installed, and its own message
// names one that a service needs and lacks. Called by unplugin.ts.

import { join } from 'node:path';
import { isOwnFile } from '../core/installed.js';

const MISSING = /Module not found: .*Can't resolve '(?:redis|ioredis|ws|yaml|@opentelemetry\/api-logs)' in '([^']+)'/;

/** True where a file of this package requires an optional package that is not installed. */
export function isOptionalMissing({ message }: { readonly message: string }): boolean {
  const folder = MISSING.exec(message)?.[1];
  return folder !== undefined && isOwnFile(join(folder, 'index.js'));
}
