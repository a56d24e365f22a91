// Counts of spans as metrics: Prometheus text for the admin hook, and observable instruments for the OpenTelemetry metrics API.
// Names are OpenTelemetry's where there is one (semantic conventions, SDK self-observability), Spanwright's elsewhere.

import {
  type Attributes,
  createNoopMeter,
  type Meter,
  metrics as metricsApi,
  type ObservableResult,
  ROOT_CONTEXT,
  type Span,
  trace,
} from '@opentelemetry/api';
import { guarded, METER_FAULT } from '../fault.js';
import { LatencyHistogram } from '../site/latency.js';
import type { Site } from '../site/site.js';
import type { CallSample } from '../site/statistics.js';
import type { SpanCounts } from '../tracing.js';

/**
 * One row per metric of the process: OpenTelemetry's name, the count that it reports, and its description. All but the open spans are
 * counters.
 */
const ROWS: readonly (readonly [otel: string, count: keyof SpanCounts, help: string])[] = [
  ['otel.sdk.span.live', 'open', 'Recorded spans that have started and not ended.'],
  ['otel.sdk.span.started', 'started', 'Recorded spans started.'],
  ['spanwright.spans.ended', 'ended', 'Recorded spans ended.'],
  ['spanwright.spans.leaked', 'leaked', 'Spans open beyond max_span_age, or at shutdown.'],
  ['spanwright.spans.refused', 'refused', 'Spans not started because max_open_spans were open.'],
  ['spanwright.spans.too_deep', 'tooDeep', 'Calls not recorded because max_call_depth recorded calls were on the stack.'],
  ['spanwright.remote_roots.recorded', 'remoteRoots', 'Local trees of sampled remote callers recorded while tracing was off.'],
  ['spanwright.remote_roots.refused', 'remoteRefused', 'Local trees of sampled remote callers refused while tracing was off.'],
  ['spanwright.spans.dropped', 'dropped', 'Ended spans that did not fit into the export queue.'],
  ['spanwright.spans.exported', 'exported', 'Spans that the Collector accepted.'],
  ['spanwright.spans.failed', 'failed', 'Spans whose export failed for good.'],
  ['spanwright.spans.sampled_out', 'sampledOut', 'Spans of finished traces that keep did not select.'],
];

/** The one count that can decrease. */
const LIVE = 'otel.sdk.span.live';

/** Namespaces shown one by one; the rest is summed under `_other`, so that the text stays bounded. */
const NAMESPACES = 500;
const OTHER = '_other';

/** Open spans by namespace, only those that have some. */
export function openByNamespace(sites: Iterable<Site>): Record<string, number> {
  const open: Record<string, number> = Object.create(null);
  for (const [namespace, count] of recordedByNamespace(sites)) if (count > 0) open[namespace] = count;
  return open;
}

/** Open spans of every namespace that has ever recorded: so that an idle one is reported as 0. */
function recordedByNamespace(sites: Iterable<Site>): Map<string, number> {
  const open = new Map<string, number>();
  for (const site of sites) {
    if (site.started === 0) continue;
    const namespace = open.has(site.namespace) || open.size < NAMESPACES ? site.namespace : OTHER;
    open.set(namespace, (open.get(namespace) ?? 0) + site.open);
  }
  return open;
}

interface ExpositionOptions {
  readonly enabled: boolean;
  /** The user's own name for the count of open spans. */
  readonly openName: string;
  /** OpenMetrics 1.0, with exemplars, instead of Prometheus text 0.0.4. */
  readonly openMetrics: boolean;
}

/** Text that Prometheus scrapes. */
export function prometheusText(counts: SpanCounts, sites: Iterable<Site>, options: ExpositionOptions): string {
  const { enabled, openName, openMetrics } = options;
  const lines: string[] = [];
  const head = (name: string, type: string, help: string) => lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
  head(openName, 'gauge', 'Open spans.');
  lines.push(`${openName} ${counts.open}`);
  head('spanwright_tracing_enabled', 'gauge', '1 while the effective flag is on.');
  lines.push(`spanwright_tracing_enabled ${enabled ? 1 : 0}`);
  for (const [otel, count, help] of ROWS) {
    const name = otel.replaceAll('.', '_');
    const [shown, type] = otel === LIVE ? [name, 'gauge'] : [`${name}_total`, 'counter'];
    // OpenMetrics names a counter without the suffix of its samples
    head(openMetrics ? name : shown, type, help);
    lines.push(`${shown} ${counts[count]}`);
  }
  head('spanwright_namespace_spans_open', 'gauge', 'Open spans by namespace.');
  for (const [namespace, open] of recordedByNamespace(sites)) {
    lines.push(`spanwright_namespace_spans_open{namespace="${escapeLabel(namespace)}"} ${open}`);
  }
  head('spanwright_call_duration_seconds', 'histogram', 'Duration of recorded calls by namespace.');
  for (const [namespace, calls] of callsByNamespace(sites)) lines.push(...durationLines(namespace, calls, openMetrics));
  if (openMetrics) lines.push('# EOF');
  return `${lines.join('\n')}\n`;
}

