// Counts of spans as metrics: Prometheus text for the admin hook, and observable instruments for the OpenTelemetry metrics API.
// Names are OpenTelemetry's where there is one (semantic conventions, SDK self-observability), ours where there is none.

import { metrics as metricsApi, type ObservableResult } from '@opentelemetry/api';
import type { Site } from '../site/site.js';
import type { SpanCounts } from '../tracing.js';

/** One row per metric of the process: OpenTelemetry's name, which count it is, and what it says. All but the live spans only ever grow. */
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
  ['spanwright.spans.exported', 'exported', 'Spans that the receiver took.'],
  ['spanwright.spans.failed', 'failed', 'Spans whose export failed for good.'],
  ['spanwright.spans.forgotten', 'forgotten', 'Spans of traces that keep did not keep.'],
];

/** The count that goes down as well as up. */
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

/** Open spans of every namespace that has ever recorded: one that has gone quiet must be seen to be at 0. */
function recordedByNamespace(sites: Iterable<Site>): Map<string, number> {
  const open = new Map<string, number>();
  for (const site of sites) {
    if (site.started === 0) continue;
    const namespace = open.has(site.namespace) || open.size < NAMESPACES ? site.namespace : OTHER;
    open.set(namespace, (open.get(namespace) ?? 0) + site.open);
  }
  return open;
}

/** Prometheus text exposition format 0.0.4. `openName` is the user's own name for the count of open spans. */
export function prometheusText(counts: SpanCounts, sites: Iterable<Site>, enabled: boolean, openName: string): string {
  const lines: string[] = [];
  const head = (name: string, type: string, help: string) => lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
  head(openName, 'gauge', 'Open spans.');
  lines.push(`${openName} ${counts.open}`);
  head('spanwright_tracing_enabled', 'gauge', '1 while the effective flag is on.');
  lines.push(`spanwright_tracing_enabled ${enabled ? 1 : 0}`);
  for (const [otel, count, help] of ROWS) {
    const name = otel.replaceAll('.', '_');
    const [shown, type] = otel === LIVE ? [name, 'gauge'] : [`${name}_total`, 'counter'];
    head(shown, type, help);
    lines.push(`${shown} ${counts[count]}`);
  }
  head('spanwright_namespace_spans_open', 'gauge', 'Open spans by namespace.');
  for (const [namespace, open] of recordedByNamespace(sites)) {
    lines.push(`spanwright_namespace_spans_open{namespace="${escapeLabel(namespace)}"} ${open}`);
  }
  return `${lines.join('\n')}\n`;
}

function escapeLabel(text: string): string {
  return text.replace(/\\/gu, '\\\\').replace(/"/gu, '\\"').replace(/\n/gu, '\\n');
}

/**
 * Registers the same counts with the global meter provider: they are read when it collects, and cost nothing between. The
 * returned function takes them back.
 */
export function observe(read: () => SpanCounts, sites: Iterable<Site>): () => void {
  const meter = metricsApi.getMeter('spanwright');
  const observed = ROWS.map(([otel, count, description]) => {
    const options = { description, unit: '{span}' };
    const live = otel === LIVE;
    const instrument = live ? meter.createObservableUpDownCounter(otel, options) : meter.createObservableCounter(otel, options);
    const callback = (result: ObservableResult) => (live ? observeLive(result, sites) : result.observe(read()[count]));
    instrument.addCallback(callback);
    return () => instrument.removeCallback(callback);
  });
  return () => {
    for (const remove of observed) remove();
  };
}

function observeLive(result: ObservableResult, sites: Iterable<Site>): void {
  for (const [namespace, count] of recordedByNamespace(sites)) {
    result.observe(count, { 'code.namespace': namespace, 'otel.span.sampling_result': 'RECORD_AND_SAMPLE' });
  }
}
