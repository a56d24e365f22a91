// Cost of a recorded call: spans started, ended, queued by a batch processor and passed to an exporter that discards them,
// against spans made by hand with the same attributes. The time includes the export of the queue.

import type { Shape } from './floors.js';
import { BYTES_CALLS, BYTES_FLAGS } from './off.js';
import { measureOnce, measurePairs, type Plan } from './pairs.js';
import { factor, type Outcome, overFirst, samplesOf, timesTable } from './report.js';
import type { ParentName } from './states.js';
import { paired } from './statistics.js';
import type { Choice, Modules } from './variants.js';
import type { Order } from './worker.js';

const BY_HAND = 'hand-written span, SDK';
const TRANSFORMED = 'transformed';
const PROVIDED = "transformed, span of the user's SDK";
const PROVIDED_BY_HAND = "hand-written span, user's SDK with createSampler()";

export const CHOICES: readonly Choice[] = [
  { label: BY_HAND, flavour: 'handwritten', state: 'sdk on', spans: 1 },
  { label: TRANSFORMED, flavour: 'instrument', build: 'built', state: 'spanwright on', spans: 1 },
  { label: 'plain decorator', flavour: 'instrument', state: 'spanwright on', spans: 1 },
  { label: PROVIDED, flavour: 'instrument', build: 'built', state: 'sdk with createSampler()', spans: 1 },
  { label: PROVIDED_BY_HAND, flavour: 'handwritten', state: 'sdk with createSampler()', spans: 1 },
  { label: 'hand-written span, our provider', flavour: 'handwritten', state: 'spanwright on', spans: 1 },
];

/** Below what any recorder does: see leastRecorder() in floors.ts. */
export const RECORDER = 'floor: the same span kept and queued, nothing decided';
export const RECORDER_SHORT = 'context, clocks, ids, attributes, a queue';

/** Calls of a round: a recorded call takes long enough that fewer are needed. */
const CALLS = 25_600;

const SETTINGS: readonly { parent: ParentName; title: string; note: string }[] = [
  {
    parent: 'none',
    title: 'each call a trace of its own',
    note: 'No parent: the sampler decides for every call. Hand-written spans carry the same five attributes as transformed ones, the plain decorator two.',
  },
  { parent: 'sampled', title: 'under a recorded parent', note: 'The common case: one request, many spans below it.' },
];

const FLOOR: Choice = { label: RECORDER, flavour: 'recorder', calls: CALLS };
const PLAN: Plan = { generations: 2, rounds: 9, warmUps: 2, limitMs: 25_000 };
const LIMIT = 0.6;
/** In an SDK set-up of the user's own: at most what a hand-written span of the same provider costs. */
const PROVIDED_LIMIT = 1;

export async function measureOn(modules: Modules): Promise<Outcome> {
  const worker = modules.workspace.worker();
  const tables = [];
  const budgets = [];
  for (const shape of ['sync', 'async'] as const) {
    for (const { parent, title, note } of SETTINGS) {
      const choices = [...CHOICES.map((choice) => ({ ...choice, parent, calls: CALLS })), FLOOR];
      const samples = await measurePairs(worker, await modules.all(choices, shape, true), PLAN);
      const over = overFirst(samples);
      tables.push(timesTable(`On, ${shape} methods, ${title}`, note, samples, over));
      const of = (label: string) => samplesOf(samples, label);
      for (const [label, base, limit, what] of [
        [TRANSFORMED, BY_HAND, LIMIT, 'on and recorded, over the hand-written span'],
        [PROVIDED, PROVIDED_BY_HAND, PROVIDED_LIMIT, "a span of the user's SDK, over the hand-written span of the same provider"],
      ] as const) {
        const ratio = paired(of(label), of(base)).ratio.median;
        const least = base === BY_HAND ? { floor: `${factor(over(RECORDER).ratio.median)}: ${RECORDER_SHORT}` } : {};
        budgets.push({
          what: `${what}, ${shape}, ${title}`,
          limit: factor(limit),
          measured: factor(ratio),
          met: ratio <= limit,
          ...least,
        });
      }
    }
  }

  tables.push(await measureTraces(modules, worker));
  return { tables, budgets };
}

/** Bytes and microtasks of a recorded call. */
async function measureTraces(modules: Modules, worker: string): Promise<Outcome['tables'][number]> {
  const bare: Choice = { label: 'bare call', flavour: 'bare' };
  const choices = [bare, ...CHOICES].map((choice) => ({ ...choice, parent: 'sampled' as const, calls: CALLS }));
  const count = async (shape: Shape, order: Order) =>
    measureOnce(worker, await modules.all(choices, shape, true), order, order.kind === 'bytes' ? BYTES_FLAGS : []);
  const sync = await count('sync', { kind: 'bytes', calls: BYTES_CALLS });
  const async = await count('async', { kind: 'bytes', calls: BYTES_CALLS });
  const turns = await count('async', { kind: 'turns' });
  const bytes = (value: number | undefined): string => (value === undefined ? '' : Math.round(value).toLocaleString('en-US'));
  return {
    title: 'On: bytes and microtask turns',
    note:
      `Bytes of the heap that a recorded call takes, under a recorded parent, over ${BYTES_CALLS.toLocaleString('en-US')} calls without a collection, sending on ` +
      "included; turns of the microtask queue until a caller's `then` on the result of an async method runs.",
    head: ['', 'bytes, sync', 'bytes, async', 'turns, async'],
    rows: [...async.keys()].map((label) => [label, bytes(sync.get(label)), bytes(async.get(label)), `${turns.get(label)}`]),
  };
}
