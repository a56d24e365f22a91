// The counts through the OpenTelemetry metrics API, read by the real metrics SDK.

import { metrics, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, type Tracing } from '../../runtime/index.js';
import { state } from '../../runtime/state.js';
import { traced } from '../gate/tracing.js';

const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));

async function collected(): Promise<Map<string, { value: unknown; attributes: unknown }[]>> {
  exporter.reset();
  await reader.forceFlush();
  const all = exporter.getMetrics().flatMap((resource) => resource.scopeMetrics.flatMap((scope) => scope.metrics));
  return new Map(
    all.map((metric) => [metric.descriptor.name, metric.dataPoints.map(({ value, attributes }) => ({ value, attributes }))]),
  );
}

test('open spans by namespace and the counters have the conventional names', () =>
  traced({ enabled: true }, async () => {
    let go: () => void = () => {};
    const wait = instrument({ namespace: 'carbide::api', name: 'wait' }, () => new Promise<void>((resolve) => (go = resolve)));
    const call = wait();
    const during = await collected();
    assert.equal(during.get('otel.sdk.span.live'), [
      { value: 1, attributes: { 'code.namespace': 'carbide::api', 'otel.span.sampling_result': 'RECORD_AND_SAMPLE' } },
    ]);
    assert.equal(during.get('otel.sdk.span.started')?.[0]?.value, 1);
    assert.equal(during.get('spanwright.spans.ended')?.[0]?.value, 0);
    for (const name of ['leaked', 'refused', 'dropped', 'exported', 'failed'])
      assert.ok(during.has(`spanwright.spans.${name}`), name);
    go();
    await call;
    const after = await collected();
    assert.equal(
      after.get('otel.sdk.span.live')?.map(({ value }) => value),
      [0],
      'a namespace that has gone quiet is at 0',
    );
    assert.equal(after.get('spanwright.spans.ended')?.[0]?.value, 1);
  }));

test('only the number of open spans can decrease', () =>
  traced({ enabled: true }, async () => {
    instrument({ namespace: 'carbide::api', name: 'once' }, () => 1)();
    exporter.reset();
    await reader.forceFlush();
    const all = exporter.getMetrics().flatMap((resource) => resource.scopeMetrics.flatMap((scope) => scope.metrics));
    const sums = all.filter((metric) => metric.dataPointType === DataPointType.SUM);
    assert.ok(sums.length > 5);
    for (const { descriptor, isMonotonic } of sums)
      assert.is(isMonotonic, descriptor.name !== 'otel.sdk.span.live', descriptor.name);
  }));

test('quotes, backslashes and line ends of a namespace are escaped in the labels of the Prometheus text', () =>
  traced({ enabled: true }, ({ tracing }) => {
    instrument({ namespace: 'a"b\\c\nd', name: 'odd' }, () => 1)();
    assert.match(tracing.metrics(), 'spanwright_namespace_spans_open{namespace="a\\"b\\\\c\\nd"} 0\n');
  }));

test('after a shutdown no counts are reported, and after a second set-up the new ones are', async () => {
  let reads = 0;
  await traced({ enabled: true }, async ({ tracing }) => {
    const own = tracing as Tracing & { counts(): object };
    const { counts } = own;
    own.counts = () => {
      reads++;
      return counts.call(own);
    };
    await collected();
    assert.ok(reads > 0);
  });
  reads = 0;
  await traced({ enabled: true }, async () => {
    instrument({ namespace: 'carbide::api', name: 'again' }, () => 1)();
    assert.equal(
      (await collected()).get('otel.sdk.span.started')?.map(({ value }) => value),
      [1],
    );
  });
  assert.is(reads, 0);
});

test('the duration of each call is an OpenTelemetry histogram in seconds, by namespace', () =>
  traced({ enabled: true }, async ({ tracing }) => {
    const work = instrument({ namespace: 'duration::work', name: 'work' }, () => 1);
    for (let call = 0; call < 5; call++) work();
    const points = (await collected()).get('spanwright.call.duration') ?? [];
    const own = points.find(
      ({ attributes }) => (attributes as Record<string, unknown>)['code.namespace'] === 'duration::work',
    ) ?? { value: {} };
    const { count, sum, buckets } = own.value as { count: number; sum: number; buckets: { boundaries: number[] } };
    assert.is(count, 5);
    assert.ok(sum > 0 && sum < 60);
    const [, inText] = /_sum\{namespace="duration::work"\} (\S+)$/m.exec(tracing.metrics()) ?? [];
    assert.ok(Math.abs(sum / Number(inText) - 1) < 1e-6, `${sum} s, ${inText} s in the text`);
    assert.ok(buckets.boundaries.includes(1.024));
  }));

