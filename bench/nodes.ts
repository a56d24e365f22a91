// The Node.js that sections compare: the one that runs the benchmarks, and those that `.ci/setup` installs.

import { existsSync } from 'node:fs';
import { join } from 'node:path';

export const NODE24 = join(__dirname, '..', '.cache', 'node24', 'node_modules', 'node', 'bin', 'node');
/** Version and path of each installed Node.js that sections compare. */
export const NODES = (
  [
    ['Node 20', process.execPath],
    ['Node 24', NODE24],
  ] as const
).filter(([, node]) => existsSync(node));

const NODE26 = join(__dirname, '..', '.cache', 'hosts', 'node26', 'node_modules', 'node', 'bin', 'node');
export const ALL_NODES = existsSync(NODE26) ? [...NODES, ['Node 26', NODE26] as const] : NODES;
