// Holds the budgets of calls while tracing is off on every run of the tests, over 32 sites built by the real tspc: at most 2 ns and
// 1.15 times the bare call, no bytes, no microtask turns. Paired rounds; a noisy machine gets further tries.
// alone: measures nanoseconds
// limit: 300 s

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BARE, BYTES_CALLS, BYTES_FLAGS, FORWARDER } from '../../bench/off.js';
import { measureOnce, measurePairs, type Plan } from '../../bench/pairs.js';
import { samplesOf } from '../../bench/report.js';
import { paired, spread } from '../../bench/statistics.js';
import { type Choice, Modules } from '../../bench/variants.js';
import { Workspace } from '../../bench/workspace.js';

const PLAN: Plan = { generations: 3, rounds: 25, warmUps: 6, limitMs: 60_000 };
const TRIES = 4;
const LIMIT_NS = 2;
const LIMIT_RATIO = 1.15;
const DECORATOR_LIMIT_NS = 15;

const PLAIN: Choice = { ...FORWARDER, label: 'plain decorator, off', build: 'plain' };
const BY_HAND: Choice = { label: 'by hand', flavour: 'handwritten', state: 'sdk off' };

const workspace = new Workspace();
const modules = new Modules(workspace);
const worker = workspace.worker();
test.after(() => workspace.remove());

interface Distance {
  ns: number;
  ratio: number;
}

/**
 * Distance of a variant from the bare call, in the best of several tries. A try gives the medians of the paired rounds or, on a
 * busy machine, the minimum of the rounds, because other work only adds to a round.
 */
async function distance(choice: Choice, shape: 'sync' | 'async', enough: (distance: Distance) => boolean): Promise<Distance> {
  let best: Distance = { ns: Number.POSITIVE_INFINITY, ratio: Number.POSITIVE_INFINITY };
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const samples = await measurePairs(worker, await modules.all([BARE, choice], shape), PLAN);
    const [own, bare] = [samplesOf(samples, choice.label), samplesOf(samples, BARE.label)];
    const { ratio, difference } = paired(own, bare);
    const [least, leastBare] = [spread(own).least, spread(bare).least];
    const found = [
      { ns: difference.median, ratio: ratio.median },
      { ns: least - leastBare, ratio: least / leastBare },
    ];
    for (const candidate of found) if (candidate.ratio < best.ratio) best = candidate;
    if (found.some(enough)) return found.find(enough) as Distance;
  }
  return best;
}

const within = (ns: number, ratio: number) => (distance: Distance) => distance.ns <= ns && distance.ratio <= ratio;

test(`off, a transformed method costs at most ${LIMIT_NS} ns and ${LIMIT_RATIO} times the bare call`, async () => {
  const enough = within(LIMIT_NS, LIMIT_RATIO);
  const found = await distance(FORWARDER, 'sync', enough);
  assert.ok(enough(found), `it costs ${found.ns.toFixed(2)} ns more, ${found.ratio.toFixed(3)} times the bare call`);
});

// The engine inlines no async function, so that a forwarder before one costs a call, whose nanoseconds depend on the machine.
test(`off, a transformed async method costs at most ${LIMIT_RATIO} times the bare call`, async () => {
  const enough = within(Number.POSITIVE_INFINITY, LIMIT_RATIO);
  const found = await distance(FORWARDER, 'async', enough);
  assert.ok(enough(found), `it costs ${found.ns.toFixed(2)} ns more, ${found.ratio.toFixed(3)} times the bare call`);
});

test(`off, a decorator without the transformer costs at most ${DECORATOR_LIMIT_NS} ns`, async () => {
  const found = await distance(PLAIN, 'sync', within(DECORATOR_LIMIT_NS, Number.POSITIVE_INFINITY));
  assert.ok(found.ns <= DECORATOR_LIMIT_NS, `it costs ${found.ns.toFixed(2)} ns`);
});

for (const shape of ['sync', 'async'] as const) {
  test(`off, a transformed ${shape} method allocates nothing of its own, and a hand-written span does`, async () => {
    const variants = await modules.all([BARE, FORWARDER, PLAIN, BY_HAND], shape);
    const bytes = await measureOnce(worker, variants, { kind: 'bytes', calls: BYTES_CALLS }, BYTES_FLAGS);
    const over = ({ label }: Choice): number => (bytes.get(label) ?? Number.NaN) - (bytes.get(BARE.label) ?? Number.NaN);
    // Less than the smallest object: the rest is allocated by the count itself.
    assert.ok(Math.abs(over(FORWARDER)) < 1, `${over(FORWARDER)} bytes a call`);
    assert.ok(over(BY_HAND) > 200, `the count does not see what a hand-written span allocates: ${over(BY_HAND)} bytes`);
  });
}

test('off, an async method takes no additional microtask, and a hand-written span does', async () => {
  const turns = await measureOnce(worker, await modules.all([BARE, FORWARDER, PLAIN, BY_HAND], 'async'), { kind: 'turns' }, []);
  assert.is(turns.get(FORWARDER.label), turns.get(BARE.label));
  assert.is(turns.get(PLAIN.label), turns.get(BARE.label));
  assert.ok((turns.get(BY_HAND.label) ?? 0) > (turns.get(BARE.label) ?? 0));
});

test('the harness measures a higher time for an expensive call than for a cheap one', async () => {
  const choices = [BARE, { ...BARE, label: 'the same call' }, BY_HAND];
  const samples = await measurePairs(worker, await modules.all(choices, 'sync'), {
    generations: 1,
    rounds: 9,
    warmUps: 3,
    limitMs: 30_000,
  });
  const bare = samplesOf(samples, BARE.label);
  assert.ok(spread(bare).least > 0.2, `a call of ${spread(bare).least} ns was optimised away`);
  assert.ok(paired(samplesOf(samples, BY_HAND.label), bare).ratio.median > 5);
  const same = paired(samplesOf(samples, 'the same call'), bare).ratio.median;
  assert.ok(same > 0.5 && same < 2, `two runs of one call are ${same} times apart`);
});

test.run();