test('the text has the duration of calls as a classic histogram; exemplars are in OpenMetrics only', () =>
  traced({ enabled: true }, ({ tracing }) => {
    instrument({ namespace: 'text::work', name: 'work' }, () => 1)();
    const plain = tracing.metrics();
    assert.match(plain, 'spanwright_call_duration_seconds_bucket{namespace="text::work",le="+Inf"} 1\n');
    assert.match(plain, 'spanwright_call_duration_seconds_count{namespace="text::work"} 1\n');
    assert.not.match(plain, 'trace_id');
    const open = tracing.metrics({ openMetrics: true });
    assert.match(
      open,
      /^spanwright_call_duration_seconds_bucket\{namespace="text::work",le="[^"]+"\} 1 # \{trace_id="[0-9a-f]{32}",span_id="[0-9a-f]{16}"\} /m,
    );
    const [, seconds, at] = /namespace="text::work",le="[^"]+"\} 1 # \{[^}]+\} (\S+) (\S+)$/m.exec(open) ?? [];
    assert.match(open, `_sum{namespace="text::work"} ${seconds}\n`);
    assert.ok(Math.abs(Number(at) - Date.now() / 1000) < 3600, `an exemplar of ${at}`);
    assert.match(open, /^# TYPE spanwright_spans_ended counter\nspanwright_spans_ended_total 1$/m);
    assert.match(open, /# EOF\n$/);
  }));

test('an exemplar is in the one bucket of its duration, and is the call that started last', () =>
  traced({ enabled: true }, ({ tracing }) => {
    const at = Date.parse('2026-01-02T03:04:05.000Z');
    const call = (name: string, startTime: number, ms: number) => {
      const span = trace.getTracer('t').startSpan(name, { attributes: { 'code.namespace': `exact::${name}` }, startTime });
      span.setStatus({ code: SpanStatusCode.ERROR });
      span.end(startTime + ms);
      return `# {trace_id="${span.spanContext().traceId}",span_id="${span.spanContext().spanId}"}`;
    };
    const quick = call('quick', at, 1 / 128);
    const none = call('none', at, 0);
    const whole = call('whole', at, 2);
    const long = call('long', at, 5000);
    const [older, last, old] = [at + 10_000, at + 20_000, at].map((start) => call('several', start, 1.5));
    const lines = tracing.metrics({ openMetrics: true }).split('\n');
    const exemplars = (name: string) =>
      lines
        .filter((line) => line.includes(`_bucket{namespace="exact::${name}"`) && line.includes('#'))
        .map((line) => line.split('le=')[1]);
    assert.equal(exemplars('quick'), [`"0.000015625"} 1 ${quick} 0.0000078125 1767323045.0000079`]);
    assert.equal(exemplars('none'), [`"0.000015625"} 1 ${none} 0 1767323045`]);
    assert.equal(exemplars('whole'), [`"0.002"} 1 ${whole} 0.002 1767323045.002`]);
    assert.equal(exemplars('long'), [`"8.192"} 1 ${long} 5 1767323050`]);
    assert.equal(exemplars('several'), [`"0.002"} 3 ${last} 0.0015 1767323065.0015`]);
    assert.ok(older !== last && old !== last);
    for (const line of lines.filter((one) => one.includes('_bucket{')))
      assert.match(
        line,
        /^\w+\{namespace="[^"\n]*(\\.[^"\n]*)*",le="[^"]+"\} \d+( # \{trace_id="\w{32}",span_id="\w{16}"\} \S+ \S+)?$/,
      );
  }));

/** The help and the type of each metric of a text, and the names of its samples. */
function partsOf(text: string) {
  const named = (pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1]);
  return { helped: named(/^# HELP (\S+) \S/gm), typed: named(/^# TYPE (\S+) \w+$/gm), sampled: named(/^([a-z_]+)/gm) };
}

test('each metric of the text has a help and a type before its samples', () =>
  traced({ enabled: true }, ({ tracing }) => {
    instrument({ namespace: 'text::whole', name: 'work' }, () => 1)();
    const { helped, typed, sampled } = partsOf(tracing.metrics());
    assert.equal(helped, typed);
    const metrics = sampled.map((name) => name?.replace(/^(spanwright_call_duration_seconds)_\w+$/, '$1'));
    assert.equal(new Set(metrics), new Set(typed));
    assert.equal(partsOf(tracing.metrics({ openMetrics: true })).helped.length, helped.length);
  }));

test('the metric of the flag is 1 while tracing is on and 0 while it is off', () =>
  traced({ enabled: true }, ({ tracing }) => {
    assert.match(tracing.metrics(), /^spanwright_tracing_enabled 1$/m);
    tracing.setEnabled(false);
    assert.match(tracing.metrics(), /^spanwright_tracing_enabled 0$/m);
  }));

test('the buckets of the durations end at powers of two, and each holds those below it', () =>
  traced({ enabled: true }, ({ tracing }) => {
    const site = instrument({ namespace: 'text::buckets', name: 'buckets' }, () => 1);
    site();
    const [statistics] = [...state.sites].filter(({ namespace }) => namespace === 'text::buckets').map((one) => one.statistics);
    const before = statistics?.latency.sumMs ?? 0;
    for (const ms of [3, 5, 100_000]) statistics?.latency.add(ms);
    assert.match(tracing.metrics(), `_sum{namespace="text::buckets"} ${(before + 100_008) / 1000}\n`);
    const buckets = [...tracing.metrics().matchAll(/_bucket\{namespace="text::buckets",le="([^"]+)"\} (\d+)$/gm)];
    const counts = new Map(buckets.map(([, bound, count]) => [bound, Number(count)]));
    assert.equal(
      [...counts.keys()].slice(0, -1).map(Number),
      Array.from({ length: 23 }, (_, at) => 2 ** (at - 6) / 1000),
    );
    assert.equal(
      ['0.002', '0.004', '0.008', '65.536', '+Inf'].map((bound) => counts.get(bound)),
      [1, 2, 3, 3, 4],
    );
  }));

test('beyond 500 namespaces the text and the histogram sum the others under `_other`', () =>
  traced({ enabled: true }, async ({ tracing }) => {
    for (let n = 0; n < 520; n++) instrument({ namespace: `many::n${n}`, name: 'work' }, () => 1)();
    const shown = [...tracing.metrics().matchAll(/^spanwright_namespace_spans_open\{namespace="(.+)"\}/gm)].map((one) => one[1]);
    assert.is(shown.length, 501);
    assert.ok(shown.includes('_other'));
    const counted = [...tracing.metrics().matchAll(/_seconds_count\{namespace="(.+)"\} (\d+)/gm)];
    assert.is(counted.length, 501);
    assert.ok(Number(counted.find(([, name]) => name === '_other')?.[2]) >= 20);
    const points = (await collected()).get('spanwright.call.duration') ?? [];
    const others = points.find(({ attributes }) => (attributes as Record<string, unknown>)['code.namespace'] === '_other');
    assert.ok(((others?.value as { count: number } | undefined)?.count ?? 0) >= 20);
    const named = points.map(({ attributes }) => String((attributes as Record<string, unknown>)['code.namespace']));
    assert.is(named.filter((name) => name.startsWith('many::')).length, 500);
  }));

test('after a shutdown no duration is given to the meter', async () => {
  let recorder: typeof state.recorder;
  await traced({ enabled: true }, () => {
    ({ recorder } = state);
    assert.type(recorder?.onDuration, 'function');
  });
  assert.is(recorder?.onDuration, undefined);
});

test('while tracing is off no duration is measured', () =>
  traced({ enabled: false }, ({ tracing }) => {
    instrument({ namespace: 'text::off', name: 'off' }, () => 1)();
    assert.not.match(tracing.metrics(), 'text::off",le=');
  }));

test.run();
