// Instructions of the processor that a request takes in the services of services.ts, while tracing is off.

import { join } from 'node:path';
import { hasCallgrind, howCounted, instructionsOf, underCallgrind } from './callgrind.js';
import type { Budget, Outcome } from './report.js';
import { type Name, percent, requests, SERVICES, start, writeService } from './services.js';
import { spread } from './statistics.js';
import type { Workspace } from './workspace.js';

const TITLE = 'Services, planted and off: instructions';
/** One after the other. Before them V8 is still compiling. */
const BEFORE = 6_000;
const COUNTED = 2_000;
const NAMES = ['bare', 'idle', 'own'] as const;
/** One for each start. */
const SEEDS = [1, 2, 3, 4];
const LIMIT = 1.01;

async function count(folder: string, variant: Name, seed: number): Promise<number> {
  const dumps = join(folder, `counted-${variant}-${seed}`);
  const server = await start(folder, variant, underCallgrind(dumps, seed));
  await requests(server, BEFORE, 1);
  const counted = await instructionsOf(server.child, dumps, () => requests(server, COUNTED, 1));
  server.agent.destroy();
  return counted / COUNTED;
}

/** Median of the starts. */
async function counted(folder: string, variant: Name): Promise<number> {
  const counts: number[] = [];
  for (const seed of SEEDS) counts.push(await count(folder, variant, seed));
  return spread(counts).median;
}

export async function measureServiceInstructions(workspace: Workspace): Promise<Outcome> {
  if (!hasCallgrind())
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
  const note = `Instructions of the processor that the server executes for a request, counted by Valgrind over ${COUNTED.toLocaleString('en-US')} requests after ${BEFORE.toLocaleString('en-US')}, ${howCounted(SEEDS.length)}. Auto mode plants the functions of the service.`;
  return {
    tables: [{ title: TITLE, note, head: ['service', 'without Spanwright', 'nothing planted', 'own sites, off'], rows }],
    budgets,
  };
}
