// Counts of spans as metrics: Prometheus text for the admin hook, and observable instruments for the OpenTelemetry metrics API.
// Names are OpenTelemetry's where there is one (semantic conventions, SDK self-observability), ours where there is none.

import { metrics as metricsApi, type ObservableResult } from '@opentelemetry/api';
import type { SpanCounts } from '../setup/tracing.js';
import type { Site } from '../site/site.js';

/** One row per metric of the process. */
const ROWS: readonly { name: string; otel: string; type: 'counter' | 'gauge'; help: string; read(counts: SpanCounts): number }[] =
  [
    {
      name: 'otel_sdk_span_live',
      otel: 'otel.sdk.span.live',
      type: 'gauge',
      help: 'Recorded spans that have started and not ended.',
      read: (c) => c.open,
    },
    {
      name: 'otel_sdk_span_started_total',
      otel: 'otel.sdk.span.started',
      type: 'counter',
      help: 'Recorded spans started.',
      read: (c) => c.started,
    },
    {
      name: 'spanwright_spans_ended_total',
      otel: 'spanwright.spans.ended',
      type: 'counter',
      help: 'Recorded spans ended.',
      read: (c) => c.ended,
    },
    {
      name: 'spanwright_spans_leaked_total',
      otel: 'spanwright.spans.leaked',
      type: 'counter',
      help: 'Spans open beyond max_span_age, or at shutdown.',
      read: (c) => c.leaked,
    },
    {
      name: 'spanwright_spans_refused_total',
      otel: 'spanwright.spans.refused',
      type: 'counter',
      help: 'Spans not started because max_open_spans were open.',
      read: (c) => c.refused,
    },
    {
      name: 'spanwright_spans_dropped_total',
      otel: 'spanwright.spans.dropped',
      type: 'counter',
      help: 'Ended spans that did not fit into the export queue.',
      read: (c) => c.dropped,
    },
    {
      name: 'spanwright_spans_exported_total',
      otel: 'spanwright.spans.exported',
      type: 'counter',
      help: 'Spans that the receiver took.',
      read: (c) => c.exported,
    },
    {
      name: 'spanwright_spans_failed_total',
      otel: 'spanwright.spans.failed',
      type: 'counter',
      help: 'Spans whose export failed for good.',
      read: (c) => c.failed,
    },
    {
      name: 'spanwright_spans_forgotten_total',
      otel: 'spanwright.spans.forgotten',
      type: 'counter',
      help: 'Spans of traces that keep did not keep.',
      read: (c) => c.forgotten,
    },
  ];

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
  for (const row of ROWS) {
    head(row.name, row.type, row.help);
    lines.push(`${row.name} ${row.read(counts)}`);
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
  const observed = ROWS.map((row) => {
    const options = { description: row.help, unit: '{span}' };
    const live = row.otel === 'otel.sdk.span.live';
    const instrument = live
      ? meter.createObservableUpDownCounter(row.otel, options)
      : meter.createObservableCounter(row.otel, options);
    const callback = live
      ? (result: ObservableResult) => observeLive(result, sites)
      : (result: ObservableResult) => result.observe(row.read(read()));
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
