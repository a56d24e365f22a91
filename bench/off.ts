// Cost of an instrumented call while tracing is off: time, bytes and microtask turns, against the bare call. Off before tracing
// was ever on, and off again after it; what others cost while they are off is measured in others.ts and peers.ts.

import type { Shape } from './floors.js';
import { DROPPING } from './others.js';
import { measureOnce, measurePairs, type Plan } from './pairs.js';
import { CHOICES as PEERS } from './peers.js';
import { type Budget, factor, type Outcome, overFirst, signed, time, timesTable } from './report.js';
import type { paired } from './statistics.js';
import { type Choice, MANY, type Modules } from './variants.js';

export const BARE: Choice = { label: 'bare call', flavour: 'bare', state: 'spanwright off', calls: MANY };
export const FORWARDER: Choice = {
  label: 'transformed, off',
  flavour: 'instrument',
  build: 'built',
  state: 'spanwright off',
  calls: MANY,
};

/** A prologue that does nothing else than any has to do. */
export const PROLOGUE: Choice = { ...BARE, label: 'floor: a variable tested, a call in the branch', flavour: 'least prologue' };

const DECORATOR: Choice = { ...FORWARDER, label: 'plain decorator, off', build: 'plain' };

/** Variants so cheap that nanoseconds count: measured separately, in many rounds. */
export const CHEAP: readonly Choice[] = [
  BARE,
  FORWARDER,
  PROLOGUE,
  { ...FORWARDER, label: 'transformed, no endpoint', state: 'spanwright without endpoint' },
  { ...FORWARDER, label: 'transformed, standard decorators, off', build: 'built standard' },
  DECORATOR,
  { ...FORWARDER, label: 'plain standard decorator, off', build: 'plain standard' },
  { ...FORWARDER, label: 'transformed, off again', state: 'spanwright off again' },
  { ...BARE, label: 'bare call, asynchronous storage once used', state: 'storage used' },
  { ...FORWARDER, label: 'transformed, off, a trace still open', state: 'spanwright off, a trace open' },
];

const CHEAP_PLAN: Plan = { generations: 3, rounds: 30, warmUps: 5, limitMs: 40_000 };
const OWN_PLAN: Plan = { generations: 2, rounds: 20, warmUps: 5, limitMs: 15_000 };

/** A large young generation, so that no collection falls into the counted calls. */
export const BYTES_FLAGS = ['--expose-gc', '--min-semi-space-size=128', '--max-semi-space-size=128'];
export const BYTES_CALLS = 20_000;

export async function measureOff(modules: Modules): Promise<Outcome> {
  const worker = modules.workspace.worker();
  const tables = [];
  const budgets: Budget[] = [];

  for (const shape of ['sync', 'async'] as const) {
    const cheap = await measurePairs(worker, await modules.all(CHEAP, shape), CHEAP_PLAN);
    tables.push(timesTable(`Off, ${shape} methods`, NOTES[shape], cheap, overFirst(cheap)));
    budgets.push(...offBudgets(shape, overFirst(cheap)));

    const own = [BARE, FORWARDER, DECORATOR].map((choice) => ({ ...choice, callSites: 'own' as const }));
    const inlined = await measurePairs(worker, await modules.all(own, shape), OWN_PLAN);
    tables.push(timesTable(`Off, ${shape} methods, a call site for each`, OWN_NOTE, inlined, overFirst(inlined)));
  }

  const { rows, budget } = await measureTraces(modules, worker);
  budgets.push(...budget);
  tables.push({
    title: 'Off: bytes and microtask turns',
    note: `Bytes of the heap a call over ${BYTES_CALLS.toLocaleString('en-US')} calls without a collection; turns of the microtask queue until a caller's \`then\` runs.`,
    head: ['', 'bytes, sync', 'bytes, async', 'turns, async'],
    rows,
  });
  return { tables, budgets };
}

