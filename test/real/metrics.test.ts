// `spanwright.call.duration` through the user's own metrics SDK into the OpenTelemetry Collector: as explicit buckets by default, and as an
// exponential histogram with the view of docs/admin.md. A missing Collector is a printed skip, on a build server a failure.

import { metrics } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { AggregationType, MeterProvider, PeriodicExportingMetricReader, type ViewOptions } from '@opentelemetry/sdk-metrics';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument } from '../../runtime/index.js';
import { traced } from '../gate/tracing.js';
import { CONVENTIONS, groupsOf, LiveCheck, OWN_FILES, type ReceivedMetric, receivedMetrics } from './support/live-check.js';
import { OTELCOL, OtelCollector } from './support/otel-collector.js';
import { until } from './support/program.js';

const test = suite('metrics at the Collector');
const all = OTELCOL === undefined ? test.skip : test;

// biome-ignore lint/suspicious/noExplicitAny: shaped by the OTLP specification, and a wrong shape fails the comparison
type Json = any;

const sleep = instrument({ name: 'sleep', namespace: 'metrics::sleep' }, async (ms: number) => {
  await new Promise((resolve) => setTimeout(resolve, ms));
});

interface Arrived {
  readonly metric: Json;
  readonly point: Json;
  /** Durations of the recorded calls in seconds, sorted. */
  readonly took: readonly number[];
  readonly metrics: readonly ReceivedMetric[];
}

/** Records some calls, and returns the histogram as it arrived. */
async function arrived(views: ViewOptions[]): Promise<Arrived> {
  const collector = await OtelCollector.start({ receiveMetrics: true });
  const exporter = new OTLPMetricExporter({ url: collector.url });
  const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })], views });
  metrics.setGlobalMeterProvider(provider);
  try {
    return await traced({ enabled: true }, async ({ spans }) => {
      await Promise.all([3, 6, 12, 12, 24, 24, 50, 90, 180].map((ms) => sleep(ms)));
      const took = (await spans()).map(({ duration: [seconds, nanos] }) => seconds + nanos / 1e9).sort((a, b) => a - b);
      await provider.forceFlush();
      let metric: Json;
      await until(() => {
        metric = metricIn(collector.receivedMetrics());
        return metric !== undefined;
      }, 'the durations are in the file');
      const [point] = (metric.histogram ?? metric.exponentialHistogram).dataPoints;
      return { metric, point, took, metrics: receivedMetrics(collector.receivedMetrics()) };
    });
  } finally {
    await provider.shutdown();
    metrics.disable();
    await collector.remove();
  }
}

const metricIn = (requests: readonly Json[]): Json =>
  requests
    .flatMap(({ resourceMetrics }) => resourceMetrics)
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap(({ metrics }) => metrics)
    .find(({ name }) => name === 'spanwright.call.duration');

const NAMESPACE = [{ key: 'code.namespace', value: { stringValue: 'metrics::sleep' } }];

all('arrives in seconds, by namespace, in buckets that end at powers of two milliseconds', async () => {
  const { metric, point, took, metrics } = await arrived([]);
  if (CONVENTIONS !== undefined) {
    assert.equal(new LiveCheck().metrics(metrics), []);
    const names = metrics.map(({ name }) => name);
    const missing = groupsOf(OWN_FILES).filter(({ type, metric_name }) => type === 'metric' && !names.includes(metric_name));
    assert.equal(missing, [], 'metrics of the registry did not arrive');
  }
  assert.is(metric.unit, 's');
  assert.equal(point.attributes, NAMESPACE);
  const bounds: number[] = point.explicitBounds;
  const counts = [...bounds, Number.POSITIVE_INFINITY].map(
    (bound, at) => took.filter((seconds) => seconds <= bound && seconds > (bounds[at - 1] ?? -1)).length,
  );
  assert.equal(point.bucketCounts.map(Number), counts);
  assert.ok(bounds.includes(0.016) && bounds.includes(1.024));
});

all('arrives as an exponential histogram with the view of docs/admin.md, so that a quantile is exact within 4 %', async () => {
  const view = {
    instrumentName: 'spanwright.call.duration',
    aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM },
  } as const;
  const { metric, point, took } = await arrived([view]);
  assert.ok(metric.exponentialHistogram, 'it is another kind of histogram');
  assert.equal(point.attributes, NAMESPACE);
  assert.is(Number(point.count), took.length);
  const sum = took.reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(point.sum - sum) < 0.01, `the sum is ${point.sum}, the calls took ${sum}`);
  const { offset = 0, bucketCounts } = point.positive;
  const median = took[Math.floor(took.length / 2)] as number;
  let seen = 0;
  const at = bucketCounts.findIndex((count: string) => {
    seen += Number(count);
    return seen > took.length / 2;
  });
  const middle = 2 ** ((offset + at + 0.5) * 2 ** -point.scale);
  assert.ok(Math.abs(middle / median - 1) < 0.04, `the median is ${middle} in the histogram, ${median} in the spans`);
});

test.run();
