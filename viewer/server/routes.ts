// Table of the routes of the JSON API. The server, docs/viewer.md and its test read it. All but the rows of the hooks and the import
// only read.

import { compareTraces } from '../analysis/diff.js';
import { type MapOf, mapOf } from '../analysis/map.js';
import { asJaeger } from '../formats/jaeger-json.js';
import { toOtlpJson } from '../formats/otlp-json.js';
import { readTraces } from '../formats/read.js';
import { toTraceEvents } from '../formats/trace-event.js';
import { elapsed } from '../receiver/spans.js';
import { findTraces, ORDERS, type Order, type TraceFilter } from '../store/filter.js';
import { failureRows, openRows, type Source, sharedTrace, spanOfTrace, spansOfTrace, traceDetail, traceRow } from './answers.js';
import { sharedPage } from './assets.js';
import { HOOK_ROUTES } from './hooks.js';
import type { ViewerState } from './shapes.js';

interface ApiCall {
  readonly source: Source;
  readonly query: URLSearchParams;
  /** Parts of the path that the pattern names. */
  readonly parts: readonly string[];
  readonly body: string;
  /** Entity tag of the answer that the caller has, from `if-none-match`. */
  readonly knownTag: string | undefined;
  state(): ViewerState;
}

/** An answer: JSON, unless a type is given. */
export interface ApiAnswer {
  readonly status?: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly type?: string;
  /** Entity tag, which changes with the answer. */
  readonly tag?: string;
  /** Offered as a download under this name. */
  readonly file?: string;
}

export interface ApiRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly summary: string;
  readonly query?: readonly (readonly [name: string, summary: string])[];
  answer(call: ApiCall): ApiAnswer | Promise<ApiAnswer>;
}

/** A fault of the request; answered with its status and message. */
export class ApiFault extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export const FILTER_QUERY: NonNullable<ApiRoute['query']> = [
  ['text', 'part of a span name, service or namespace, or the start of a trace id'],
  ['service', 'name of a service in the trace'],
  ['namespace', 'a namespace and what is below it'],
  ['attribute', '`key=value` or `key`; may be repeated'],
  ['errors', '`true`: only traces with an error'],
  ['open', '`true`: only traces with an open span'],
  ['min', 'shortest duration, milliseconds'],
  ['max', 'longest duration, milliseconds'],
  ['from', 'earliest start, milliseconds since the epoch'],
  ['to', 'latest start, milliseconds since the epoch'],
];
const MOST_ROWS = 1000;
/** Traces that a map or a comparison reads: the newest that match. */
const MOST_ANALYSED = 2000;
const MOST_OPEN_ROWS = 50;
const LIMIT_QUERY = ['limit', `rows, at most ${MOST_ROWS}; default 100`] as const;

