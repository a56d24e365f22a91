// What a call costs while tracing is off: time, bytes and microtask turns, against the bare call and against the peers. Off means
// three things here, and the rows say which: no SDK at all, a sampler that drops everything, or Spanwright's gate.

import { measureOnce, measurePairs, type Plan } from './pairs.js';
import { type Budget, factor, type Outcome, signed, time, timesTable } from './report.js';
import type { Shape } from './sites.js';
import { paired } from './statistics.js';
import { type Choice, FEW, MANY, type Modules } from './variants.js';

export const BARE: Choice = { label: 'bare call', flavour: 'bare', state: 'spanwright off', calls: MANY };
export const FORWARDER: Choice = {
  label: 'transformed, off',
  flavour: 'instrument',
  build: 'built',
  state: 'spanwright off',
  calls: MANY,
};

/** Cheap enough that nanoseconds count: measured by themselves, in many rounds. */
const CHEAP: readonly Choice[] = [
  BARE,
  FORWARDER,
  { ...FORWARDER, label: 'transformed, no endpoint', state: 'spanwright without endpoint' },
  { ...FORWARDER, label: 'transformed, off again', state: 'spanwright off again' },
  { ...FORWARDER, label: 'transformed, off, a trace still open', state: 'spanwright off, a trace open' },
  { ...FORWARDER, label: 'transformed, standard decorators, off', build: 'built standard' },
  { ...FORWARDER, label: 'plain decorator, off', build: 'plain' },
  { ...FORWARDER, label: 'plain standard decorator, off', build: 'plain standard' },
];

const PEERS: readonly Choice[] = [
  { ...BARE, label: 'bare call', state: 'nothing', calls: FEW },
  { label: 'third-party tracer through our provider, off', flavour: 'handwritten', state: 'spanwright off' },
  { label: 'orchestrion, no subscriber', flavour: 'orchestrion' },
  { label: 'hand-written span, no SDK', flavour: 'handwritten' },
  { label: 'nestjs-otel, no SDK', flavour: 'nestjs-otel' },
  { label: 'fullstackhouse, no SDK', flavour: 'fullstackhouse' },
  { label: 'hand-written span, sampler off', flavour: 'handwritten', state: 'sdk off' },
  { label: 'nestjs-otel, sampler off', flavour: 'nestjs-otel', state: 'sdk off' },
  { label: 'fullstackhouse, sampler off', flavour: 'fullstackhouse', state: 'sdk off' },
];

/** An upstream service decided not to sample; this service records whatever is sampled. */
const UNSAMPLED: readonly Choice[] = [
  { label: 'hand-written span, SDK', flavour: 'handwritten', state: 'sdk on', parent: 'unsampled' },
  { label: 'transformed', flavour: 'instrument', build: 'built', state: 'spanwright on', parent: 'unsampled' },
  { label: 'plain decorator', flavour: 'instrument', state: 'spanwright on', parent: 'unsampled' },
  { label: 'third-party tracer through our provider', flavour: 'handwritten', state: 'spanwright on', parent: 'unsampled' },
];

const CHEAP_PLAN: Plan = { generations: 4, rounds: 30, warmUps: 6 };
const DEAR_PLAN: Plan = { generations: 2, rounds: 9, warmUps: 2 };

/** A large young generation, so that no collection falls into the counted calls. */
export const BYTES_FLAGS = ['--expose-gc', '--min-semi-space-size=128', '--max-semi-space-size=128'];
export const BYTES_CALLS = 20_000;

