// More expensive ways to record nothing: spans made by hand, against an SDK that drops everything or a provider that drops everything;
// and calls below a parent that was not sampled. Peers are measured in peers.ts. The costs that any tracer causes (the body,
// closures, the promise, the active context) are a row of their own, and the budgets apply to the difference.

import type { Shape } from './floors.js';
import { measurePairs, type Plan } from './pairs.js';
import { type Budget, factor, type Outcome, overFirst, samplesOf, share, timesTable } from './report.js';
import { paired, pairedAbove } from './statistics.js';
import { type Choice, FEW, type Modules } from './variants.js';

const OURS = 'third-party tracer through our provider, off';
const DROPPED = 'hand-written span, sampler off';
const EMPTY = 'hand-written span, empty tracer';

export const DROPPING: readonly Choice[] = [
  { label: 'bare call', flavour: 'bare', calls: FEW },
  { label: EMPTY, flavour: 'handwritten', state: 'empty tracer' },
  { label: OURS, flavour: 'handwritten', state: 'spanwright off' },
  { label: 'orchestrion, no subscriber', flavour: 'orchestrion' },
  { label: DROPPED, flavour: 'handwritten', state: 'sdk off' },
];

/** An upstream service decided not to sample; this service records everything that is sampled. */
const BY_SDK = 'hand-written span, SDK';
const IN_CONTEXT = 'bare call, in the same context';
const UNSAMPLED: readonly Choice[] = [
  { label: BY_SDK, flavour: 'handwritten', state: 'sdk on', parent: 'unsampled' },
  { label: IN_CONTEXT, flavour: 'bare', state: 'spanwright on', parent: 'unsampled' },
  { label: 'transformed', flavour: 'instrument', build: 'built', state: 'spanwright on', parent: 'unsampled' },
  { label: 'plain decorator', flavour: 'instrument', state: 'spanwright on', parent: 'unsampled' },
  { label: 'third-party tracer through our provider', flavour: 'handwritten', state: 'spanwright on', parent: 'unsampled' },
];

const PLAN: Plan = { generations: 2, rounds: 9, warmUps: 2, limitMs: 25_000 };
const LIMIT = 0.1;

export async function measureOthers(modules: Modules): Promise<Outcome> {
  const worker = modules.workspace.worker();
  const tables = [];
  const budgets: Budget[] = [];
  for (const shape of ['sync', 'async'] as const) {
    const peers = await measurePairs(worker, await modules.all(DROPPING, shape), PLAN);
    tables.push(timesTable(`Off, ${shape} methods: spans by others`, PEERS_NOTE, peers, overFirst(peers)));
    budgets.push(
      added(`off, third-party tracer through our provider, over the SDK's AlwaysOff, ${shape}`, peers, OURS, DROPPED, EMPTY),
    );
    const unsampled = await measurePairs(worker, await modules.all(UNSAMPLED, shape), PLAN);
    tables.push(
      timesTable(`Under an unsampled parent, ${shape} methods`, UNSAMPLED_NOTE[shape], unsampled, overFirst(unsampled)),
    );
    budgets.push(
      added(`under an unsampled parent, over the SDK doing the same, ${shape}`, unsampled, 'transformed', BY_SDK, IN_CONTEXT),
    );
  }
  return { tables, budgets };
}

const PEERS_NOTE =
  "Off by a sampler that drops everything, or by Spanwright's gate. The empty tracer only calls back, which is the least cost " +
  'of hand-written spans. The budget is on what a tracer adds to it.';

const UNSAMPLED_NOTE: Record<Shape, string> = {
  sync: 'The parent span was not sampled upstream, so nothing is recorded, and both sides are switched on. The budget is on what is added to the bare call.',
  async:
    'As above. On Node 20 and 22 an active AsyncLocalStorage slows every promise, also those of the bare call; the budget is on what ' +
    'is added to it.',
};

/** The cost that `label` adds to the floor, over the cost that `base` adds to it; the plain ratio is beside it. */
function added(
  what: string,
  samples: ReadonlyMap<string, readonly number[]>,
  label: string,
  base: string,
  floor: string,
): Budget {
  const [own, other, least] = [samplesOf(samples, label), samplesOf(samples, base), samplesOf(samples, floor)];
  const { median } = pairedAbove(own, other, least);
  return {
    what,
    limit: factor(LIMIT),
    measured: `${share(median)} (${share(paired(own, other).ratio.median)} with the call)`,
    met: median <= LIMIT,
  };
}
