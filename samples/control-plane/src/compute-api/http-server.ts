// The API over HTTP: servers behind a token, image files behind a signature. Every reply names the request id, which came with the
// request or was made for it. The span of the request is that of OpenTelemetry's http instrumentation.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { trace } from '@opentelemetry/api';
import { log } from '../log.js';
import { currentRequestId, ensureRequestId, REQUEST_ID_HEADER, requestIds } from '../request-id.js';
import type { ImageService } from './images.js';
import { TOKEN_HEADER, userOf } from './keystone-token.js';
import { type ApiCall, type ApiReply, FORWARDED_HEADER } from './neighbour.js';
import { BadRequest } from './server-request.js';
import type { Servers } from './servers.js';

const MOST_BODY_BYTES = 64 * 1024;
const STATUS: Readonly<Record<string, number>> = { NoValidHost: 503, ServerNotFound: 404 };

interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly name: string;
  run(call: ApiCall, part: string): Promise<ApiReply>;
}

export class HttpServer {
  private readonly server: Server;
  private readonly routes: readonly Route[];

  constructor(
    private readonly images: ImageService,
    servers: Servers,
    private readonly tokenKey: string,
  ) {
    this.routes = [
      { method: 'POST', path: /^\/v2\.1\/servers$/, name: '/v2.1/servers', run: (call) => servers.create(call) },
      {
        method: 'GET',
        path: /^\/v2\.1\/servers\/([0-9a-f-]{36})$/,
        name: '/v2.1/servers/:id',
        run: (call, id) => servers.show(call, id),
      },
      {
        method: 'DELETE',
        path: /^\/v2\.1\/servers\/([0-9a-f-]{36})$/,
        name: '/v2.1/servers/:id',
        run: (call, id) => servers.delete(call, id),
      },
    ];
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
      const image = /^\/v2\/images\/([\w.-]{1,64})\/file$/.exec(url.pathname);
      if (image) return await this.serveImage(response, image[1] as string, url);
      const { status, body } =
        url.pathname === '/healthz' ? { status: 200, body: {} } : await this.serveCall(request, url.pathname);
      answer(response, status, body);
    } catch (error) {
      const status = error instanceof BadRequest ? error.status : (STATUS[(error as Error).name] ?? 500);
      log(status >= 500 ? 'error' : 'info', 'request refused', { path: url.pathname, status, reason: String(error) });
      if (response.headersSent) response.destroy();
      else answer(response, status, { error: (error as Error).message });
    }
  }

  private async serveCall(request: IncomingMessage, path: string): Promise<ApiReply> {
    const { method = 'GET', headers } = request;
    const route = this.routes.find((one) => one.method === method && one.path.test(path));
    if (route === undefined) throw new BadRequest(`There is nothing at ${method} ${path}.`, 404);
    nameSpan(method, route.name);
    const token = headers[TOKEN_HEADER.toLowerCase()];
    const user = userOf(token, this.tokenKey);
    if (user === undefined) throw new BadRequest(`${TOKEN_HEADER} is missing or not valid.`, 401);
    const from = headers[FORWARDED_HEADER.toLowerCase()];
    const body = await readBody(request);
    const call = { method, path, user, token: String(token), body, forwardedFrom: typeof from === 'string' ? from : undefined };
    log('info', 'request', { call: `${method} ${path}`, forwarded_from: call.forwardedFrom });
    return route.run(call, route.path.exec(path)?.[1] ?? '');
  }

  private async serveImage(response: ServerResponse, name: string, url: URL): Promise<void> {
    nameSpan('GET', '/v2/images/:name/file');
    const file = this.images.open(name, url.pathname, url.searchParams);
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    await pipeline(file, response);
  }
}

function nameSpan(method: string, route: string): void {
  trace.getActiveSpan()?.updateName(`${method} ${route}`).setAttribute('http.route', route);
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
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
