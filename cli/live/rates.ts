// Changes between two readings of the sites of a service: calls and errors per second, and latency. Plain
// functions of data, for `spanwright top`.

import { LatencyHistogram } from '../../runtime/site/latency.js';
import type { SiteReport } from '../../runtime/tracing.js';

/** A reading of the sites, with the time on the clock of this program. */
export interface Look {
  readonly at: number;
  readonly sites: readonly SiteReport[];
}

export interface SiteRate {
  readonly namespace: string;
  readonly function: string;
  readonly open: number;
  readonly callsPerSecond: number;
  readonly errorsPerSecond: number;
  /** Null without calls. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

/** Growth of a counter; the whole value when the service has restarted since. */
const growth = (now: number, before: number | undefined) => (before === undefined || now < before ? now : now - before);

/** Busiest first: open spans count too, because a hanging call adds to no rate. */
export function ratesBetween(before: Look, now: Look): SiteRate[] {
  const seconds = Math.max(0.001, (now.at - before.at) / 1000);
  const earlier = new Map(before.sites.map((site) => [site.id, site]));
  const rates = now.sites.map((site): SiteRate => {
    const old = earlier.get(site.id);
    const latency = new LatencyHistogram().merge(site.latency);
    if (old !== undefined && old.calls <= site.calls) latency.merge(old.latency, -1);
    return {
      namespace: site.namespace,
      function: site.function,
      open: site.open,
      callsPerSecond: growth(site.calls, old?.calls) / seconds,
      errorsPerSecond: growth(site.errors, old?.errors) / seconds,
      p50Ms: latency.quantile(0.5),
      p95Ms: latency.quantile(0.95),
    };
  });
  return rates
    .filter((rate) => rate.callsPerSecond > 0 || rate.errorsPerSecond > 0 || rate.open > 0)
    .sort((a, b) => b.callsPerSecond - a.callsPerSecond || b.open - a.open);
}
