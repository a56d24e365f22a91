// The HTTP server: node:http on 127.0.0.1, the API under /v1, the admin hook of tracing under /tracing, and /healthz.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { baggage } from 'spanwright';
import { log } from '../log.js';
import type { Reactor } from '../runtime-internals/reactor.js';
import { BadRequestError } from './api-error.js';
import type { Dispatcher } from './dispatcher.js';
import type { Arguments } from './routes.js';

export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Runs a request in the context that its headers bring: the caller's trace, or the signature that has it recorded. */
const inItsContext = baggage.declare({}).middleware();

const MAX_BODY_BYTES = 64 * 1024;

export class ApiServer {
  private readonly server: Server = createServer((request, response) => this.serve(request, response));

  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly admin: NodeHandler,
    private readonly reactor: Reactor,
  ) {}

  /** Answers with its address. */
  async listen(port: number): Promise<string> {
    await new Promise<void>((listening, failed) => {
      this.server.once('error', failed).listen(port, '127.0.0.1', listening);
    });
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Lets requests under way finish, takes no new ones. */
  close(): Promise<void> {
    return new Promise((closed) => {
      this.server.close(() => closed());
      this.server.closeIdleConnections();
    });
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    if (path === '/tracing' || path.startsWith('/tracing/')) this.admin(request, response);
    else if (path === '/healthz') reply(response, 200, { ok: true, polls: this.reactor.polls });
    else inItsContext(request, response, () => void this.serveApi(request, response, path));
  }

  private async serveApi(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    try {
      await this.dispatcher.handle({
        method: request.method ?? 'GET',
        path,
        arguments: () => readArguments(request),
        answer: ({ status, body }) => reply(response, status, body),
      });
    } catch (error) {
      log('error', 'request failed', { path, error });
    }
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}

async function readArguments(request: IncomingMessage): Promise<Arguments> {
  const args = new Map<string, unknown>(new URL(request.url ?? '/', 'http://localhost').searchParams);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new BadRequestError(`The body is longer than ${MAX_BODY_BYTES} bytes.`, 413);
    chunks.push(chunk);
  }
  if (length === 0) return args;
  const body = parse(Buffer.concat(chunks).toString('utf8'));
  for (const [name, value] of Object.entries(body)) args.set(name, value);
  return args;
}

function parse(text: string): object {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new BadRequestError(`The body is not JSON: ${(error as Error).message}`);
  }
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  throw new BadRequestError('The body must be a JSON object.');
}
