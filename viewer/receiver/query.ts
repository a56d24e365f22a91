// Serves the receiver's spans over the read-only part of Jaeger's HTTP API (/api/services, /api/traces, /api/dependencies), so that
// clients of Jaeger (`spanwright traces`, Grafana, a script) work on a developer's machine without one. Loopback only, GET
// only; nothing is kept beyond what the receiver keeps.

import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isLoopbackAuthority } from '../../runtime/text/loopback.js';
import { asJaeger, hasTag } from '../formats/jaeger-json.js';
import type { ReceivedSpan } from './decode.js';
import { type Attribute, callsIn, endMilliseconds, serviceOf, startOf } from './spans.js';
import { groupTraces } from './tree.js';

export interface QueryServer {
  /** URL for `--jaeger` and SPANWRIGHT_JAEGER_URL, for example `http://127.0.0.1:40118`. */
  readonly url: string;
  close(): Promise<void>;
}

interface Asked {
  readonly spans: readonly ReceivedSpan[];
  readonly query: URLSearchParams;
  /** Rest of the path after the route. */
  readonly rest: string;
}

const DEFAULT_LIMIT = 20;
const DAY_MS = 86_400_000;

/** One row for each route; a handler returns `undefined` for an unknown trace. */
const ROUTES: readonly (readonly [pattern: RegExp, answer: (asked: Asked) => unknown])[] = [
  [/^\/api\/services$/, ({ spans }) => [...new Set(spans.map(serviceOf))]],
  [/^\/api\/traces\/([0-9a-f]{1,32})$/, traceById],
  [/^\/api\/traces$/, search],
  [/^\/api\/dependencies$/, dependencies],
];

/** Listens at a loopback address. @param spans asked at each request. */
export async function startQueryServer(spans: () => readonly ReceivedSpan[], host: string, port: number): Promise<QueryServer> {
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    const [status, body] = answer(request, spans());
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'x-content-type-options': 'nosniff' });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`, close: () => close(server) };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

const refusal = (status: number, msg: string): [number, unknown] => [status, { data: null, errors: [{ code: status, msg }] }];

function answer(request: IncomingMessage, spans: readonly ReceivedSpan[]): [status: number, body: unknown] {
  // a page of another site could reach a loopback port by a name of its own; it cannot set the Host header
  if (!isLoopbackAuthority(request.headers.host ?? '')) return refusal(403, 'unknown host name in the request');
  if (request.method !== 'GET') return refusal(405, 'expected GET');
  if (!URL.canParse(request.url ?? '/', 'http://localhost')) return refusal(400, 'expected a path');
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  for (const [pattern, of] of ROUTES) {
    const match = pattern.exec(pathname);
    if (match === null) continue;
    const data = of({ spans, query: searchParams, rest: match[1] ?? '' });
    if (data === undefined) return refusal(404, 'trace not found');
    return [200, { data, total: Array.isArray(data) ? data.length : 0, errors: null }];
  }
  return refusal(404, 'expected /api/services, /api/traces or /api/dependencies');
}

function traceById({ spans, rest }: Asked): unknown {
  const id = rest.padStart(32, '0');
  const found = spans.filter(({ traceId }) => traceId === id);
  return found.length === 0 ? undefined : [asJaeger(found)];
}

const numberOf = (text: string | null, fallback: number): number =>
  text !== null && /^\d+$/.test(text) ? Number(text) : fallback;

/** The tags that a search asks for: `{"error":"true"}`. */
function tagsOf(query: URLSearchParams): Attribute[] {
  try {
    return Object.entries(JSON.parse(query.get('tags') ?? '{}')).map(([key, value]) => [key, String(value)]);
  } catch {
    return [];
  }
}

/** Matches as Jaeger does: one span must be of the service, in the time, long enough, and have the tags. */
function search({ spans, query }: Asked): unknown {
  const from = numberOf(query.get('start'), 0) / 1000;
  const to = numberOf(query.get('end'), Number.MAX_SAFE_INTEGER) / 1000;
  const least = numberOf((query.get('minDuration') ?? '').replace(/us$/, ''), 0) / 1000;
  const tags = tagsOf(query);
  const matches = (span: ReceivedSpan): boolean =>
    serviceOf(span) === query.get('service') &&
    startOf(span) >= from &&
    startOf(span) <= to &&
    endMilliseconds(span) - startOf(span) >= least &&
    tags.every((tag) => hasTag(span, tag));
  return groupTraces(spans)
    .filter((trace) => trace.some(matches))
    .slice(-numberOf(query.get('limit'), DEFAULT_LIMIT))
    .reverse()
    .map(asJaeger);
}

function dependencies({ spans, query }: Asked): unknown {
  const to = numberOf(query.get('endTs'), Date.now());
  const from = to - numberOf(query.get('lookback'), DAY_MS);
  const traces = groupTraces(spans.filter((span) => startOf(span) >= from && startOf(span) <= to));
  return callsIn(traces).map(({ parent, child, count }) => ({ parent, child, callCount: count }));
}
