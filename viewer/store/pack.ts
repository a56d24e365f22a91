// Packed spans: JSON arrays without keys, as bytes outside the heap. 50,000 traces of ten spans as objects take over a gigabyte of
// heap; packed they take about 300 MB that garbage collection never visits. Resource attributes are shared, see trace-store.ts.

import type { ReceivedEvent, ReceivedLink, ReceivedSpan, Values } from '../receiver/decode.js';
import { failed, serviceOf } from '../receiver/spans.js';
import { namespaceIn } from './summary.js';

type Packed = [
  spanId: string,
  parentSpanId: string,
  name: string,
  kind: ReceivedSpan['kind'],
  start: string,
  end: string,
  status: ReceivedSpan['status']['code'],
  scope: string,
  attributes: Values,
  events: readonly ReceivedEvent[] | 0,
  links: readonly ReceivedLink[] | 0,
  rest?: Pick<ReceivedSpan, 'traceState' | 'flags' | 'dropped'> & { message: string; version: string; scopeAttributes: Values },
];

export function packSpans(spans: readonly ReceivedSpan[]): Buffer {
  return Buffer.from(JSON.stringify(spans.map(packed)));
}

function packed(span: ReceivedSpan): Packed {
  const { scope, status, dropped, traceState, flags } = span;
  const row: Packed = [
    span.spanId,
    span.parentSpanId,
    span.name,
    span.kind,
    span.startTimeUnixNano,
    span.endTimeUnixNano,
    status.code,
    scope.name,
    span.attributes,
    span.events.length === 0 ? 0 : span.events,
    span.links.length === 0 ? 0 : span.links,
  ];
  const lost = dropped.attributes + dropped.events + dropped.links;
  const plain = traceState === '' && status.message === '' && scope.version === '' && lost === 0;
  if (!plain || Object.keys(scope.attributes).length > 0) {
    row.push({ traceState, flags, dropped, message: status.message, version: scope.version, scopeAttributes: scope.attributes });
  }
  return row;
}

const rowsIn = (bytes: Buffer): Packed[] => JSON.parse(bytes.toString()) as Packed[];

export function unpackSpans(bytes: Buffer, traceId: string, resource: ReceivedSpan['resource']): ReceivedSpan[] {
  return rowsIn(bytes).map((row) => unpacked(row, traceId, resource));
}

function unpacked(row: Packed, traceId: string, resource: ReceivedSpan['resource']): ReceivedSpan {
  const rest = row[11];
  return {
    resource,
    scope: { name: row[7], version: rest?.version ?? '', attributes: rest?.scopeAttributes ?? {} },
    traceId,
    spanId: row[0],
    parentSpanId: row[1],
    traceState: rest?.traceState ?? '',
    flags: rest?.flags ?? 1,
    name: row[2],
    kind: row[3],
    startTimeUnixNano: row[4],
    endTimeUnixNano: row[5],
    attributes: Object.assign(Object.create(null), row[8]) as Values,
    events: row[9] === 0 ? [] : [...row[9]],
    links: row[10] === 0 ? [] : [...row[10]],
    status: { code: row[6], message: rest?.message ?? '' },
    dropped: rest?.dropped ?? { attributes: 0, events: 0, links: 0 },
  };
}

export function holdsSpan(bytes: Buffer, { spanId, kind }: Pick<ReceivedSpan, 'spanId' | 'kind'>): boolean {
  return bytes.includes(`["${spanId}"`) && rowsIn(bytes).some((row) => row[0] === spanId && row[3] === kind);
}

/** The span of an id alone, without creating the others. */
export function unpackSpan(
  bytes: Buffer,
  { traceId, spanId }: Pick<ReceivedSpan, 'traceId' | 'spanId'>,
  resource: ReceivedSpan['resource'],
): ReceivedSpan | undefined {
  const row = bytes.includes(`["${spanId}"`) ? rowsIn(bytes).find(([id]) => id === spanId) : undefined;
  return row === undefined ? undefined : unpacked(row, traceId, resource);
}

/** The part of a span that the waterfall shows. */
export interface SpanOutline
  extends Pick<ReceivedSpan, 'spanId' | 'parentSpanId' | 'name' | 'kind' | 'startTimeUnixNano' | 'endTimeUnixNano'> {
  readonly service: string;
  readonly namespace: string;
  readonly failed: boolean;
  readonly open: boolean;
  readonly events: boolean;
  readonly links: boolean;
}

/** Outlines of packed spans, in a third of the time that whole spans take: a trace may have 20,000. */
export function unpackOutlines(bytes: Buffer, resource: ReceivedSpan['resource']): SpanOutline[] {
  const service = serviceOf({ resource });
  return rowsIn(bytes).map((row) => ({
    spanId: row[0],
    parentSpanId: row[1],
    name: row[2],
    kind: row[3],
    startTimeUnixNano: row[4],
    endTimeUnixNano: row[5],
    service,
    namespace: namespaceIn(row[8]),
    failed: row[6] === 'error',
    open: false,
    events: row[9] !== 0,
    links: row[10] !== 0,
  }));
}

export function outlineOf(span: ReceivedSpan & { readonly open?: true }): SpanOutline {
  const { spanId, parentSpanId, name, kind, startTimeUnixNano, endTimeUnixNano } = span;
  return {
    spanId,
    parentSpanId,
    name,
    kind,
    startTimeUnixNano,
    endTimeUnixNano,
    service: serviceOf(span),
    namespace: namespaceIn(span.attributes),
    failed: failed(span),
    open: span.open === true,
    events: span.events.length > 0,
    links: span.links.length > 0,
  };
}
