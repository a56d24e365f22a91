// The comparison of slow traces with normal ones, evaluated on 200 planted faults: the right cause stands first in at least 95 %.
// SPANWRIGHT_SEED repeats a run with other faults.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compareTraces } from '../../viewer/analysis/diff.js';
import { FAULTS, plant } from './planted-faults.js';

const SEED = Number(process.env.SPANWRIGHT_SEED ?? 1);
const FAULT_COUNT = 200;

test('names the planted cause first in at least 95 % of 200 faults', () => {
  const wrong: string[] = [];
  for (let at = 0; at < FAULT_COUNT; at += 1) {
    const fault = FAULTS[at % FAULTS.length] as (typeof FAULTS)[number];
    const { slow, normal, isCause } = plant(fault, SEED * 1000 + at);
    const [first] = compareTraces(slow, normal).findings;
    if (!isCause(first))
      wrong.push(`${fault} (seed ${SEED * 1000 + at}): ${first?.kind} ${first?.span} ${first?.attribute ?? ''} ${first?.text}`);
  }
  console.log(`right cause first: ${FAULT_COUNT - wrong.length} of ${FAULT_COUNT}`);
  assert.ok(wrong.length <= FAULT_COUNT * 0.05, `${wrong.length} wrong:\n${wrong.join('\n')}`);
});

test('says nothing separates two halves of the same traffic', () => {
  const { normal } = plant('lock', 4242);
  const halves = [normal.filter((_, at) => at % 2 === 0), normal.filter((_, at) => at % 2 === 1)] as const;
  const strong = compareTraces(...halves).findings.filter(({ kind, weight }) => kind === 'attribute' && weight >= 0.5);
  assert.equal(strong, []);
});

test.run();
