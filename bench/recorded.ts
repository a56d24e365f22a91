// Cost of a recorded call below a recorded span of the same process, over the least that a span can cost and over spans by hand, on
// each Node.js that there is. A call that throws is a table of its own. Spans are queued and passed to an exporter that discards them.

import type { Shape } from './floors.js';
import { ALL_NODES } from './nodes.js';
import { RECORDER, RECORDER_SHORT } from './on.js';
import { measurePairs, type Plan } from './pairs.js';
import { type Budget, factor, machine, type Outcome, overFirst, samplesOf, type Table, timesTable } from './report.js';
import { paired } from './statistics.js';
import type { Choice, Modules } from './variants.js';

const FLOOR = 'floor: AsyncLocalStorage.run, two clocks, ids, one object';
const BY_HAND = 'hand-written span, SDK';
const TRANSFORMED = 'transformed';
const PLAN: Plan = { generations: 2, rounds: 12, warmUps: 3, limitMs: 12_000 };
const CALLS = 25_600;

/** Budget of a transformed call; undefined: no budget. */
interface Limits {
  readonly floor?: number;
  readonly byHand: number;
}

const KINDS: readonly { shape: Shape; fails: boolean; title: string; limits: Limits }[] = [
  { shape: 'sync', fails: false, title: 'sync methods', limits: { floor: 2, byHand: 0.25 } },
  { shape: 'async', fails: false, title: 'async methods', limits: { floor: 1.5, byHand: 0.25 } },
  { shape: 'sync', fails: true, title: 'sync methods that throw', limits: { byHand: 0.4 } },
];

export async function measureRecorded(modules: Modules): Promise<Outcome> {
  const worker = modules.workspace.worker();
  const tables: Table[] = [];
  const budgets: Budget[] = [];
  for (const [version, node] of ALL_NODES) {
    for (const { shape, fails, title, limits } of KINDS) {
      const common = { parent: 'recorded' as const, calls: CALLS, fails };
      const choices: Choice[] = [
        { ...common, label: FLOOR, flavour: 'floor', parent: 'none' },
        { ...common, label: TRANSFORMED, flavour: 'instrument', build: 'built', state: 'spanwright on', spans: 1 },
        { ...common, label: RECORDER, flavour: 'recorder', parent: 'none' },
        { ...common, label: BY_HAND, flavour: 'handwritten', state: 'sdk on', spans: 1 },
      ];
      const samples = await measurePairs(worker, await modules.all(choices, shape, true), { ...PLAN, node });
      tables.push(
        timesTable(
          `${version}: recorded under a recorded span, ${title}`,
          `${NOTE} ${machine(node)}`,
          samples,
          overFirst(samples),
        ),
      );
      const over = (base: string): number => paired(samplesOf(samples, TRANSFORMED), samplesOf(samples, base)).ratio.median;
      const least = paired(samplesOf(samples, RECORDER), samplesOf(samples, BY_HAND)).ratio.median;
      if (limits.floor !== undefined)
        budgets.push(
          budget(
            `${version}: recorded, over the floor, ${title}`,
            limits.floor,
            over(FLOOR),
            overFirst(samples)(RECORDER).ratio.median,
          ),
        );
      budgets.push(budget(`${version}: recorded, over the hand-written span, ${title}`, limits.byHand, over(BY_HAND), least));
    }
  }
  return { tables, budgets };
}

const NOTE =
  'The first floor keeps nothing: its spans have no attributes, are counted nowhere and go to no queue. The second keeps what an exporter needs, and decides ' +
  'nothing: no sampling, limits, list of open spans or batches. Transformed and hand-written spans carry the same five attributes and pass through a queue of 2,048.';

function budget(what: string, limit: number, measured: number, least: number): Budget {
  const floor = `${factor(least)}: ${RECORDER_SHORT}`;
  return { what, limit: factor(limit), measured: factor(measured), met: measured <= limit, floor };
}
