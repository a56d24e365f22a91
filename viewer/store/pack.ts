// Packed spans: JSON arrays without keys, as bytes outside the heap. 50,000 traces of ten spans as objects take over a gigabyte of
// heap; packed they take about 300 MB that garbage collection never visits. Resource attributes are shared, see trace-store.ts.

import type { ReceivedEvent, ReceivedLink, ReceivedSpan, Values } from '../receiver/decode.js';

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

export function unpackSpans(bytes: Buffer, traceId: string, resource: ReceivedSpan['resource']): ReceivedSpan[] {
  return (JSON.parse(bytes.toString()) as Packed[]).map((row) => {
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
  });
}
