// What the reading rows of the table of routes answer: pages of sites, namespaces, open spans and errors, and the health of the
// way out. Every answer is bounded; texts that hold data of the service (attribute values, messages of errors) are left out
// unless the token for changes was sent.

import { type CallSample, LATENCY_BOUNDS } from '../open/statistics.js';
import type { SiteReport, SpanCounts, Tracing } from '../tracing.js';
import { jsonAnswer } from './answer.js';
import type { AuditEntry } from './audit.js';

/** What a reading row gets. */
export interface Reading {
  readonly tracing: Omit<Tracing, 'setEnabled' | 'setRules' | 'setDrop' | 'endLease' | 'forceFlush' | 'shutdown'>;
  readonly values: ReadonlyMap<string, unknown>;
  /** True when the change token was sent: only then are values of attributes and messages of errors shown. */
  readonly trusted: boolean;
  readonly audit: readonly AuditEntry[];
  readonly prefix: string;
}

/** A namespace with what its sites count together. */
export interface NamespaceReport {
  readonly namespace: string;
  readonly sites: number;
  /** Sites by verdict: recorded (also with a ratio), switched off by a rule, dropped. */
  readonly verdicts: { on: number; off: number; drop: number };
  open: number;
  calls: number;
  errors: number;
  /** Calls per bucket of `latencyBoundsMs`. */
  readonly latency: readonly number[];
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const byName = (a: SiteReport, b: SiteReport) =>
  compare(a.namespace, b.namespace) || compare(a.function, b.function) || (a.line ?? 0) - (b.line ?? 0);
const mostFirst = (key: 'calls' | 'errors' | 'open') => (a: SiteReport, b: SiteReport) => b[key] - a[key] || byName(a, b);
const ORDERS = new Map([
  ['name', byName],
  ['calls', mostFirst('calls')],
  ['errors', mostFirst('errors')],
  ['open', mostFirst('open')],
]);

/** The page of a list that the query asks for, with what there is in all. */
function pageOf<Row>(all: readonly Row[], values: Reading['values'], usual: number) {
  const limit = (values.get('limit') as number | undefined) ?? usual;
  const offset = (values.get('offset') as number | undefined) ?? 0;
  return { total: all.length, offset, limit, rows: all.slice(offset, offset + limit) };
}

/** The type of an error is a name in the program; its message can hold anything. */
const shown = (samples: readonly CallSample[], trusted: boolean): readonly CallSample[] =>
  trusted ? samples : samples.map((sample) => ({ ...sample, error: null }));

export function readSites({ tracing, values, trusted }: Reading): Response {
  const all = tracing.sites(values.get('prefix') as string | undefined);
  const { rows, ...page } = pageOf(all.sort(ORDERS.get((values.get('sort') as string | undefined) ?? 'name')), values, 100);
  const sites = rows.map((site) => ({
    ...site,
    samples: shown(site.samples, trusted),
    failures: shown(site.failures, trusted),
  }));
  return jsonAnswer({ ...page, latencyBoundsMs: LATENCY_BOUNDS, sites });
}

function namespacesOf(sites: readonly SiteReport[]): NamespaceReport[] {
  const found = new Map<string, NamespaceReport & { sites: number; latency: number[] }>();
  for (const site of sites) {
    let report = found.get(site.namespace);
    if (report === undefined) {
      const verdicts = { on: 0, off: 0, drop: 0 };
      const latency = new Array<number>(LATENCY_BOUNDS.length + 1).fill(0);
      report = { namespace: site.namespace, sites: 0, verdicts, open: 0, calls: 0, errors: 0, latency };
      found.set(site.namespace, report);
    }
    report.sites += 1;
    report.verdicts[site.verdict === 'off' || site.verdict === 'drop' ? site.verdict : 'on'] += 1;
    report.open += site.open;
    report.calls += site.calls;
    report.errors += site.errors;
    for (const [bucket, count] of site.latency.entries()) report.latency[bucket] = (report.latency[bucket] ?? 0) + count;
  }
  return [...found.values()].sort((a, b) => compare(a.namespace, b.namespace));
}

export function readNamespaces({ tracing, values }: Reading): Response {
  const all = namespacesOf(tracing.sites(values.get('prefix') as string | undefined));
  const { rows, ...page } = pageOf(all, values, 1000);
  return jsonAnswer({ ...page, latencyBoundsMs: LATENCY_BOUNDS, namespaces: rows });
}

export function readOpenSpans({ tracing, values, trusted }: Reading): Response {
  const limit = (values.get('limit') as number | undefined) ?? 50;
  const offset = (values.get('offset') as number | undefined) ?? 0;
  const spans = tracing.openSpans({ limit: offset + limit, attributes: trusted }).slice(offset);
  return jsonAnswer({ total: tracing.openCount, offset, limit, spans });
}

export function readErrors({ tracing, values, trusted }: Reading): Response {
  const { total, limit, rows } = pageOf(tracing.recentErrors(), values, 50);
  return jsonAnswer({ total, limit, errors: shown(rows, trusted) });
}

/** How the way out is doing, as far as the counts since the start tell. */
function exporterState(built: boolean, { exported, dropped, failed }: SpanCounts): string {
  if (!built) return 'none';
  if (failed + dropped > 0) return 'losing spans';
  return exported > 0 ? 'delivering' : 'nothing sent yet';
}

export function readHealth({ tracing }: Reading): Response {
  const { enabled, recording, built, endpoint, spans, revision } = tracing.state();
  const { open, exported, dropped, failed, forgotten, leaked, refused } = spans;
  const status = built ? (recording ? 'recording' : 'off') : 'no exporter';
  const exporter = { state: exporterState(built, spans), endpoint, exported, dropped, failed, forgotten };
  return jsonAnswer({ status, enabled, open, leaked, refused, exporter, revision });
}
