// One request, from its head to its reply: the `request` span, which is the root of everything that the request causes, or a part of the
// caller's trace.

import { trace } from '@opentelemetry/api';
import { instrument } from 'spanwright';
import type { Reactor } from '../runtime-internals/reactor.js';
import { BadRequestError, messageOf, statusOf } from './api-error.js';
import { audit } from './audit.js';
import type { Arguments, Route } from './routes.js';

export interface ApiRequest {
  method: string;
  path: string;
  /** Reads query and body; a body that cannot be read is a BadRequestError. */
  arguments(): Promise<Arguments>;
  /** Writes the answer: called once, while the span is active, so that the answer can name the trace (`response_header`). */
  answer(reply: ApiReply): void;
}

export interface ApiReply {
  status: number;
  body: unknown;
}

export class Dispatcher {
  constructor(
    private readonly routes: readonly Route[],
    private readonly reactor: Reactor,
  ) {}

  /** Answers each request. Faults other than the caller's are thrown after the answer, so that the span has failed. */
  @instrument({
    name: 'request',
    kind: 'server',
    attributes: (request: ApiRequest) => ({
      'carbide.trace_root': true, // see `when` in tracing.toml
      'http.request.method': request.method,
      'url.path': request.path,
    }),
    result: (reply: ApiReply) => ({ 'http.response.status_code': reply.status }),
  })
  async handle(request: ApiRequest): Promise<ApiReply> {
    try {
      const route = this.route(request);
      const [service, method] = route.rpc;
      trace.getActiveSpan()?.setAttributes({ 'http.route': route.path, 'rpc.method': `${service}/${method}` });
      const args = await request.arguments();
      audit('request', Object.fromEntries(args));
      return this.answer(request, 200, await this.reactor.blockOn(() => route.run(args)));
    } catch (error) {
      const status = statusOf(error);
      const reply = this.answer(request, status, { error: messageOf(error) });
      if (status < 500) return reply;
      trace.getActiveSpan()?.setAttribute('http.response.status_code', status);
      throw error;
    }
  }

  private answer(request: ApiRequest, status: number, body: unknown): ApiReply {
    audit('response', body);
    request.answer({ status, body });
    return { status, body };
  }

  private route({ method, path }: ApiRequest): Route {
    const here = this.routes.filter((route) => route.path === path);
    const route = here.find((one) => one.method === method);
    if (route) return route;
    if (here.length === 0) throw new BadRequestError(`There is nothing at ${path}.`, 404);
    throw new BadRequestError(`${path} takes ${here.map((one) => one.method).join(' or ')}, not ${method}.`, 405);
  }
}