/** Buckets of the text: powers of two from 2^-6 ms (16 us) to 2^16 ms (65 s), which the histogram of a site holds exactly. */
const EXPONENTS = Array.from({ length: 23 }, (_, at) => at - 6);

interface Calls {
  readonly latency: LatencyHistogram;
  readonly samples: CallSample[];
}

function callsByNamespace(sites: Iterable<Site>): Map<string, Calls> {
  const found = new Map<string, Calls>();
  for (const { namespace, statistics } of sites) {
    if (statistics === undefined) continue;
    const name = found.has(namespace) || found.size < NAMESPACES ? namespace : OTHER;
    let calls = found.get(name);
    if (calls === undefined) {
      calls = { latency: new LatencyHistogram(), samples: [] };
      found.set(name, calls);
    }
    calls.latency.merge(statistics.latency);
    calls.samples.push(...statistics.samples, ...statistics.failures);
  }
  return found;
}

function durationLines(namespace: string, { latency, samples }: Calls, exemplars: boolean): string[] {
  const [name, label] = ['spanwright_call_duration_seconds', `namespace="${escapeLabel(namespace)}"`];
  let below = Number.NEGATIVE_INFINITY; // a call may take 0 ms
  const buckets = [...EXPONENTS.map((exponent) => 2 ** exponent), Number.POSITIVE_INFINITY].map((bound, at) => {
    const count = at < EXPONENTS.length ? latency.countUpTo(EXPONENTS[at] as number) : latency.count;
    const exemplar = exemplars ? exemplarOf(samples, below, bound) : '';
    below = bound;
    return `${name}_bucket{${label},le="${Number.isFinite(bound) ? bound / 1000 : '+Inf'}"} ${count}${exemplar}`;
  });
  return [...buckets, `${name}_sum{${label}} ${latency.sumMs / 1000}`, `${name}_count{${label}} ${latency.count}`];
}

/** The last sampled call within the bucket. */
function exemplarOf(samples: readonly CallSample[], overMs: number, upToMs: number): string {
  const within = samples.filter(({ durationMs }) => durationMs > overMs && durationMs <= upToMs);
  if (within.length === 0) return '';
  const { traceId, spanId, durationMs, startedAt } = within.reduce((a, b) => (b.startedAt > a.startedAt ? b : a));
  return ` # {trace_id="${traceId}",span_id="${spanId}"} ${durationMs / 1000} ${(Date.parse(startedAt) + durationMs) / 1000}`;
}

function escapeLabel(text: string): string {
  return text.replace(/\\/gu, '\\\\').replace(/"/gu, '\\"').replace(/\n/gu, '\\n');
}

/** The part of the recorder that calls are measured through. */
interface Measured {
  onDuration: ((span: MeasuredSpan, ms: number) => void) | undefined;
}
interface MeasuredSpan {
  readonly site: Site;
  /** The span that contexts hold. */
  readonly active: Span;
}

/**
 * Registers the same counts with the global meter provider: they are read when it collects, and cost nothing between. The duration of each
 * recorded call is given to it at the end of the call, with the call's context, so that an SDK that keeps exemplars can. A meter that fails
 * is logged, and tracing goes on without its metrics. The returned function undoes all of it.
 */
export function observe(read: () => SpanCounts, sites: Iterable<Site>, measured: Measured | undefined): () => void {
  const undo: (() => void)[] = [];
  guarded(METER_FAULT, function register() {
    const meter = metricsApi.getMeter('spanwright');
    for (const [otel, count, description] of ROWS) {
      const options = { description, unit: '{span}' };
      const live = otel === LIVE;
      const instrument = live ? meter.createObservableUpDownCounter(otel, options) : meter.createObservableCounter(otel, options);
      const callback = (result: ObservableResult) => (live ? observeLive(result, sites) : result.observe(read()[count]));
      instrument.addCallback(callback);
      undo.push(guarded(METER_FAULT, () => instrument.removeCallback(callback)));
    }
    // without a meter provider a call must not pay for it
    if (measured !== undefined && meter !== createNoopMeter()) measured.onDuration = recordDurations(meter);
  })();
  return () => {
    for (const remove of undo) remove();
    if (measured !== undefined) measured.onDuration = undefined;
  };
}

function recordDurations(meter: Meter): Measured['onDuration'] {
  const histogram = meter.createHistogram('spanwright.call.duration', {
    description: 'Duration of recorded calls.',
    unit: 's',
    advice: { explicitBucketBoundaries: EXPONENTS.map((exponent) => 2 ** exponent / 1000) },
  });
  const attributesOf = new Map<string, Attributes>();
  return ({ site: { namespace }, active }, ms) => {
    let attributes = attributesOf.get(namespace);
    if (attributes === undefined) {
      attributes = { 'code.namespace': attributesOf.size < NAMESPACES ? namespace : OTHER };
      attributesOf.set(namespace, attributes);
    }
    histogram.record(ms / 1000, attributes, trace.setSpan(ROOT_CONTEXT, active));
  };
}

function observeLive(result: ObservableResult, sites: Iterable<Site>): void {
  for (const [namespace, count] of recordedByNamespace(sites)) {
    result.observe(count, { 'code.namespace': namespace, 'otel.span.sampling_result': 'RECORD_AND_SAMPLE' });
  }
}
