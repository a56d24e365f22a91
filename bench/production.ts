// Cost of a method that does not record while tracing is in use elsewhere in the service: a lease on another namespace or value, a
// trace that is open while the flag is off, requests whose upstream does not keep the trace.

import type { Shape } from './floors.js';
import { NODES } from './nodes.js';
import { FORWARDER } from './off.js';
import { measurePairs, type Plan } from './pairs.js';
import { profileTable } from './profile.js';
import { type Budget, machine, type Outcome, overFirst, signed, time, timesTable } from './report.js';
import type { ParentName, StateName } from './states.js';
import type { Choice, Modules } from './variants.js';

interface Situation {
  readonly label: string;
  readonly state: StateName;
  readonly parent: ParentName;
  /** Default `instrument`. */
  readonly flavour?: 'instrument' | 'instrument args';
  /** Nanoseconds above the bare call; undefined: no budget. */
  readonly limit?: number;
  /** Kind of call, where the time of one is also shown by its parts. */
  readonly profiled?: string;
}

const SITUATIONS: readonly Situation[] = [
  { label: 'a lease on another namespace', state: 'spanwright on elsewhere', parent: 'none', limit: 10 },
  {
    label: 'a lease with a condition, on a name that the method lacks',
    state: 'spanwright on for one value',
    parent: 'none',
    limit: 10,
    profiled: 'a call that lacks the name in a condition',
  },
  {
    label: 'a lease with a condition, on an argument of the method',
    state: 'spanwright on for one value',
    parent: 'none',
    flavour: 'instrument args',
    limit: 60,
    profiled: 'a call that fails a condition on its argument',
  },
  { label: 'off, a trace open elsewhere', state: 'spanwright off, a trace open', parent: 'none' },
  { label: 'unsampled, one context', state: 'spanwright on', parent: 'unsampled' },
  { label: 'unsampled, a context for each 32 calls', state: 'spanwright on', parent: 'unsampled, by request', limit: 20 },
];

const PLAN: Plan = { generations: 2, rounds: 15, warmUps: 4, limitMs: 12_000 };
const FLOOR = 'floor: AsyncLocalStorage.getStore';
const NOTE =
  'The bare call runs in the same state and context, because on Node 20 an active AsyncLocalStorage slows every promise. The floor is a bare call that ' +
  'reads the active context and does nothing with it, because any tracer has to read it.';

export async function measureProduction(modules: Modules): Promise<Outcome> {
  const worker = modules.workspace.worker();
  const tables = [];
  const budgets: Budget[] = [];
  for (const [version, node] of NODES) {
    for (const shape of ['sync', 'async'] as const) {
      for (const situation of SITUATIONS) {
        const title = `${version}: ${situation.label}, ${shape} methods`;
        const samples = await measurePairs(worker, await modules.all(choicesOf(situation), shape), { ...PLAN, node });
        const over = overFirst(samples);
        tables.push(timesTable(title, `${NOTE} ${machine(node)}`, samples, over));
        if (situation.limit !== undefined)
          budgets.push(
            budgetOf(situation, { version, shape }, over('transformed').difference.median, over(FLOOR).difference.median),
          );
      }
    }
  }
  for (const situation of SITUATIONS) {
    const [, floor, transformed] = choicesOf(situation);
    if (situation.profiled !== undefined)
      tables.push(await profileTable(modules, situation.profiled, [transformed, floor], 'sync'));
  }
  return { tables, budgets };
}

function choicesOf({ state, parent, flavour = 'instrument' }: Situation): [bare: Choice, floor: Choice, transformed: Choice] {
  const choice = { state, parent, calls: 80_000 };
  return [
    { ...choice, label: 'bare call', flavour: 'bare' },
    { ...choice, label: FLOOR, flavour: 'context read' },
    { ...FORWARDER, ...choice, flavour, label: 'transformed' },
  ];
}

interface Where {
  readonly version: string;
  readonly shape: Shape;
}

function budgetOf({ label, limit = 0 }: Situation, { version, shape }: Where, measured: number, floor: number): Budget {
  return {
    what: `${version}: ${label}, over the bare call, ${shape}`,
    limit: signed(limit, time),
    measured: signed(measured, time),
    met: measured <= limit,
    floor: `${signed(floor, time)}: AsyncLocalStorage.getStore`,
  };
}
