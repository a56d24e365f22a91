// Sites and open spans as plain data, for the admin hook, the CLI and users' code.

import { LATENCY_BOUNDS } from '../open/statistics.js';
import type { OpenSpan } from '../open/table.js';
import type { Site } from '../site/site.js';
import type { OpenSpanReport, SiteReport } from '../tracing.js';

const NO_CALLS: readonly number[] = new Array(LATENCY_BOUNDS.length + 1).fill(0);

/** One report per id: slots that share a place in the source are added up. */
export function reportSites(sites: Iterable<Site>, prefix: string): SiteReport[] {
  const reports = new Map<string, SiteReport>();
  for (const site of sites) {
    if (!site.namespace.startsWith(prefix)) continue;
    const report = reportSite(site);
    const known = reports.get(site.id);
    reports.set(site.id, known === undefined ? report : addUp(known, report));
  }
  return [...reports.values()];
}

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

function addUp(a: SiteReport, b: SiteReport): SiteReport {
  return {
    ...a,
    open: a.open + b.open,
    calls: a.calls + b.calls,
    errors: a.errors + b.errors,
    latency: a.latency.map((count, bucket) => count + (b.latency[bucket] ?? 0)),
    samples: [...a.samples, ...b.samples],
    failures: [...a.failures, ...b.failures],
  };
}

function reportSite(site: Site): SiteReport {
  return {
    id: site.id,
    namespace: site.namespace,
    function: site.functionName,
    name: site.spanName,
    file: site.file ?? null,
    line: site.line ?? null,
    shape: site.shape,
    verdict: site.dropped ? 'drop' : site.off ? 'off' : site.ratio === 1 ? 'on' : String(site.ratio),
    root: site.root,
    open: site.open,
    calls: site.started,
    errors: site.errors,
    latency: [...(site.statistics?.buckets ?? NO_CALLS)],
    samples: [...(site.statistics?.samples ?? [])],
    failures: [...(site.statistics?.failures ?? [])],
  };
}
