// An API over HTTP: routes behind a token, or open. Every reply names the request id, which came with the request or was made for it. The
// span of the request is that of OpenTelemetry's http instrumentation.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { trace } from '@opentelemetry/api';
import { log } from '../log.js';
import { currentRequestId, ensureRequestId, REQUEST_ID_HEADER, requestIds } from '../request-id.js';
import { type ApiCall, type ApiReply, BadRequest, FORWARDED_HEADER } from './api.js';
import { TOKEN_HEADER } from './service-client.js';

const MOST_BODY_BYTES = 64 * 1024;
const STATUS: Readonly<Record<string, number>> = { NoValidHost: 503, ServerNotFound: 404 };

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** `/v2.1/servers/:id`: at most one part that is passed to `run`. It is the name of the span too. */
  readonly path: string;
  /** No token required. */
  readonly open?: boolean;
  run(call: ApiCall, part: string): ApiReply | Promise<ApiReply>;
}

export class HttpServer {
  private readonly server: Server;
  private readonly routes: readonly (Route & { readonly pattern: RegExp })[];

  constructor(
    routes: readonly Route[],
    /** Returns the user of a token, or undefined when it is not valid. */
    private readonly identify: (token: string) => Promise<string | undefined>,
  ) {
    this.routes = [...routes, HEALTH].map((route) => ({
      ...route,
      pattern: new RegExp(`^${route.path.replaceAll('.', '\\.').replace(/:\w+/, '([\\w.-]{1,64})')}$`),
    }));
    const listener = (request: IncomingMessage, response: ServerResponse) =>
      ensureRequestId(() => void this.serve(request, response));
    this.server = createServer(requestIds.listener(listener));
  }

  /** Answers with its address. */
  async listen(port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => this.server.once('error', reject).listen(port, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Lets requests under way finish. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeIdleConnections();
    });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader(REQUEST_ID_HEADER, currentRequestId() ?? '');
    const url = new URL(request.url ?? '/', 'http://localhost');
    try {
      await answer(response, await this.serveCall(request, url));
    } catch (error) {
      const status = error instanceof BadRequest ? error.status : (STATUS[(error as Error).name] ?? 500);
      log(status >= 500 ? 'error' : 'info', 'request refused', { path: url.pathname, status, reason: String(error) });
      if (response.headersSent) response.destroy();
      else await answer(response, { status, body: { error: (error as Error).message } });
    }
  }

  private async serveCall(request: IncomingMessage, { pathname: path, searchParams: query }: URL): Promise<ApiReply> {
    const { method = 'GET', headers } = request;
    const route = this.routes.find((one) => one.method === method && one.pattern.test(path));
    if (route === undefined) throw new BadRequest(`There is nothing at ${method} ${path}.`, 404);
    trace.getActiveSpan()?.updateName(`${method} ${route.path}`).setAttribute('http.route', route.path);
    const token = String(headers[TOKEN_HEADER.toLowerCase()] ?? '');
    const user = route.open ? '' : await this.identify(token);
    if (user === undefined) throw new BadRequest(`${TOKEN_HEADER} is missing or not valid.`, 401);
    const from = headers[FORWARDED_HEADER.toLowerCase()];
    const forwardedFrom = typeof from === 'string' ? from : undefined;
    const call = { method, path, query, user, token, headers, body: await readBody(request), forwardedFrom };
    if (route !== HEALTH) log('info', 'request', { call: `${method} ${path}`, forwarded_from: forwardedFrom });
    return route.run(call, route.pattern.exec(path)?.[1] ?? '');
  }
}

const HEALTH: Route = { method: 'GET', path: '/healthz', open: true, run: () => ({ status: 200, body: {} }) };

async function answer(response: ServerResponse, { status, body, headers }: ApiReply): Promise<void> {
  if (body instanceof Readable) {
    response.writeHead(status, { 'content-type': 'application/octet-stream', ...headers });
    return pipeline(body, response);
  }
  const [type, text] = typeof body === 'string' ? ['text/plain', body] : ['application/json', `${JSON.stringify(body)}\n`];
  response.writeHead(status, { 'content-type': type, ...headers }).end(text);
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MOST_BODY_BYTES) throw new BadRequest(`The body is longer than ${MOST_BODY_BYTES} bytes.`, 413);
    chunks.push(chunk);
  }
  if (length === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw new BadRequest(`The body is not JSON: ${(error as Error).message}`);
  }
}
