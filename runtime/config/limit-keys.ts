// Rows of the table of configuration keys that bound what is recorded. Part of KEYS in keys.ts.

import type { KeyRow } from './key-row.js';
import { integer } from './types.js';

export const LIMIT_KEYS = [
  {
    key: 'remote_roots_per_second',
    option: 'remoteRootsPerSecond',
    type: integer({ min: 0, max: 1_000_000 }),
    default: 100,
    env: ['SPANWRIGHT_REMOTE_ROOTS_PER_SECOND'],
    doc: 'Local trees that sampled callers may start within a second while tracing is off here; each is recorded whole or not at all. 0: none.',
  },
  {
    key: 'max_call_depth',
    option: 'maxCallDepth',
    type: integer({ min: 1, max: 10_000 }),
    default: 128,
    env: ['SPANWRIGHT_MAX_CALL_DEPTH'],
    doc: 'Recorded calls on the stack at once. Deeper synchronous calls are transparent and counted, so that recursion keeps its depth.',
  },
] as const satisfies readonly KeyRow[];
