// Ids, and the decision and the threshold of a ratio, as OpenTelemetry's probability sampling defines them.

import { createTraceState } from '@opentelemetry/api';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  isWithinRatio,
  newSpanId,
  newTraceId,
  withoutThreshold,
  withRaisedThreshold,
  withThreshold,
} from '../../runtime/span/identity.js';

test('ids have their length, are lower-case hexadecimal digits, and no digits are used twice', () => {
  const ids = new Set<string>();
  const parts = new Set<string>();
  const kinds = [newTraceId, newSpanId, newSpanId, newTraceId, newSpanId];
  for (let count = 0; count < 5000; count++) {
    const id = (kinds[count % 5] as () => string)();
    assert.match(id, count % 5 === 0 || count % 5 === 3 ? /^[0-9a-f]{32}$/ : /^[0-9a-f]{16}$/);
    ids.add(id);
    for (let at = 0; at + 12 <= id.length; at++) parts.add(id.slice(at, at + 12));
  }
  assert.is(ids.size, 5000);
  // 2,000 trace ids with 21 parts each, 3,000 span ids with 5
  assert.is(parts.size, 2000 * 21 + 3000 * 5);
});

/** An id whose last 56 bits are these digits. */
const traceId = (randomness: string): string => `${'f'.repeat(18)}${randomness}`;
const ot = (value: string) => createTraceState().set('ot', value);

test('a trace is kept where its randomness is at least what the ratio rejects', () => {
  for (const [randomness, ratio, kept] of [
    ['80000000000000', 0.5, true],
    ['7fffffffffffff', 0.5, false],
    ['00000000000000', 1, true],
    ['c0000000000000', 0.25, true],
    ['bfffffffffffff', 0.25, false],
    ['004189374bc6a8', 0.999, true],
    ['004189374bc6a7', 0.999, false],
    ['00418937fbc6a7', 0.999, true],
    ['ffffffffffffff', 2 ** -60, false],
    ['ffffffffffffff', 2 ** -53, true],
  ] as const) {
    assert.is(isWithinRatio(traceId(randomness), undefined, ratio), kept, randomness);
    assert.is(isWithinRatio('0'.repeat(32), ot(`rv:${randomness}`), ratio), kept, `rv:${randomness}`);
    assert.is(isWithinRatio('0'.repeat(32), ot(`th:8;rv:${randomness};x:y`), ratio), kept);
  }
  for (const odd of ['rv:800000000000000', 'rv:8', 'rv:8000000000000G', 'xrv:80000000000000'])
    assert.not(isWithinRatio('0'.repeat(32), ot(odd), 0.5), odd);
});

test('the threshold has no zeros at its end, and takes the place of the one before; other fields stay', () => {
  const shown = (state: { get(key: string): string | undefined } | undefined) => state?.get('ot');
  for (const [ratio, threshold] of [
    [1, '0'],
    [0.5, '8'],
    [0.25, 'c'],
    [1 / 3, 'aaaaaaaaaaaab'],
    [2 ** -8, 'ff'],
    [0.999, '004189374bc6a8'],
  ] as const) {
    assert.is(shown(withThreshold(undefined, ratio)), `th:${threshold}`);
    assert.is(shown(withThreshold(ot('th:1;rv:123;a:b;'), ratio)), `th:${threshold};rv:123;a:b`);
  }
  assert.is(withThreshold(ot('a:b').set('vendor', '1'), 0.5).get('vendor'), '1');
});

test('without a threshold the other fields stay, and an empty member is left out', () => {
  assert.is(withoutThreshold(undefined), undefined);
  assert.is(withoutThreshold(ot('th:8'))?.get('ot'), undefined);
  assert.is(withoutThreshold(ot('th:8;rv:123;'))?.get('ot'), 'rv:123');
  assert.is(withoutThreshold(createTraceState('vendor=1'))?.serialize(), 'vendor=1');
});

test('of two thresholds the higher one holds', () => {
  for (const [before, ratio, after] of [
    ['th:8', 0.25, 'th:c'],
    ['th:c', 0.5, 'th:c'],
    ['th:8', 0.5, 'th:8'],
    ['th:0', 1, 'th:0'],
    ['th:08', 0.5, 'th:8'],
    ['rv:1;th:c', 0.5, 'rv:1;th:c'],
    ['rv:1', 0.5, 'th:8;rv:1'],
  ] as const)
    assert.is(withRaisedThreshold(ot(before), ratio).get('ot'), after, before);
  assert.is(withRaisedThreshold(undefined, 0.5).get('ot'), 'th:8');
});

test.run();
