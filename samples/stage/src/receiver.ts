// `spanwright receive` in a process of its own.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ReceivedSpan } from '@spanwright/viewer';
import { Child } from './child.js';

const packageFile = require.resolve('spanwright/package.json');
/** The program `spanwright`, as npx would find it. */
export const SPANWRIGHT = join(
  dirname(packageFile),
  (JSON.parse(readFileSync(packageFile, 'utf8')) as { bin: { spanwright: string } }).bin.spanwright,
);

/** On a free port. `args` are added to those of `spanwright receive`. */
export function startReceiver(
  onSpan: (span: ReceivedSpan) => void,
  onLog?: (line: string) => void,
  args: readonly string[] = [],
): Promise<Child> {
  return Child.start(SPANWRIGHT, {
    args: ['receive', '--json', '--port', '0', ...args],
    stopLimit: 10_000,
    onLine: (line) => onSpan(JSON.parse(line)),
    ...(onLog === undefined ? {} : { onLog }),
  });
}