const NOTES: Record<Shape, string> = {
  sync: 'A method of two integers that returns an integer.',
  async:
    'The same as an `async` method that does not wait, awaited by its caller. V8 does not inline async functions, so that a wrapper adds one call ' +
    '(`npm run bench -- instructions` counts it). On Node 20 and 22 the first use of any AsyncLocalStorage slows the async functions of ' +
    'the process, with or without Spanwright: compare tracing that was on once with that row.',
};

const OWN_NOTE =
  'Every method is called from one place only, so that the engine may inline it. A bare call of such a small body then takes almost no time, and its ratio means little.';

/**
 * The budget of the transformed method is on both numbers, because a ratio alone means little for a long call, and a difference little for
 * a short one.
 */
function offBudgets(shape: Shape, over: (label: string) => ReturnType<typeof paired>): Budget[] {
  const verdict = (what: string, label: string, limitNs: number, limitRatio: number): Budget => {
    const { ratio, difference } = over(label);
    return {
      what: `${what}, ${shape}`,
      limit: `${signed(limitNs, time)}${Number.isFinite(limitRatio) ? ` and ${factor(limitRatio)}` : ''}`,
      measured: `${signed(difference.median, time)}, ${factor(ratio.median)}`,
      met: difference.median <= limitNs && ratio.median <= limitRatio,
      ...(label !== DECORATOR.label && { floor: prologueFloor(over) }),
    };
  };
  return [
    verdict('off, transformed method, over the bare call', FORWARDER.label, 2, 1.15),
    verdict('no endpoint, transformed method, over the bare call', 'transformed, no endpoint', 2, 1.15),
    verdict('off, plain decorator, over the bare call', 'plain decorator, off', 15, Number.POSITIVE_INFINITY),
  ];
}

/** Column of a budget for calls while tracing is off. */
export function prologueFloor(over: (label: string) => ReturnType<typeof paired>): string {
  return `${signed(over(PROLOGUE.label).difference.median, time)}: a variable tested`;
}

/** Bytes and microtasks of a call. */
async function measureTraces(modules: Modules, worker: string): Promise<{ rows: string[][]; budget: Budget[] }> {
  // The hand-written row shows that the count detects allocations.
  const choices = [...CHEAP, ...DROPPING.slice(2), ...PEERS.off.slice(2)].filter(
    ({ flavour }) => flavour !== 'autotel' && flavour !== 'least prologue',
  );
  const count = async (shape: Shape, order: 'bytes' | 'turns') => {
    const variants = await modules.all(choices, shape);
    const flags = order === 'bytes' ? BYTES_FLAGS : [];
    return measureOnce(worker, variants, order === 'bytes' ? { kind: 'bytes', calls: BYTES_CALLS } : { kind: 'turns' }, flags);
  };
  const sync = await count('sync', 'bytes');
  const async = await count('async', 'bytes');
  const turns = await count('async', 'turns');

  const value = (values: Map<string, number>, label: string): number => values.get(label) ?? Number.NaN;
  // A fraction of a byte a call is what the count itself allocates, spread over all calls.
  const bytes = (values: Map<string, number>, label: string): string => `${Math.round(value(values, label))}`;
  const rows = choices.map(({ label }) => [label, bytes(sync, label), bytes(async, label), `${value(turns, label)}`]);

  const extra = (values: Map<string, number>): number => value(values, FORWARDER.label) - value(values, BARE.label);
  const none = (what: string, limit: string, measured: number): Budget => ({
    what,
    limit,
    measured: `${Math.round(measured)}`,
    met: Math.abs(measured) < 0.5,
  });
  return {
    rows,
    budget: [
      none('off, transformed method, bytes over the bare call, sync', '0', extra(sync)),
      none('off, transformed method, bytes over the bare call, async', '0', extra(async)),
      none('off, transformed method, microtask turns over the bare call', '0', extra(turns)),
    ],
  };
}
