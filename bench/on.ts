// What a recorded call costs: spans made, ended, queued by a batch processor and handed to an exporter that forgets them,
// against spans made by hand with the same attributes. The time includes sending on what is queued.

import { samplesOf } from './off.js';
import { measureOnce, measurePairs, type Plan } from './pairs.js';
import { factor, type Outcome, timesTable } from './report.js';
import type { ParentName } from './states.js';
import { paired } from './statistics.js';
import type { Choice, Modules } from './variants.js';

const BY_HAND = 'hand-written span, SDK';
const TRANSFORMED = 'transformed';

const CHOICES: readonly Choice[] = [
  { label: BY_HAND, flavour: 'handwritten', state: 'sdk on', spans: 1 },
  { label: TRANSFORMED, flavour: 'instrument', build: 'built', state: 'spanwright on', spans: 1 },
  { label: 'plain decorator', flavour: 'instrument', state: 'spanwright on', spans: 1 },
  { label: 'hand-written span, our provider', flavour: 'handwritten', state: 'spanwright on', spans: 1 },
  { label: 'nestjs-otel, SDK', flavour: 'nestjs-otel', state: 'sdk on', spans: 1 },
  { label: 'fullstackhouse, SDK', flavour: 'fullstackhouse', state: 'sdk on', spans: 1 },
];

const SETTINGS: readonly { parent: ParentName; title: string; note: string }[] = [
  {
    parent: 'none',
    title: 'each call a trace of its own',
    note: 'No parent: the sampler decides for every call. Hand-written spans carry the same five attributes as transformed ones; the peers carry none, the plain decorator two.',
  },
  { parent: 'sampled', title: 'under a recorded parent', note: 'The common case: one request, many spans below it.' },
];

const PLAN: Plan = { generations: 2, rounds: 9, warmUps: 2 };
const LIMIT = 0.6;

export async function measureOn(modules: Modules): Promise<Outcome> {
  const worker = modules.workspace.worker();
  const tables = [];
  const budgets = [];
  for (const shape of ['sync', 'async'] as const) {
    for (const { parent, title, note } of SETTINGS) {
      const choices = CHOICES.map((choice) => ({ ...choice, parent }));
      const samples = await measurePairs(worker, await modules.all(choices, shape, true), PLAN);
      const over = (label: string) => paired(samplesOf(samples, label), samplesOf(samples, BY_HAND));
      tables.push(timesTable(`On, ${shape} methods, ${title}`, note, samples, over));
      const ratio = over(TRANSFORMED).ratio.median;
      budgets.push({
        what: `on and recorded, over the hand-written span, ${shape}, ${title}`,
        limit: factor(LIMIT),
        measured: factor(ratio),
        met: ratio <= LIMIT,
      });
    }
  }

  const bare: Choice = { label: 'bare call', flavour: 'bare' };
  const turns = await measureOnce(worker, await modules.all([bare, ...CHOICES], 'async', true), { kind: 'turns' }, []);
  tables.push({
    title: 'On: microtask turns',
    note: "Turns of the microtask queue until a caller's `then` on the result of an async method runs.",
    head: ['', 'turns'],
    rows: [...turns].map(([label, value]) => [label, `${value}`]),
  });
  return { tables, budgets };
}
