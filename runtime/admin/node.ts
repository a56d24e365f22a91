// Adapts Node's request and response to the fetch-style handler: for bare node:http, and as middleware of Express, NestJS and everything
// that takes `(req, res, next)`. It adds what only a socket knows (is the peer on this machine) and decides nothing else. It never throws
// and never leaves a response open.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { state } from '../state.js';
import { isLoopbackAddress } from '../text/loopback.js';
import type { Caller } from './access.js';
import type { AdminHandler } from './handler.js';
import { drained, streamOf } from './node-body.js';
import { pathBelow } from './paths.js';

/** Properties that frameworks add to Node's request: the path before mounting, and the body when a parser has read it already. */
type FrameworkRequest = IncomingMessage & { originalUrl?: string; body?: unknown };

/** A request listener of `node:http`, and a middleware of Express and Connect. */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void) => void;

/** Headers in which proxies and content delivery networks name the original client. */
const OF_A_PROXY =
  /^(?:forwarded|via|x-(?:original-)?forwarded(?:-.+)?|x-(?:real|client|cluster-client|appengine-user)-ip|x-envoy-.+|(?:cf-connecting|true-client|fastly-client)-ip)$/;

/**
 * The caller of a Node request, for frameworks that are mounted fetch-style:
 * `app.all('/tracing/*', (c) => admin(c.req.raw, callerOf(c.env.incoming)))`.
 */
export function callerOf(request: IncomingMessage): Caller {
  const address = request.socket.remoteAddress;
  const proxied = Object.keys(request.headers).some((name) => OF_A_PROXY.test(name));
  // A Unix socket has no address. A closed connection has none either, and its answer is never read.
  const local = !proxied && (address === undefined || isLoopbackAddress(address));
  return { local, address: address ?? 'socket' };
}

/** The path with its query, also for a request line that holds a whole URL. */
function originForm(url: string): string {
  if (url.startsWith('/')) return url;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return parsed === undefined ? '/' : parsed.pathname + parsed.search;
}

const isBelow = (path: string, prefix: string) => pathBelow(path.replace(/\?.*$/s, ''), prefix) !== undefined;

function bodyOf(request: FrameworkRequest): RequestInit['body'] {
  if (request.method === 'GET' || request.method === 'HEAD') return undefined;
  if (!request.readableEnded && !request.readableDidRead) return streamOf(request);
  const { body } = request;
  if (body === undefined || body === null) return undefined;
  return typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
}

function hostOf(headers: Headers): string | undefined {
  const url = `http://${headers.get('host') ?? ''}`;
  return URL.canParse(url) ? new URL(url).host : undefined;
}

function requestFrom(request: FrameworkRequest, path: string): Request {
  const headers = new Headers();
  for (let at = 0; at + 1 < request.rawHeaders.length; at += 2) {
    const name = request.rawHeaders[at] ?? '';
    if (!name.startsWith(':')) headers.append(name, request.rawHeaders[at + 1] ?? '');
  }
  const authority = request.headers[':authority'];
  if (typeof authority === 'string') headers.set('host', authority);
  // A whole URL in the request line counts more than the Host (RFC 9112, section 3.2.2): both must be allowed, so they must agree.
  const target = URL.canParse(request.url ?? '') ? new URL(request.url ?? '').host : undefined;
  if (target !== undefined && target !== hostOf(headers)) headers.append('host', target);
  // Without a Host the handler must not see one that it allows: the reserved name is refused like that of any remote caller.
  return new Request(`http://${hostOf(headers) ?? 'host.invalid'}${path}`, {
    method: request.method ?? 'GET',
    headers,
    body: bodyOf(request),
    duplex: 'half',
  } as RequestInit);
}

async function writeResponse(answer: Response, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!request.readableEnded && !request.complete) await drained(request);
  if (response.headersSent || response.destroyed) return;
  if (!request.complete) response.setHeader('connection', 'close');
  response.statusCode = answer.status;
  answer.headers.forEach((value, name) => {
    response.setHeader(name, value);
  });
  response.end(Buffer.from(await answer.arrayBuffer()));
}

/** Remembers where the hook is mounted, so that its requests are known before they reach it. */
function rememberMount(request: FrameworkRequest, path: string, prefix: string): void {
  const whole = originForm(request.originalUrl ?? request.url ?? '/');
  if (state.hookRequests.has(request, whole)) return;
  if (isBelow(path, prefix) && whole.endsWith(path))
    state.hookRequests.addPath(whole.slice(0, whole.length - path.length) + prefix);
}

/** Answers a request at `path`, regardless of the path that the framework shows. */
export function serve(
  handler: AdminHandler,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  caller = callerOf(request),
): void {
  const fail = (): void => {
    const [status, text] = typeof Request === 'function' ? BAD_REQUEST : NO_REQUESTS;
    if (response.headersSent) response.destroy();
    else response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(text);
  };
  try {
    rememberMount(request, path, handler.prefix);
    const asked = requestFrom(request, path);
    handler(asked, caller)
      .then(async (answer) => {
        // A body that was refused unread must stop holding the request back, or draining it would wait for its whole time.
        await asked.body?.cancel().catch(() => undefined);
        await writeResponse(answer, request, response);
      })
      .catch(fail);
  } catch {
    fail(); // The method or a header is one that a Request cannot hold, such as TRACE.
  }
}

/**
 * Mounts the handler on Node: `http.createServer(toNodeHandler(handler))`, or as middleware, where requests that are not
 * under the handler's prefix go to `next()`. It may be mounted under a base path of the application. Mount it ahead of body parsers.
 */
export function toNodeHandler(handler: AdminHandler): NodeHandler {
  state.hookRequests.addPath(handler.prefix);
  return listenerOf(handler);
}

/** The same for a server that has only the hook. */
export function listenerOf(handler: AdminHandler): NodeHandler {
  return function adminMiddleware(request: FrameworkRequest, response, next) {
    // The URL as the framework left it is tried first, because a handler with the prefix "/" would else take the base path for its own.
    const paths = [request.url, request.originalUrl].map((url) => originForm(url ?? '/'));
    const path = paths.find((candidate) => isBelow(candidate, handler.prefix));
    if (path === undefined && next !== undefined) return next();
    serve(handler, request, response, path ?? paths[0] ?? '/');
  };
}

type Failure = readonly [status: number, text: string];

const BAD_REQUEST: Failure = [
  400,
  '{"error":{"code":"InvalidArgument","message":"The request cannot be represented: check method and headers."}}\n',
];
const NO_REQUESTS: Failure = [
  500,
  '{"error":{"code":"FailedPrecondition","message":"The service has no global Request, which the hook needs: jest-environment-jsdom has none. Use the environment \\"node\\"."}}\n',
];
