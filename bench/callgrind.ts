// Instructions of the processor that a process executes for a piece of work, counted by Valgrind. Another program on the machine does not
// change them, and two runs with one seed differ by less than 1 %: V8 compiles on the same thread and in the same order, and the old
// generation is so large that it is not collected, because one collection of it is as many instructions as some hundred requests.

import { type ChildProcess, type ForkOptions, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** Megabytes of the young and of the old generation. */
const YOUNG = 64;
const OLD = 1024;
const FLAGS = [
  '--predictable',
  `--min-semi-space-size=${YOUNG}`,
  `--max-semi-space-size=${YOUNG}`,
  `--initial-old-space-size=${OLD}`,
  `--initial-heap-size=${OLD}`,
];
/** For the note of a table. */
export const howCounted = (starts: number): string =>
  `in the median of ${starts} starts, with V8's compiler on the same thread, a young generation of ${YOUNG} MB and an old one that is not collected meanwhile. What the kernel does for the program is not counted`;

export const hasCallgrind = (): boolean => spawnSync('callgrind_control', ['--version']).status === 0;

/**
 * Options of a fork whose instructions can be counted.
 * @param dumps path that the names of Valgrind's files begin with
 * @param seed of V8: what it compiles, and when, differs from seed to seed
 */
export function underCallgrind(dumps: string, seed: number): Pick<ForkOptions, 'execPath' | 'execArgv' | 'stdio'> {
  const valgrind = ['--quiet', '--tool=callgrind', `--callgrind-out-file=${dumps}`, '--smc-check=all-non-file'];
  return {
    execPath: 'valgrind',
    execArgv: [...valgrind, process.execPath, ...FLAGS, `--hash-seed=${seed}`, `--random-seed=${seed}`],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  };
}

/** Instructions of the process while `work` goes on. Ends the process. */
export async function instructionsOf(child: ChildProcess, dumps: string, work: () => Promise<unknown>): Promise<number> {
  const dump = (): void => {
    const { status, stderr } = spawnSync('callgrind_control', ['-d', String(child.pid)], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`bench: callgrind_control: ${stderr}`);
  };
  dump();
  await work();
  dump();
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
  const total = /^totals: (\d+)/m.exec(readFileSync(`${dumps}.2`, 'utf8'))?.[1];
  if (total === undefined) throw new Error(`bench: Valgrind wrote no total into ${dumps}.2`);
  return Number(total);
}
