// The version of this package, as its package.json says.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Built code lies one folder deeper than its source; the first package.json of our name on the way up is ours. */
function readVersion(): string {
  for (let folder = __dirname; folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (name === 'spanwright' && version !== undefined) return version;
    } catch {
      // no package.json here
    }
  }
  return 'unknown';
}

export const VERSION = readVersion();
