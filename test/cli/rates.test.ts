// Changes between two reads of a service: plain figures in, plain figures out.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Look, ratesBetween } from '../../cli/live/rates.js';
import { LatencyHistogram } from '../../runtime/site/latency.js';
import type { SiteReport } from '../../runtime/tracing.js';

/** Latency of calls of these milliseconds. */
function latencyOf(...calls: number[]): SiteReport['latency'] {
  const histogram = new LatencyHistogram();
  for (const ms of calls) histogram.add(ms);
  return histogram.report();
}

function site(id: string, calls: number, facts: Partial<SiteReport> = {}): SiteReport {
  return {
    id,
    namespace: 'n',
    function: id,
    calls,
    errors: 0,
    open: 0,
    latency: latencyOf(...Array(calls).fill(1)),
    ...facts,
  } as SiteReport;
}
const look = (at: number, ...sites: SiteReport[]): Look => ({ at, sites });

test('rates are the growth per second, busiest first, without idle functions', () => {
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

test('an open call is listed without growth, and a new function counts from zero', () => {
  const rates = ratesBetween(look(0, site('hangs', 1, { open: 1 })), look(1000, site('hangs', 1, { open: 1 }), site('new', 3)));
  assert.equal(
    rates.map((rate) => [rate.function, rate.callsPerSecond, rate.open, rate.p50Ms === null]),
    [
      ['new', 3, 0, false],
      ['hangs', 0, 1, true],
    ],
  );
});

test('after a restart the counts of the new process are the growth of the interval', () => {
  const [rate] = ratesBetween(look(0, site('a', 1000)), look(1000, site('a', 4)));
  assert.is(rate?.callsPerSecond, 4);
});

test('latency is that of the calls between two readings', () => {
  const before = site('a', 2, { latency: latencyOf(500, 500) });
  const after = site('a', 5, { latency: latencyOf(500, 500, 12, 12, 90) });
  const [rate] = ratesBetween(look(0, before), look(1000, after));
  for (const [found, expected] of [
    [rate?.p50Ms, 12],
    [rate?.p95Ms, 90],
  ] as const) {
    assert.ok(Math.abs((found ?? 0) / expected - 1) < 0.046, `${found} instead of ${expected}`);
  }
});

test.run();
