// Cost of the flight recorder: a call that is written into the ring against the same call while tracing is off, with its profile, and the
// memory of 30 s of 20,000 calls a second.

import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Shape } from './floors.js';
import { NODES } from './nodes.js';
import { FORWARDER } from './off.js';
import { measurePairs, type Plan } from './pairs.js';
import { profileTable } from './profile.js';
import { type Budget, machine, type Outcome, overFirst, signed, type Table, time, timesTable } from './report.js';
import type { Choice, Modules } from './variants.js';
import type { Workspace } from './workspace.js';

const PLAN: Plan = { generations: 2, rounds: 15, warmUps: 4, limitMs: 12_000 };
/** Budget in nanoseconds a call, above a call while off. */
const LIMITS: Record<Shape, number> = { sync: 100, async: 300 };
const FLOORS: Record<Shape, string> = {
  sync: 'floor: two readings of the clock',
  async: 'floor: two readings of the clock in AsyncLocalStorage.run',
};
const MEBIBYTE = 2 ** 20;
const MOST_MEBIBYTES = 32;
/** Bytes a call that garbage collection may leave as noise over CALLS. */
const MOST_LATER_BYTES_A_CALL = 1;
/** Calls of 30 s at 20,000 a second. */
const CALLS = 600_000;

export async function measureFlight(modules: Modules): Promise<Outcome> {
  const worker = modules.workspace.worker();
  const tables: Table[] = [];
  const budgets: Budget[] = [];
  for (const [version, node] of NODES) {
    for (const shape of ['sync', 'async'] as const) {
      const floor = FLOORS[shape];
      const samples = await measurePairs(worker, await modules.all(choicesOf(floor), shape), { ...PLAN, node });
      const over = overFirst(samples);
      const note = `Each call is a root of its own. The floor does what any recorder of starts and ends has to do, in a bare call. ${machine(node)}`;
      tables.push(timesTable(`${version}: flight recorder, ${shape} methods`, note, samples, over));
      const measured = over('flight recorder').difference.median;
      budgets.push({
        what: `${version}: flight recorder, over off, ${shape}`,
        limit: signed(LIMITS[shape], time),
        measured: signed(measured, time),
        met: measured <= LIMITS[shape],
        floor: `${signed(over(floor).difference.median, time)}: ${floor.replace('floor: ', '')}`,
      });
    }
  }
  for (const shape of ['sync', 'async'] as const) {
    const [, least, flown] = choicesOf(FLOORS[shape]);
    tables.push(await profileTable(modules, 'a call under the flight recorder', [flown, least], shape));
  }
  const memory = await measureMemory(modules.workspace);
  return { tables: [...tables, ...memory.tables], budgets: [...budgets, ...memory.budgets] };
}

function choicesOf(floor: string): [Choice, Choice, Choice] {
  const calls = 80_000;
  return [
    { ...FORWARDER, calls },
    { label: floor, flavour: 'clock reads', calls },
    { ...FORWARDER, label: 'flight recorder', state: 'spanwright flight recorder', calls },
  ];
}

async function measureMemory(workspace: Workspace): Promise<Outcome> {
  const program = join(dirname(workspace.worker()), 'flown.js');
  const rows: string[][] = [];
  const budgets: Budget[] = [];
  for (const calls of ['plain', 'argument'] as const) {
    const args = ['--expose-gc', program, calls, String(CALLS)];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
    const { full, later } = JSON.parse(stdout) as { full: number; later: number };
    const label = calls === 'plain' ? 'calls without arguments' : 'calls with one argument';
    const mebibytes = full / MEBIBYTE;
    const laterBytes = later / CALLS;
    rows.push([label, `${mebibytes.toFixed(1)} MiB`, `${laterBytes.toFixed(2)} bytes a call`]);
    budgets.push(
      {
        what: `flight recorder, 30 s of 20,000 calls/s, ${label}`,
        limit: `${MOST_MEBIBYTES} MiB`,
        measured: `${mebibytes.toFixed(1)} MiB`,
        met: mebibytes <= MOST_MEBIBYTES,
      },
      {
        what: `flight recorder, held for each later call, ${label}`,
        limit: `${MOST_LATER_BYTES_A_CALL} byte`,
        measured: `${laterBytes.toFixed(2)} bytes`,
        met: laterBytes <= MOST_LATER_BYTES_A_CALL,
      },
    );
  }
  const count = CALLS.toLocaleString('en-US');
  const note =
    `Bytes of the heap and of buffers that the process holds after ${count} calls, tracing itself included, and how many more after ${count} further ` +
    `calls, which overwrite the first. ${machine()}`;
  return { tables: [{ title: 'Flight recorder: memory', note, head: ['', 'held', 'more after as many again'], rows }], budgets };
}
