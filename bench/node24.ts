// The budgets again on Node 24, which implements asynchronous contexts in another way: an active context does not slow promises.
// `.ci/setup` installs it; without it this section reports that and measures nothing.

import { existsSync } from 'node:fs';
import { NODE24 } from './nodes.js';
import { CHEAP, prologueFloor } from './off.js';
import { CHOICES } from './on.js';
import { measurePairs, type Plan } from './pairs.js';
import { type Budget, factor, machine, type Outcome, overFirst, signed, type Table, time, timesTable } from './report.js';
import type { Modules } from './variants.js';

const OFF: Plan = { generations: 2, rounds: 18, warmUps: 5, limitMs: 20_000, node: NODE24 };
const ON: Plan = { generations: 2, rounds: 8, warmUps: 2, limitMs: 12_000, node: NODE24 };
const CALLS = 25_600;
const asAbove = (): string => `As on the Node.js above. ${machine(NODE24)}`;
const LEFT_OUT = /standard|no endpoint/;

export async function measureNode24(modules: Modules): Promise<Outcome> {
  if (!existsSync(NODE24)) {
    const note = 'Not measured: `.ci/setup` installs it, and has not run here.';
    return { tables: [{ title: 'On Node 24', note, head: ['', ''], rows: [] }], budgets: [] };
  }
  const worker = modules.workspace.worker();
  const tables: Table[] = [];
  const budgets: Budget[] = [];
  for (const shape of ['sync', 'async'] as const) {
    const cheap = CHEAP.filter(({ label }) => !LEFT_OUT.test(label));
    const off = await measurePairs(worker, await modules.all(cheap, shape), OFF);
    tables.push(timesTable(`Node 24: off, ${shape} methods`, asAbove(), off, overFirst(off)));
    const { difference, ratio } = overFirst(off)('transformed, off');
    budgets.push({
      what: `Node 24: off, transformed method, over the bare call, ${shape}`,
      limit: `${signed(2, time)} and ${factor(1.15)}`,
      measured: `${signed(difference.median, time)}, ${factor(ratio.median)}`,
      met: difference.median <= 2 && ratio.median <= 1.15,
      floor: prologueFloor(overFirst(off)),
    });
    const recorded = CHOICES.slice(0, 3).map((choice) => ({ ...choice, parent: 'sampled' as const, calls: CALLS }));
    const on = await measurePairs(worker, await modules.all(recorded, shape, true), ON);
    tables.push(timesTable(`Node 24: on, ${shape} methods, under a recorded parent`, asAbove(), on, overFirst(on)));
    const { median } = overFirst(on)('transformed').ratio;
    budgets.push({
      what: `Node 24: on and recorded, over the hand-written span, ${shape}, under a recorded parent`,
      limit: factor(0.6),
      measured: factor(median),
      met: median <= 0.6,
    });
  }
  return { tables, budgets };
}
