// One site, one open span as plain data, for the admin hook, the CLI and users' code.

import { describeSite } from '../instrument/metadata.js';
import type { OpenSpan } from '../open/table.js';
import { LatencyHistogram } from '../site/latency.js';
import type { Site } from '../site/site.js';
import type { OpenSpanReport, SiteReport } from '../tracing.js';

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

export function reportSite(site: Site): SiteReport {
  return {
    ...describeSite(site),
    verdict: site.dropped ? 'drop' : site.off ? 'off' : site.ratio === 1 ? 'on' : String(site.ratio),
    root: site.root || site.when !== undefined,
    open: site.open,
    calls: site.started,
    errors: site.errors,
    latency: (site.statistics?.latency ?? NO_CALLS).report(),
    samples: [...(site.statistics?.samples ?? [])],
    failures: [...(site.statistics?.failures ?? [])],
  };
}
