// Handlers of the read-only routes: pages of sites, namespaces, open spans and errors, and the status of the
// export. Every answer is bounded; texts that hold data of the service (attribute values, messages of errors) are left out
// unless the token for changes was sent.

import { exporterState, tracingStatus } from '../export/exporter-state.js';
import type { CallSample } from '../site/statistics.js';
import type { SiteSort, Tracing } from '../tracing.js';
import { jsonAnswer, textAnswer } from './answer.js';
import type { AuditEntry } from './audit.js';

/** Arguments of a read-only route. */
export interface Reading {
  readonly tracing: Omit<Tracing, 'setEnabled' | 'setRules' | 'setDrop' | 'endLease' | 'forceFlush' | 'shutdown'>;
  readonly values: ReadonlyMap<string, unknown>;
  /** True when the change token was sent: only then are values of attributes and messages of errors shown. */
  readonly trusted: boolean;
  readonly audit: readonly AuditEntry[];
  readonly prefix: string;
  /** Media types that the caller reads. */
  readonly accept: string;
  /** Template of the page's links to traces. */
  readonly traceUrl: string | undefined;
}

/** The page of a list that the query asks for, with the total number. */
function pageOf<Row>(all: readonly Row[], values: Reading['values'], usual: number) {
  const { offset, limit } = boundsOf(values, usual);
  return { total: all.length, offset, limit, rows: all.slice(offset, offset + limit) };
}

function boundsOf(values: Reading['values'], usual: number): { offset: number; limit: number } {
  const limit = (values.get('limit') as number | undefined) ?? usual;
  return { offset: (values.get('offset') as number | undefined) ?? 0, limit };
}

/** The type of an error is a name in the program; its message can hold anything. */
const shown = (samples: readonly CallSample[], trusted: boolean): readonly CallSample[] =>
  trusted ? samples : samples.map((sample) => ({ ...sample, error: null }));

export function readSites({ tracing, values, trusted }: Reading): Response {
  const { offset, limit } = boundsOf(values, 100);
  const page = tracing.sitePage({
    prefix: values.get('prefix') as string | undefined,
    sort: values.get('sort') as SiteSort | undefined,
    offset,
    limit,
  });
  const sites = page.sites.map((site) => ({
    ...site,
    samples: shown(site.samples, trusted),
    failures: shown(site.failures, trusted),
  }));
  return jsonAnswer({ total: page.total, offset, limit, sites });
}

export function readNamespaces({ tracing, values }: Reading): Response {
  const all = tracing.namespaces(values.get('prefix') as string | undefined);
  const { rows, ...page } = pageOf(all, values, 1000);
  return jsonAnswer({ ...page, namespaces: rows });
}

export function readOpenSpans({ tracing, values, trusted }: Reading): Response {
  const { offset, limit } = boundsOf(values, 50);
  const spans = tracing.openSpans({ limit: offset + limit, attributes: trusted }).slice(offset);
  return jsonAnswer({ total: tracing.openCount, offset, limit, spans });
}

export function readErrors({ tracing, values, trusted }: Reading): Response {
  const { total, limit, rows } = pageOf(tracing.recentErrors(), values, 50);
  return jsonAnswer({ total, limit, errors: shown(rows, trusted) });
}

export function readHealth({ tracing }: Reading): Response {
  const state = tracing.state();
  const { enabled, endpoint, spans, revision } = state;
  const { open, exported, dropped, failed, sampledOut, queued, leaked, refused } = spans;
  const exporter = { state: exporterState(state), endpoint, exported, dropped, failed, sampledOut, queued };
  return jsonAnswer({ status: tracingStatus(state), enabled, open, leaked, refused, exporter, revision });
}

/** OpenMetrics where the caller reads it, as Prometheus does. */
export function readMetrics({ tracing, accept }: Reading): Response {
  const openMetrics = accept.includes('application/openmetrics-text');
  const type = openMetrics ? 'application/openmetrics-text; version=1.0.0' : 'text/plain; version=0.0.4';
  return textAnswer(tracing.metrics({ openMetrics }), `${type}; charset=utf-8`, { vary: 'accept' });
}