export const ROUTES: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/api/state',
    summary: 'Counts, endpoints, hooks, and the names of services and namespaces.',
    answer: ({ state }) => ({ json: state() }),
  },
  {
    method: 'GET',
    path: '/api/traces',
    summary: 'Traces that match a filter, and those of which all spans are open.',
    query: [...FILTER_QUERY, ['order', ORDERS.join(', ')], LIMIT_QUERY],
    answer({ source, query }) {
      const filter = filterOf(source, query);
      const { traces, matched, unmatched } = findTraces(source.store, filter, orderOf(query), limitOf(query, 100));
      const plain = Object.keys(filter).every((name) => name === 'among');
      const open = plain ? openRows(source, MOST_OPEN_ROWS) : [];
      const rows = traces.map((trace) => traceRow(source, trace));
      return { json: { revision: source.store.revision, traces: [...open, ...rows], matched, unmatched } };
    },
  },
  {
    method: 'GET',
    path: '/api/traces/:trace',
    summary: 'Rows of the waterfall of one trace: structure, times, self time, critical path.',
    answer(call) {
      const [{ store, hooks }, id] = [call.source, idOf(call)];
      const stored = store.get(id);
      // The duration of an open span grows without a change of the store.
      const tag = stored === undefined || hooks.open.has(id) ? undefined : `"${STARTED}-${stored.revision}"`;
      if (tag !== undefined && tag === call.knownTag) return { status: 304, tag };
      const detail = traceDetail(call.source, id);
      if (detail === undefined) throw new ApiFault(404, NO_TRACE);
      return { json: detail, ...(tag && { tag }) };
    },
  },
  {
    method: 'GET',
    path: '/api/traces/:trace/spans/:span',
    summary: 'One span with all that arrived of it.',
    answer(call) {
      const span = spanOfTrace(call.source, idOf(call), call.parts[1] ?? '');
      if (span === undefined) throw new ApiFault(404, 'there is no such span');
      return { json: span };
    },
  },
  {
    method: 'GET',
    path: '/api/traces/:trace/export',
    summary: 'The trace as a file.',
    query: [['format', '`otlp`, `jaeger`, `trace-event` (Perfetto, Chrome) or `html` (one page that needs nothing else)']],
    answer: exportTrace,
  },
  {
    method: 'POST',
    path: '/api/import',
    summary: 'Adds traces: OTLP JSON, Jaeger JSON, or lines of `spanwright receive --json`.',
    answer({ source, body }) {
      try {
        const spans = readTraces(body);
        source.store.add(spans);
        return { json: { spans: spans.length, traces: [...new Set(spans.map(({ traceId }) => traceId))].slice(0, 100) } };
      } catch (error) {
        throw new ApiFault(400, (error as Error).message);
      }
    },
  },
  {
    method: 'GET',
    path: '/api/errors',
    summary: 'Failures in the traces that match, newest first; a failure is one row, at the span where it arose.',
    query: [...FILTER_QUERY, LIMIT_QUERY],
    answer: ({ source, query }) => ({ json: failureRows(source, filterOf(source, query), limitOf(query, 100)) }),
  },
  {
    method: 'GET',
    path: '/api/open',
    summary: 'Open spans of the services whose admin hook is known, oldest first.',
    query: [['service', 'name of a service'], LIMIT_QUERY],
    answer({ source, query }) {
      const service = query.get('service');
      const spans = [...source.hooks.open.values()].flat().filter((span) => !service || span.service === service);
      const hooks = source.hooks.hooks.map(({ url, service, reachable }) => ({ url, service, reachable }));
      return {
        json: { hooks, total: spans.length, spans: spans.sort((a, b) => a.start - b.start).slice(0, limitOf(query, 100)) },
      };
    },
  },
  {
    method: 'GET',
    path: '/api/map',
    summary: `Services or namespaces and the calls between them, over the newest ${MOST_ANALYSED} traces that match.`,
    query: [['by', '`services` or `namespaces`'], ...FILTER_QUERY],
    answer({ source, query }) {
      const by = (query.get('by') ?? 'services') as MapOf;
      if (by !== 'services' && by !== 'namespaces') throw new ApiFault(400, '"by" must be services or namespaces');
      const { traces } = findTraces(source.store, filterOf(source, query), 'newest', MOST_ANALYSED);
      return {
        json: mapOf(
          traces.map((trace) => source.store.spansOf(trace)),
          by,
        ),
      };
    },
  },
  {
    method: 'GET',
    path: '/api/diff',
    summary: 'What differs between trace `a` and trace `b`; or, without them, between the slow traces that match and the others.',
    query: [
      ['a', 'the trace that is slow'],
      ['b', 'the trace to compare it with'],
      ['over', 'duration from which a trace is slow, milliseconds; default: the slowest tenth'],
      ...FILTER_QUERY,
    ],
    answer: ({ source, query }) => ({ json: differenceOf(source, query) }),
  },
  ...(['GET', 'PUT', 'POST', 'DELETE'] as const).map(
    (method): ApiRoute => ({
      method,
      path: '/api/hooks/:number/*',
      summary: HOOK_ROUTES[method],
      async answer({ source, parts, query, body }) {
        const path = `${parts[1] ?? ''}${query.size === 0 ? '' : `?${query}`}`;
        const answer = await source.hooks.forward(
          Number(parts[0]),
          method,
          path,
          method === 'PUT' || method === 'POST' ? body : undefined,
        );
        if (answer === undefined) throw new ApiFault(404, 'there is no such hook, or it has no such route');
        return { status: answer.status, text: answer.text, type: 'application/json; charset=utf-8' };
      },
    }),
  ),
];

