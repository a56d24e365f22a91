// Reports of a site, of an open span and of all counts as plain data, for the admin hook, the CLI and users' code.

import { describeSite } from '../instrument/metadata.js';
import { endAbandoned } from '../open/abandoned.js';
import type { OpenSpan } from '../open/table.js';
import { LatencyHistogram } from '../site/latency.js';
import { LEVELS, type Level } from '../site/marks.js';
import type { Site } from '../site/site.js';
import type { ProcessState } from '../state.js';
import type { OpenSpanReport, SiteReport, SpanCounts } from '../tracing.js';
import { NO_OUTCOMES, type SpanOutcomes } from './built.js';

const NO_CALLS = new LatencyHistogram();

export function reportOpenSpan(span: OpenSpan, attributes: boolean): OpenSpanReport {
  const { traceId, spanId } = span.spanContext();
  return {
    name: span.name,
    namespace: span.site.namespace,
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId ?? null,
    ageMs: Math.max(0, span.ageMs()),
    site: span.site.scope === undefined ? span.site.id : null,
    longRunning: span.site.options.longRunning,
    ...(attributes ? { attributes: { ...span.attributes } } : undefined),
  };
}

/** @param outcomes undefined where nothing is built */
export function countSpans({ open, gate }: ProcessState, outcomes: SpanOutcomes = NO_OUTCOMES): SpanCounts {
  endAbandoned(open);
  const { exported, failed, dropped, sampledOut, queued } = outcomes;
  return {
    open: open.count,
    started: open.started,
    ended: open.ended,
    leaked: open.leaked,
    refused: open.refused,
    tooDeep: open.tooDeep,
    remoteRoots: gate.remoteRoots.recorded,
    remoteRefused: gate.remoteRoots.refused,
    dropped,
    exported,
    failed,
    sampledOut,
    queued,
  };
}

/** The warning of a lease that cannot record. */
export function whyNothingIsSent(endpoint: string | null): string {
  if (endpoint === null)
    return 'No endpoint is configured, so no spans are recorded. Set OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or [tracing] otlp_endpoint and start again.';
  return `The endpoint ${JSON.stringify(endpoint)} cannot be used, so no spans are recorded. SPW002 in the log of the service names the reason.`;
}

export function reportSite(site: Site): SiteReport {
  return {
    ...describeSite(site),
    verdict: site.dropped ? 'drop' : site.off ? 'off' : site.ratio === 1 ? 'on' : String(site.ratio),
    level: LEVELS[site.options.level] as Level,
    root: site.root || site.when !== undefined,
    attributesOnly: site.options.adds !== undefined,
    rootMark: site.options.root ? 'each call' : site.options.rootMark,
    open: site.open,
    calls: site.started,
    errors: site.errors,
    latency: (site.statistics?.latency ?? NO_CALLS).report(),
    samples: [...(site.statistics?.samples ?? [])],
    failures: [...(site.statistics?.failures ?? [])],
  };
}
