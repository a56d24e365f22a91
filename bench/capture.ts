// Cost of captured values: a recorded call with five scalar arguments under a lease with `capture`, over the same call recorded without it.
// Both are roots, whose spans are queued and passed to an exporter that discards them.

import { NODES } from './nodes.js';
import { FORWARDER } from './off.js';
import { measurePairs, type Plan } from './pairs.js';
import { profileTable } from './profile.js';
import { type Budget, machine, type Outcome, overFirst, signed, type Table, time, timesTable } from './report.js';
import type { Modules } from './variants.js';

const PLAN: Plan = { generations: 2, rounds: 12, warmUps: 3, limitMs: 12_000 };
const CAPTURED = 'recorded, five arguments captured';
/** Nanoseconds a call above the same call without the capture. */
const LIMIT = 1000;

export async function measureCapture(modules: Modules): Promise<Outcome> {
  const worker = modules.workspace.worker();
  const tables: Table[] = [];
  const budgets: Budget[] = [];
  const common = { ...FORWARDER, flavour: 'instrument five', calls: 25_600, spans: 1 } as const;
  const recorded = { ...common, label: 'recorded', state: 'spanwright on' } as const;
  const captured = { ...common, label: CAPTURED, state: 'spanwright on, capturing' } as const;
  const variants = await modules.all([recorded, captured], 'sync', true);
  for (const [version, node] of NODES) {
    const samples = await measurePairs(worker, variants, { ...PLAN, node });
    const over = overFirst(samples);
    const note = `Two integers, a string, a boolean and a fraction. ${machine(node)}`;
    tables.push(timesTable(`${version}: captured arguments, sync methods`, note, samples, over));
    const measured = over(CAPTURED).difference.median;
    budgets.push({
      what: `${version}: five scalar arguments captured, over the same call recorded without`,
      limit: signed(LIMIT, time),
      measured: signed(measured, time),
      met: measured <= LIMIT,
    });
  }
  tables.push(await profileTable(modules, 'a call with captured arguments', [captured, recorded], 'sync'));
  return { tables, budgets };
}