export async function measureOff(modules: Modules): Promise<Outcome> {
  const worker = modules.workspace.worker();
  const tables = [];
  const budgets: Budget[] = [];

  for (const shape of ['sync', 'async'] as const) {
    const cheap = await measurePairs(worker, await modules.all(CHEAP, shape), CHEAP_PLAN);
    const over = (label: string) => paired(samplesOf(cheap, label), samplesOf(cheap, BARE.label));
    tables.push(timesTable(`Off, ${shape} methods`, NOTES[shape], cheap, over));
    budgets.push(...offBudgets(shape, over));

    const own = CHEAP.map((choice) => ({ ...choice, callSites: 'own' as const }));
    const inlined = await measurePairs(worker, await modules.all(own, shape), CHEAP_PLAN);
    const overInlined = (label: string) => paired(samplesOf(inlined, label), samplesOf(inlined, BARE.label));
    tables.push(timesTable(`Off, ${shape} methods, a call site for each`, OWN_NOTE, inlined, overInlined));

    const peers = await measurePairs(worker, await modules.all(PEERS, shape), DEAR_PLAN);
    const overBare = (label: string) => paired(samplesOf(peers, label), samplesOf(peers, BARE.label));
    tables.push(timesTable(`Off, ${shape} methods: spans by others`, 'The dearer ways to be off.', peers, overBare));
    const provider = paired(
      samplesOf(peers, 'third-party tracer through our provider, off'),
      samplesOf(peers, 'hand-written span, sampler off'),
    ).ratio.median;
    budgets.push(ratioBudget(`off, third-party tracer through our provider, over the SDK's AlwaysOff, ${shape}`, provider, 0.1));

    const unsampled = await measurePairs(worker, await modules.all(UNSAMPLED, shape), DEAR_PLAN);
    const overSdk = (label: string) => paired(samplesOf(unsampled, label), samplesOf(unsampled, 'hand-written span, SDK'));
    const note = 'The parent span was not sampled upstream, so nothing is recorded, and both sides are switched on.';
    tables.push(timesTable(`Under an unsampled parent, ${shape} methods`, note, unsampled, overSdk));
    budgets.push(
      ratioBudget(`under an unsampled parent, over the SDK doing the same, ${shape}`, overSdk('transformed').ratio.median, 0.1),
    );
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
  async: 'The same as an `async` method, awaited by its caller; nothing in it waits.',
};

const OWN_NOTE =
  'Every method is called from one place only, so that the engine may inline it: a bare call of so small a body all but vanishes, and a ratio says little.';

/** The budget of the transformed method is one of both numbers: a ratio alone says nothing of a long call, a difference nothing of a short one. */
function offBudgets(shape: Shape, over: (label: string) => ReturnType<typeof paired>): Budget[] {
  const verdict = (what: string, label: string, limitNs: number, limitRatio: number): Budget => {
    const { ratio, difference } = over(label);
    return {
      what: `${what}, ${shape}`,
      limit: `${signed(limitNs, time)}${Number.isFinite(limitRatio) ? ` and ${factor(limitRatio)}` : ''}`,
      measured: `${signed(difference.median, time)}, ${factor(ratio.median)}`,
      met: difference.median <= limitNs && ratio.median <= limitRatio,
    };
  };
  return [
    verdict('off, transformed method, over the bare call', FORWARDER.label, 2, 1.15),
    verdict('no endpoint, transformed method, over the bare call', 'transformed, no endpoint', 2, 1.15),
    verdict('off, plain decorator, over the bare call', 'plain decorator, off', 15, Number.POSITIVE_INFINITY),
  ];
}

function ratioBudget(what: string, measured: number, limit: number): Budget {
  return {
    what,
    limit: factor(limit),
    measured: measured < 0.1 ? `${measured.toFixed(3)}x` : factor(measured),
    met: measured <= limit,
  };
}

/** What a call leaves behind in memory and in the microtask queue. */
async function measureTraces(modules: Modules, worker: string): Promise<{ rows: string[][]; budget: Budget[] }> {
  // The hand-written row shows that the count sees what is there.
  const choices = [...CHEAP, ...PEERS.slice(1)].filter(({ label }) => !/fullstackhouse, no|nestjs-otel, no/.test(label));
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

export function samplesOf(samples: ReadonlyMap<string, readonly number[]>, label: string): readonly number[] {
  const found = samples.get(label);
  if (found === undefined) throw new Error(`bench: nothing was measured as "${label}"`);
  return found;
}
