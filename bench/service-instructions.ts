// Instructions of the processor that a request takes in the services of services.ts, while tracing is off: Valgrind counts them. Another program
// on the machine does not change them, and what V8 has optimized differs less from start to start than CPU time does.

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Budget, Outcome } from './report.js';
import { type Name, percent, requests, SERVICES, start, writeService } from './services.js';
import { spread } from './statistics.js';
import type { Workspace } from './workspace.js';

const TITLE = 'Services, planted and off: instructions';
/** One after the other. Before them V8 is still compiling. */
const BEFORE = 6_000;
const COUNTED = 2_000;
/** Seeds of V8's hashes, one for each start. */
const SEEDS = [1, 2, 3];
/**
 * Flags of Node: V8's compiler on the same thread, and a young generation that is seldom searched for garbage, because how often that
 * happens differs by half between two runs of one program.
 */
const ALONE = ['--single-threaded', '--min-semi-space-size=64', '--max-semi-space-size=64'];
const NAMES = ['bare', 'idle', 'own'] as const;
const LIMIT = 1.01;

async function count(folder: string, variant: Name, seed: number): Promise<number> {
  const dumps = join(folder, `counted-${variant}-${seed}`);
  const valgrind = ['--tool=callgrind', `--callgrind-out-file=${dumps}`, '--smc-check=all-non-file'];
  const server = await start(folder, variant, {
    execPath: 'valgrind',
    execArgv: [...valgrind, process.execPath, ...ALONE, `--hash-seed=${seed}`],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const dump = (): void => {
    const { status, stderr } = spawnSync('callgrind_control', ['-d', String(server.child.pid)], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`bench: callgrind_control: ${stderr}`);
  };
  await requests(server, BEFORE, 1);
  dump();
  await requests(server, COUNTED, 1);
  dump();
  server.agent.destroy();
  server.child.kill();
  await once(server.child, 'close');
  const total = /^totals: (\d+)/m.exec(readFileSync(`${dumps}.2`, 'utf8'))?.[1];
  if (total === undefined) throw new Error(`bench: Valgrind wrote no total into ${dumps}.2`);
  return Number(total) / COUNTED;
}

/** Median of the starts. */
async function counted(folder: string, variant: Name): Promise<number> {
  const counts: number[] = [];
  for (const seed of SEEDS) counts.push(await count(folder, variant, seed));
  return spread(counts).median;
}

export async function measureServiceInstructions(workspace: Workspace): Promise<Outcome> {
  if (spawnSync('callgrind_control', ['--version']).status !== 0)
    return { tables: [{ title: TITLE, note: 'Not measured: needs Valgrind.', head: ['', ''], rows: [] }], budgets: [] };
  const rows: string[][] = [];
  const budgets: Budget[] = [];
  for (const name of Object.keys(SERVICES)) {
    const folder = join(workspace.folder, `counted-${name.replaceAll(' ', '-')}`);
    await writeService(folder, name);
    const [bare, idle, own] = (await Promise.all(NAMES.map((variant) => counted(folder, variant)))) as [number, number, number];
    rows.push([name, Math.round(bare).toLocaleString('en-US'), percent(idle / bare), percent(own / bare)]);
    budgets.push({
      what: `instructions of a request, ${name}, planted and off`,
      limit: percent(LIMIT),
      measured: percent(own / bare),
      met: own / bare <= LIMIT,
      floor: `${percent(idle / bare)}: started, nothing planted`,
    });
  }
  const note = `Instructions of the processor that the server executes for a request, counted by Valgrind over ${COUNTED.toLocaleString('en-US')} requests after ${BEFORE.toLocaleString('en-US')}, in the median of ${SEEDS.length} starts, with V8's compiler on the same thread and a young generation of 64 MB, so that garbage collection seldom runs. Auto mode plants the functions of the service.`;
  return {
    tables: [{ title: TITLE, note, head: ['service', 'without Spanwright', 'nothing planted', 'own sites, off'], rows }],
    budgets,
  };
}
