// The exponential histogram of call durations: its error, its bounds, and what is merged into it.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LatencyHistogram } from '../../runtime/site/latency.js';

function histogramOf(...durations: number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const ms of durations) histogram.add(ms);
  return histogram;
}

const within = (found: number | null, expected: number): void =>
  assert.ok(found !== null && Math.abs(found / expected - 1) <= 0.0454, `${found} instead of ${expected}`);

test('a quantile is exact within 4.5 % from a microsecond to hours', () => {
  for (let ms = 0.0011; ms < 6e7; ms *= 1.37) within(histogramOf(ms).quantile(0.5), ms);
});

test('a quantile equals that of the sorted durations', () => {
  const durations = Array.from({ length: 1000 }, (_, at) => 0.01 * 1.01 ** at);
  const histogram = histogramOf(...durations);
  for (const share of [0.01, 0.5, 0.95, 0.99, 1])
    within(histogram.quantile(share), durations[Math.ceil(share * 1000) - 1] as number);
});

test('a power of two is the upper bound of its bucket, as the text for Prometheus counts it', () => {
  const histogram = histogramOf(8, 8.001);
  assert.equal([histogram.countUpTo(3), histogram.countUpTo(4)], [1, 2]);
});

test('zero, negative and infinite durations count in the outermost buckets, in bounded memory', () => {
  const histogram = histogramOf(0, -1, 1e-9, 1e300, Number.POSITIVE_INFINITY);
  assert.is(histogram.count, 5);
  assert.ok(histogram.counts.length <= 36 * 8);
  assert.equal([histogram.counts[0], histogram.counts.at(-1)], [3, 2]);
});

test('merged histograms equal one of all calls, and subtracting one leaves the rest', () => {
  const [few, many] = [histogramOf(1, 12), histogramOf(90, 0.02, 7000)];
  const all = histogramOf(1, 12, 90, 0.02, 7000);
  assert.equal(new LatencyHistogram().merge(few).merge(many.report()).report(), all.report());
  const rest = new LatencyHistogram().merge(all).merge(few, -1);
  assert.equal([rest.count, rest.quantile(0.5)], [3, many.quantile(0.5)]);
});

test('without calls there is no quantile', () => {
  assert.equal([histogramOf().quantile(0.5), histogramOf().report().p95Ms], [null, null]);
});

test.run();
