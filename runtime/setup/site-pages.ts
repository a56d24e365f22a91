// Pages of sites, and sites added up by namespace. Reports are made for the rows of a page only, and the rows are selected without
// sorting the rest, so that a look at a program of 10,000 sites does not hold up its event loop.

import { LatencyHistogram } from '../site/latency.js';
import type { SiteRegistry } from '../site/registry.js';
import type { Site } from '../site/site.js';
import type { NamespaceReport, SitePage, SiteReport, SiteSort } from '../tracing.js';
import { reportSite } from './reports.js';

/** The slots of one id; nearly always one. */
type Row = Site | readonly Site[];

const first = (row: Row): Site => (Array.isArray(row) ? (row[0] as Site) : (row as Site));
const sum = (row: Row, of: (site: Site) => number): number =>
  Array.isArray(row) ? row.reduce((total, site) => total + of(site), 0) : of(row as Site);
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A total order: rows have distinct ids, so that pages fit together. */
function byName(a: Row, b: Row): number {
  const [one, other] = [first(a), first(b)];
  return (
    byText(one.namespace, other.namespace) ||
    byText(one.functionName, other.functionName) ||
    (one.line ?? 0) - (other.line ?? 0) ||
    byText(one.id, other.id)
  );
}
const mostFirst = (of: (site: Site) => number) => (a: Row, b: Row) => sum(b, of) - sum(a, of) || byName(a, b);

const ORDERS: Readonly<Record<SiteSort, (a: Row, b: Row) => number>> = {
  name: byName,
  calls: mostFirst((site) => site.started),
  errors: mostFirst((site) => site.errors),
  open: mostFirst((site) => site.open),
};

export const SITE_SORTS = Object.keys(ORDERS) as readonly SiteSort[];

/** A query with its defaults. */
export interface PageOfSites {
  readonly prefix: string;
  readonly sort: SiteSort;
  readonly offset: number;
  readonly limit: number;
}

/** The page, and the number of sites in all. */
export function pageOfSites(sites: SiteRegistry, { prefix, sort, offset, limit }: PageOfSites): SitePage {
  const rows = siteRows(sites, prefix);
  const page = smallest(rows, offset + limit, ORDERS[sort]).slice(offset, offset + limit);
  return { total: rows.length, sites: page.map(reportRow) };
}

/** Every site whose namespace begins with `prefix`, in the order of registration. */
export function reportSites(sites: SiteRegistry, prefix: string): SiteReport[] {
  return siteRows(sites, prefix).map(reportRow);
}

function siteRows(sites: SiteRegistry, prefix: string): Row[] {
  const rows: Row[] = [];
  const shared = new Map<string, Site[]>();
  for (const site of sites) {
    if (!site.namespace.startsWith(prefix)) continue;
    if (!sites.isShared(site.id)) {
      rows.push(site);
      continue;
    }
    const known = shared.get(site.id);
    if (known !== undefined) {
      known.push(site);
      continue;
    }
    const row = [site];
    shared.set(site.id, row);
    rows.push(row);
  }
  return rows;
}

/** At least the first `count` rows of the sorted list, in order, by a heap with the last of them on top. */
function smallest(rows: Row[], count: number, order: (a: Row, b: Row) => number): Row[] {
  if (count >= rows.length / 4) return rows.sort(order);
  const heap = rows.slice(0, count);
  const sink = (from: number): void => {
    const row = heap[from] as Row;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && order(heap[child + 1] as Row, heap[child] as Row) > 0) child++;
      if (order(heap[child] as Row, row) <= 0) break;
      heap[at] = heap[child] as Row;
      at = child;
    }
    heap[at] = row;
  };
  for (let at = heap.length >> 1; at >= 0 && heap.length > 0; at--) sink(at);
  for (let at = count; at < rows.length && count > 0; at++) {
    const row = rows[at] as Row;
    if (order(row, heap[0] as Row) >= 0) continue;
    heap[0] = row;
    sink(0);
  }
  return heap.sort(order);
}

function reportRow(row: Row): SiteReport {
  return Array.isArray(row) ? row.map(reportSite).reduce(addUp) : reportSite(row as Site);
}

function addUp(a: SiteReport, b: SiteReport): SiteReport {
  return {
    ...a,
    open: a.open + b.open,
    calls: a.calls + b.calls,
    errors: a.errors + b.errors,
    latency: new LatencyHistogram().merge(a.latency).merge(b.latency).report(),
    samples: [...a.samples, ...b.samples],
    failures: [...a.failures, ...b.failures],
  };
}

/** The namespaces that begin with `prefix`, by name. */
export function reportNamespaces(sites: SiteRegistry, prefix: string): NamespaceReport[] {
  const found = new Map<string, Omit<NamespaceReport, 'latency'> & { sites: number; latency: LatencyHistogram }>();
  for (const row of siteRows(sites, prefix)) {
    const site = first(row);
    let report = found.get(site.namespace);
    if (report === undefined) {
      const latency = new LatencyHistogram();
      const verdicts = { on: 0, off: 0, drop: 0 };
      report = { namespace: site.namespace, sites: 0, verdicts, open: 0, calls: 0, errors: 0, latency };
      found.set(site.namespace, report);
    }
    report.sites++;
    report.verdicts[site.dropped ? 'drop' : site.off ? 'off' : 'on']++;
    for (const slot of Array.isArray(row) ? (row as readonly Site[]) : [site]) {
      report.open += slot.open;
      report.calls += slot.started;
      report.errors += slot.errors;
      if (slot.statistics !== undefined) report.latency.merge(slot.statistics.latency);
    }
  }
  return [...found.values()]
    .sort((a, b) => byText(a.namespace, b.namespace))
    .map((report) => ({ ...report, latency: report.latency.report() }));
}
