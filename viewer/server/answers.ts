// Values of the JSON API from the store and the admin hooks. Called by routes.ts and by the MCP server.

import { failuresOf } from '../analysis/failures.js';
import { layOut } from '../analysis/layout.js';
import type { ReceivedSpan } from '../receiver/decode.js';
import { endMilliseconds, serviceOf } from '../receiver/spans.js';
import { findTraces, type TraceFilter } from '../store/filter.js';
import { outlineOf, type SpanOutline } from '../store/pack.js';
import { namespaceIn } from '../store/summary.js';
import type { StoredTrace, TraceStore } from '../store/trace-store.js';
import type { Hooks, OpenSpan } from './hooks.js';
import {
  type FailureRow,
  FLAGS,
  type SharedTrace,
  type SpanDetail,
  type SpanRow,
  type TraceDetail,
  type TraceRow,
} from './shapes.js';

/** Sources of the answers. */
export interface Source {
  readonly store: TraceStore;
  readonly hooks: Hooks;
}

const LONGEST_REASON = 500;

export function traceRow({ store, hooks }: Source, { summary }: StoredTrace): TraceRow {
  const { id, start, end, root, services, spans, errors, rootArrived } = summary;
  return {
    id,
    start,
    durationMs: end - start,
    name: store.words.names.text(root.name),
    service: store.words.services.text(root.service),
    namespace: store.words.namespaces.text(root.namespace),
    services: services.map((service) => store.words.services.text(service)),
    spans,
    errors,
    open: hooks.open.get(id)?.length ?? 0,
    whole: rootArrived,
  };
}

/** Rows of traces of which nothing has arrived yet, because all their spans are open; oldest first. */
export function openRows({ store, hooks }: Source, most: number): TraceRow[] {
  const rows: TraceRow[] = [];
  for (const [id, spans] of hooks.open) {
    if (store.get(id) !== undefined) continue;
    const first = spans.reduce((a, b) => (b.start < a.start ? b : a));
    rows.push({
      id,
      start: first.start,
      durationMs: Date.now() - first.start,
      name: first.name,
      service: first.service,
      namespace: first.namespace,
      services: [...new Set(spans.map(({ service }) => service))],
      spans: 0,
      errors: 0,
      open: spans.length,
      whole: first.parentSpanId === null,
    });
  }
  return rows.sort((a, b) => a.start - b.start).slice(0, most);
}

/** Failures of the newest traces that match, newest trace first. */
export function failureRows(
  source: Source,
  filter: TraceFilter,
  most: number,
): { failures: FailureRow[]; unmatched: readonly string[] } {
  const { traces, unmatched } = findTraces(source.store, { ...filter, errors: true }, 'newest', most);
  const failures: FailureRow[] = [];
  for (const trace of traces) {
    if (failures.length >= most) break;
    const { id, service, name } = traceRow(source, trace);
    for (const { span, reason, passed } of failuresOf(source.store.spansOf(trace))) {
      failures.push({
        trace: id,
        span: span.spanId,
        at: endMilliseconds(span),
        name: span.name,
        service: serviceOf(span),
        namespace: namespaceIn(span.attributes),
        reason: reason.slice(0, LONGEST_REASON),
        passed: passed.map((above) => above.name),
        root: { service, name },
      });
    }
  }
  return { failures: failures.slice(0, most), unmatched };
}

/** All spans of a trace, those that are open included; undefined when nothing of it is known. */
export function spansOfTrace({ store, hooks }: Source, id: string): SpanDetail[] | undefined {
  const stored = store.get(id);
  const arrived: SpanDetail[] = stored === undefined ? [] : store.spansOf(stored);
  const open = openDetails(hooks, id, arrived);
  return arrived.length + open.length === 0 ? undefined : [...arrived, ...open];
}

/** One span of a trace, from its admin hook while it is open. */
export function spanOfTrace({ store, hooks }: Source, id: string, spanId: string): SpanDetail | undefined {
  const stored = store.get(id);
  return (
    (stored === undefined ? undefined : store.spanOf(stored, spanId)) ??
    openDetails(hooks, id, []).find((span) => span.spanId === spanId)
  );
}

/** Open spans of a trace that have not arrived yet. */
function openDetails(hooks: Hooks, id: string, arrived: readonly { readonly spanId: string }[]): SpanDetail[] {
  const open = hooks.open.get(id) ?? [];
  if (open.length === 0) return [];
  const ended = new Set(arrived.map(({ spanId }) => spanId));
  return open.filter(({ spanId }) => !ended.has(spanId)).map(openDetail);
}

function openDetail(span: OpenSpan): SpanDetail {
  const nanos = (ms: number): string => String(BigInt(Math.round(ms * 1000)) * 1000n);
  return {
    resource: { attributes: { 'service.name': span.service } },
    scope: { name: '', version: '', attributes: {} },
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId ?? '',
    traceState: '',
    flags: 1,
    name: span.name,
    kind: 'internal',
    startTimeUnixNano: nanos(span.start),
    endTimeUnixNano: nanos(Math.max(span.start, Date.now())),
    attributes: { 'code.namespace': span.namespace, ...((span.attributes ?? {}) as ReceivedSpan['attributes']) },
    events: [],
    links: [],
    status: { code: 'unset', message: '' },
    dropped: { attributes: 0, events: 0, links: 0 },
    open: true,
  };
}

/** The waterfall of a trace; undefined when nothing of it is known. */
export function traceDetail({ store, hooks }: Source, id: string): TraceDetail | undefined {
  const stored = store.get(id);
  const arrived = stored === undefined ? [] : store.outlinesOf(stored);
  const outlines = [...arrived, ...openDetails(hooks, id, arrived).map(outlineOf)];
  return outlines.length === 0 ? undefined : detailOf(id, stored?.revision ?? 0, outlines);
}

function detailOf(id: string, revision: number, outlines: readonly SpanOutline[]): TraceDetail {
  const rows = layOut(outlines);
  const [services, namespaces] = [new Map<string, number>(), new Map<string, number>()];
  const numberIn = (map: Map<string, number>, text: string): number => {
    const known = map.get(text);
    if (known !== undefined) return known;
    map.set(text, map.size);
    return map.size - 1;
  };
  const shown = rows.map(({ span, parent, depth, start, duration, self, critical }): SpanRow => {
    const flags =
      (span.failed ? FLAGS.error : 0) |
      (critical ? FLAGS.critical : 0) |
      (span.open ? FLAGS.open : 0) |
      (span.events ? FLAGS.events : 0) |
      (span.links ? FLAGS.links : 0);
    const service = numberIn(services, span.service);
    return [
      span.spanId,
      parent,
      depth,
      span.name,
      service,
      numberIn(namespaces, span.namespace),
      start,
      duration,
      self,
      span.kind,
      flags,
    ];
  });
  const end = rows.reduce((most, { start, duration }) => Math.max(most, start + duration), 0);
  const first = rows.find(({ start }) => start === 0)?.span;
  return {
    id,
    revision,
    start: first === undefined ? 0 : Number(BigInt(first.startTimeUnixNano) / 1000n) / 1000,
    durationMs: end / 1000,
    services: [...services.keys()],
    namespaces: [...namespaces.keys()],
    spans: shown,
  };
}

export function sharedTrace(id: string, spans: readonly SpanDetail[]): SharedTrace {
  return { trace: detailOf(id, 0, spans.map(outlineOf)), spans: Object.fromEntries(spans.map((span) => [span.spanId, span])) };
}