/** @throws ApiFault naming the parameter. */
function filterOf({ hooks }: Source, query: URLSearchParams): TraceFilter {
  const text = (name: string): Record<string, string> => {
    const value = query.get(name);
    return value ? { [name]: value } : {};
  };
  const numeric = (name: string, field: string): Record<string, number> => {
    const value = query.get(name);
    if (!value) return {};
    if (!Number.isFinite(Number(value))) throw new ApiFault(400, `"${name}" must be a number`);
    return { [field]: Number(value) };
  };
  const attributes = query.getAll('attribute').filter(Boolean).slice(0, 20);
  return {
    ...text('text'),
    ...text('service'),
    ...text('namespace'),
    ...(attributes.length === 0 ? {} : { attributes }),
    ...(query.get('errors') === 'true' ? { errors: true } : {}),
    ...(query.get('open') === 'true' ? { among: hooks.open } : {}),
    ...numeric('min', 'minMs'),
    ...numeric('max', 'maxMs'),
    ...numeric('from', 'from'),
    ...numeric('to', 'to'),
  };
}

function orderOf(query: URLSearchParams): Order {
  const order = (query.get('order') || 'newest') as Order;
  if (!ORDERS.includes(order)) throw new ApiFault(400, `"order" must be one of ${ORDERS.join(', ')}`);
  return order;
}

function limitOf(query: URLSearchParams, usual: number): number {
  const limit = Number(query.get('limit') || usual);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MOST_ROWS) return limit;
  throw new ApiFault(400, `"limit" must be a whole number from 1 to ${MOST_ROWS}`);
}

const NO_TRACE = 'there is no such trace; it may have been released to make room';
/** Part of the entity tags, because revisions start again with the process. */
const STARTED = Date.now().toString(36);

const idOf = ({ parts }: ApiCall): string => (parts[0] ?? '').toLowerCase().padStart(32, '0');

function spansOf(call: ApiCall) {
  const spans = spansOfTrace(call.source, idOf(call));
  if (spans === undefined) throw new ApiFault(404, NO_TRACE);
  return spans;
}

function exportTrace(call: ApiCall): ApiAnswer {
  const [id, spans] = [idOf(call), spansOf(call)];
  const format = call.query.get('format') ?? 'otlp';
  if (format === 'otlp') return { json: toOtlpJson(spans), file: `trace-${id}.otlp.json` };
  if (format === 'jaeger') return { json: { data: [asJaeger(spans)] }, file: `trace-${id}.jaeger.json` };
  if (format === 'trace-event') return { json: toTraceEvents(spans), file: `trace-${id}.trace-event.json` };
  if (format === 'html')
    return { text: sharedPage(sharedTrace(id, spans)), type: 'text/html; charset=utf-8', file: `trace-${id}.html` };
  throw new ApiFault(400, '"format" must be otlp, jaeger, trace-event or html');
}

function differenceOf(source: Source, query: URLSearchParams): unknown {
  const [a, b] = [query.get('a'), query.get('b')];
  if (a || b) {
    const [slow, normal] = [a, b].map((id) => spansOfTrace(source, (id ?? '').padStart(32, '0')));
    if (slow === undefined || normal === undefined) throw new ApiFault(404, '"a" and "b" must be ids of traces that are here');
    return compareTraces([slow], [normal]);
  }
  const { traces } = findTraces(source.store, filterOf(source, query), 'newest', MOST_ANALYSED);
  if (traces.length < 2) throw new ApiFault(404, 'fewer than two traces match; there is nothing to compare');
  const durationOf = ({ summary }: (typeof traces)[number]): number => elapsed(summary.start, summary.end);
  const sorted = [...traces].sort((x, y) => durationOf(y) - durationOf(x));
  const over = query.get('over')
    ? Number(query.get('over'))
    : durationOf(sorted[Math.max(0, Math.ceil(sorted.length / 10) - 1)] as never);
  if (!Number.isFinite(over)) throw new ApiFault(400, '"over" must be a number of milliseconds');
  const groups = [
    traces.filter((trace) => durationOf(trace) >= over),
    traces.filter((trace) => durationOf(trace) < over),
  ] as const;
  if (groups[0].length === 0 || groups[1].length === 0)
    throw new ApiFault(404, 'no trace is over that duration, or every one is');
  return {
    overMs: over,
    ...compareTraces(...(groups.map((group) => group.map((trace) => source.store.spansOf(trace))) as [never, never])),
  };
}
