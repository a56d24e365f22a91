// One request, from its head to its reply: the `request` span, which is the root of everything that the request causes, or a part of the
// caller's trace.

import { trace } from '@opentelemetry/api';
import { instrument } from 'spanwright';
import type { Reactor } from '../runtime-internals/reactor.js';
import { BadRequestError, messageOf, statusOf } from './api-error.js';
import type { Arguments, Route } from './routes.js';

export interface ApiRequest {
  method: string;
  path: string;
  /** Reads query and body; a body that cannot be read is a BadRequestError. */
  arguments(): Promise<Arguments>;
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

  /** Answers faults of the caller as a reply; throws the others, after noting their status, so that the span has failed. */
  @instrument({
    name: 'request',
    kind: 'server',
    attributes: (request: ApiRequest) => ({ 'http.request.method': request.method, 'url.path': request.path }),
    result: (reply: ApiReply) => ({ 'http.response.status_code': reply.status }),
  })
  async handle(request: ApiRequest): Promise<ApiReply> {
    try {
      const route = this.route(request);
      const [service, method] = route.rpc;
      trace.getActiveSpan()?.setAttributes({ 'http.route': route.path, 'rpc.service': service, 'rpc.method': method });
      const args = await request.arguments();
      return { status: 200, body: await this.reactor.blockOn(() => route.run(args)) };
    } catch (error) {
      const status = statusOf(error);
      if (status < 500) return { status, body: { error: messageOf(error) } };
      trace.getActiveSpan()?.setAttribute('http.response.status_code', status);
      throw error;
    }
  }

  private route({ method, path }: ApiRequest): Route {
    const here = this.routes.filter((route) => route.path === path);
    const route = here.find((one) => one.method === method);
    if (route) return route;
    if (here.length === 0) throw new BadRequestError(`There is nothing at ${path}.`, 404);
    throw new BadRequestError(`${path} takes ${here.map((one) => one.method).join(' or ')}, not ${method}.`, 405);
  }
}
