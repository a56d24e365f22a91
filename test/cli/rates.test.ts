// What happened between two looks at a service: plain figures in, plain figures out.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Look, quantile, ratesBetween } from '../../cli/live/rates.js';
import type { SiteReport } from '../../runtime/tracing.js';

const BOUNDS = [1, 10, 100];

function site(id: string, calls: number, facts: Partial<SiteReport> = {}): SiteReport {
  return { id, namespace: 'n', function: id, calls, errors: 0, open: 0, latency: [calls, 0, 0, 0], ...facts } as SiteReport;
}
const look = (at: number, ...sites: SiteReport[]): Look => ({ at, bounds: BOUNDS, sites });

test('rates are growth by time, busiest first, without functions that rest', () => {
  const rates = ratesBetween(
    look(0, site('slow', 10), site('busy', 5), site('idle', 100)),
    look(2000, site('slow', 12, { errors: 2 }), site('busy', 105), site('idle', 100)),
  );
  assert.equal(
    rates.map((rate) => [rate.function, rate.callsPerSecond, rate.errorsPerSecond]),
    [
      ['busy', 50, 0],
      ['slow', 1, 1],
    ],
  );
});

test('an open call counts although nothing grows, and a new function from nothing', () => {
  const rates = ratesBetween(look(0, site('hangs', 1, { open: 1 })), look(1000, site('hangs', 1, { open: 1 }), site('new', 3)));
  assert.equal(
    rates.map((rate) => [rate.function, rate.callsPerSecond, rate.open, rate.p50Ms]),
    [
      ['new', 3, 0, 1],
      ['hangs', 0, 1, null],
    ],
  );
});

test('after a restart the counts of the new process stand for the interval', () => {
  const [rate] = ratesBetween(look(0, site('a', 1000)), look(1000, site('a', 4)));
  assert.is(rate?.callsPerSecond, 4);
});

test('a quantile is the bound of its bucket, open at the end, none without calls', () => {
  assert.is(quantile([0, 0, 0, 0], BOUNDS, 0.5), null);
  assert.is(quantile([50, 50, 0, 0], BOUNDS, 0.5), 1);
  assert.is(quantile([50, 51, 0, 0], BOUNDS, 0.5), 10);
  assert.is(quantile([95, 0, 5, 0], BOUNDS, 0.95), 1);
  assert.is(quantile([94, 0, 6, 0], BOUNDS, 0.95), 100);
  assert.is(quantile([0, 0, 0, 1], BOUNDS, 0.5), Number.POSITIVE_INFINITY);
});

test.run();
