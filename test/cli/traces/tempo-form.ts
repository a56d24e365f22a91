// Spans of a receiver, answered in the documented form of Grafana Tempo's HTTP API, because Tempo cannot be built from the
// registries that tests may use: OTLP's JSON with ids in base64, search by the TraceQL that the client writes, values of a tag.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ReceivedSpan, Value, Values } from '../../../viewer/receiver/decode.js';
import { durationOf, failed, serviceOf, startOf } from '../../../viewer/receiver/spans.js';
import { groupTraces } from '../../../viewer/receiver/tree.js';

export async function startTempo(
  spans: () => readonly ReceivedSpan[],
): Promise<{ url: string; asked: string[]; server: Server }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://tempo');
    asked.push(url.searchParams.get('q') ?? '');
    const body = answer(url, spans());
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? 'trace not found'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, server };
}

function answer({ pathname, searchParams }: URL, spans: readonly ReceivedSpan[]): unknown {
  if (pathname === '/api/search/tag/service.name/values') return { tagValues: [...new Set(spans.map(serviceOf))] };
  if (pathname === '/api/search')
    return { traces: search(searchParams, spans).map(([{ traceId } = { traceId: '' }]) => ({ traceID: traceId })) };
  const id = /^\/api\/traces\/([0-9a-f]{32})$/.exec(pathname)?.[1];
  const found = spans.filter(({ traceId }) => traceId === id);
  return found.length === 0 ? undefined : { batches: found.map(batch) };
}

function search(query: URLSearchParams, spans: readonly ReceivedSpan[]): ReceivedSpan[][] {
  const q = query.get('q') ?? '';
  const service = /resource\.service\.name="([^"]*)"/.exec(q)?.[1];
  const least = Number(/duration>=(\d+)us/.exec(q)?.[1] ?? 0) / 1000;
  const wanted = attributesIn(q);
  const matches = (span: ReceivedSpan): boolean =>
    (service === undefined || serviceOf(span) === service) &&
    durationOf([span]) >= least &&
    [...wanted].every(([key, values]) => has(span, key, values)) &&
    (!q.includes('status=error') || failed(span)) &&
    startOf(span) >= Number(query.get('start')) * 1000 &&
    startOf(span) <= Number(query.get('end')) * 1000;
  return groupTraces(spans)
    .filter((trace) => trace.some(matches))
    .reverse()
    .slice(0, Number(query.get('limit')));
}

/** Conditions on attributes of any scope; more than one value for a key are alternatives. */
function attributesIn(q: string): Map<string, unknown[]> {
  const wanted = new Map<string, unknown[]>();
  for (const [, name = '', value = ''] of q.matchAll(/(?<=[{( ])\.("(?:[^"\\]|\\.)*"|[\w.-]+)=("(?:[^"\\]|\\.)*"|[\w.-]+)/g)) {
    const key = name.startsWith('"') ? JSON.parse(name) : name;
    wanted.set(key, [...(wanted.get(key) ?? []), JSON.parse(value)]);
  }
  return wanted;
}

/** A number never equals a text, as in Tempo. */
const has = ({ attributes, resource }: ReceivedSpan, key: string, values: readonly unknown[]): boolean =>
  values.some((value) => attributes[key] === value || resource.attributes[key] === value);

const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');

function batch(span: ReceivedSpan): unknown {
  const { resource, scope, traceId, spanId, parentSpanId, kind, status, attributes, events, links, ...others } = span;
  return {
    resource: { attributes: pairs(resource.attributes) },
    scopeSpans: [
      {
        scope: { name: scope.name, version: scope.version },
        spans: [
          {
            ...others,
            traceId: base64(traceId),
            spanId: base64(spanId),
            ...(parentSpanId === '' ? {} : { parentSpanId: base64(parentSpanId) }),
            kind: `SPAN_KIND_${kind.toUpperCase()}`,
            status: status.code === 'error' ? { code: 'STATUS_CODE_ERROR', message: status.message } : {},
            attributes: pairs(attributes),
            events: events.map((event) => ({ ...event, attributes: pairs(event.attributes) })),
            links: links.map((link) => ({ ...link, traceId: base64(link.traceId), spanId: base64(link.spanId), attributes: [] })),
          },
        ],
      },
    ],
  };
}

function pairs(values: Values): unknown[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: otlpValue(value) }));
}

function otlpValue(value: Value): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(otlpValue) } };
  return { stringValue: String(value) };
}
