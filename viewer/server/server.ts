// HTTP server of the viewer: the page, the JSON API and its server-sent events. Called by `spanwright view`.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { isLoopbackAddress } from '../../runtime/text/loopback.js';
import type { Source } from './answers.js';
import { CONTENT_SECURITY_POLICY, pageAssets } from './assets.js';
import { checkChange, checkHost, checkToken, type GuardOptions } from './guard.js';
import { type ApiAnswer, ApiFault, type ApiRoute, ROUTES } from './routes.js';
import type { ViewerState } from './shapes.js';

interface ViewerServerOptions extends GuardOptions {
  readonly source: Source;
  readonly host: string;
  readonly port: number;
  state(): ViewerState;
}

interface ViewerServer {
  readonly url: string;
  /** Announces a change to the pages, at most five times a second. */
  changed(): void;
  close(): Promise<void>;
}

const MOST_BODY_BYTES = 64 * 1024 * 1024;
const MOST_STREAMS = 64;
const CHANGE_EVERY_MS = 200;
const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

const PATTERNS = ROUTES.map((route) => ({
  route,
  pattern: new RegExp(`^${route.path.replace(/:\w+/g, '([\\w-]{1,64})').replace('*', '([\\w/-]{1,80})')}$`),
}));

export async function startViewerServer(options: ViewerServerOptions): Promise<ViewerServer> {
  const streams = new Set<ServerResponse>();
  pageAssets();
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) => {
    respond(request, response, options, streams).catch((error: unknown) => sendFault(response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  let timer: NodeJS.Timeout | undefined;
  let announced = Number.NEGATIVE_INFINITY;
  const announce = (): void => {
    timer = undefined;
    announced = performance.now();
    const event = changeEvent(options.source);
    // A page that does not read misses events, not memory.
    for (const stream of streams) if (!stream.writableNeedDrain) stream.write(event);
  };
  return {
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    changed() {
      // Measured from the last event, not from the change, so that a steady stream of changes is announced at the full rate.
      const delay = Math.max(0, announced + CHANGE_EVERY_MS - performance.now());
      if (timer === undefined) timer = setTimeout(announce, delay).unref();
    },
    close: () => closeServer(server),
  };
}

function changeEvent({ store, hooks }: Source): string {
  const { revision, size: traces, counts } = store;
  const { received, releasedTraces } = counts;
  return `event: change\ndata: ${JSON.stringify({ revision, traces, received, releasedTraces, open: hooks.openCount })}\n\n`;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: ViewerServerOptions,
  streams: Set<ServerResponse>,
): Promise<void> {
  checkHost(request, options);
  const target = request.url ?? '/';
  if (!URL.canParse(target, 'http://localhost')) throw new ApiFault(400, 'expected a path');
  const { pathname, searchParams } = new URL(target, 'http://localhost');
  if (!pathname.startsWith('/api/')) return sendAsset(request, response, pathname);
  checkToken(request, options);
  if (pathname === '/api/events') return openStream(request, response, streams, changeEvent(options.source));
  const { route, parts } = routeFor(request.method ?? 'GET', pathname);
  if (route.method !== 'GET') checkChange(request);
  const body = route.method === 'POST' || route.method === 'PUT' ? await readBody(request) : '';
  const answer = await route.answer({
    source: options.source,
    query: searchParams,
    parts,
    body,
    knownTag: request.headers['if-none-match'],
    state: options.state,
  });
  sendAnswer(request, response, answer);
}

/** @throws ApiFault 404 or 405 */
function routeFor(method: string, pathname: string): { route: ApiRoute; parts: readonly string[] } {
  const matching = PATTERNS.flatMap(({ route, pattern }) => {
    const match = pattern.exec(pathname);
    return match === null ? [] : [{ route, parts: match.slice(1) }];
  });
  const found = matching.find(({ route }) => route.method === method);
  if (found !== undefined) return found;
  if (matching.length > 0) throw new ApiFault(405, `expected ${matching.map(({ route }) => route.method).join(' or ')}`);
  throw new ApiFault(404, 'there is no such route; see docs/viewer.md');
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MOST_BODY_BYTES) throw new ApiFault(413, `the body is longer than ${MOST_BODY_BYTES / 1024 / 1024} MB`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** @param event sent at once, so that a page knows the counts before anything changes */
function openStream(request: IncomingMessage, response: ServerResponse, streams: Set<ServerResponse>, event: string): void {
  if (request.method !== 'GET') throw new ApiFault(405, 'expected GET');
  if (streams.size >= MOST_STREAMS) throw new ApiFault(503, 'too many pages are open');
  response.writeHead(200, { ...SECURITY_HEADERS, 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(event);
  streams.add(response);
  response.once('close', () => streams.delete(response));
}

function sendAsset(request: IncomingMessage, response: ServerResponse, pathname: string): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') throw new ApiFault(405, 'expected GET');
  const asset = pageAssets().get(pathname);
  if (asset === undefined) throw new ApiFault(404, 'there is no such file');
  response.writeHead(200, {
    ...SECURITY_HEADERS,
    'content-type': asset.type,
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'cache-control': pathname.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
  response.end(request.method === 'HEAD' ? undefined : asset.content);
}

/** Number of bytes below which compression costs more than it saves. */
const COMPRESS_FROM = 4096;

function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { status = 200, json, text, type, file, tag }: ApiAnswer,
): void {
  let content = Buffer.from(status === 304 ? '' : (text ?? JSON.stringify(json)));
  const headers: Record<string, string> = {
    ...SECURITY_HEADERS,
    'content-type': type ?? 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    // An exported page must not run as a page of this origin.
    'content-security-policy': "default-src 'none'; sandbox",
  };
  if (tag !== undefined) headers.etag = tag;
  if (file !== undefined) headers['content-disposition'] = `attachment; filename="${file}"`;
  // Over loopback bytes cost less than compressing them.
  const local = isLoopbackAddress(request.socket.remoteAddress ?? '');
  if (!local && content.length >= COMPRESS_FROM && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) {
    content = gzipSync(content);
    headers['content-encoding'] = 'gzip';
  }
  response.writeHead(status, headers);
  response.end(content);
}

function sendFault(response: ServerResponse, error: unknown): void {
  const status = error instanceof ApiFault ? error.status : 500;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const headers = { ...SECURITY_HEADERS, 'content-type': 'application/json; charset=utf-8' };
  response.writeHead(status, status === 401 ? { ...headers, 'www-authenticate': 'Bearer realm="spanwright"' } : headers);
  response.end(JSON.stringify({ error: { message: (error as Error).message } }));
}
