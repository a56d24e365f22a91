// One span for each request of a Nest application, around middleware, guards and the controller, so that their spans share a trace. Where
// something else has started a span or has brought a context for the request, nothing is added.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Context, context, SpanStatusCode, trace } from '@opentelemetry/api';
import { SILENCED } from '../context/layer.js';
import { type StartedSpan, startSpan } from '../instrument/start-span.js';
import { extract } from '../propagation/carrier.js';
import { state } from '../state.js';

type NodeRequest = IncomingMessage & { originalUrl?: string; baseUrl?: string; route?: { path?: unknown } };

interface FastifyRequest {
  readonly raw: IncomingMessage;
  readonly routeOptions?: { readonly url?: string };
}

/** Nest's adapter of Express or Fastify. */
export interface HttpAdapter {
  getType(): string;
  getInstance(): unknown;
}

interface Application {
  /** Express. */
  use(handler: (request: NodeRequest, response: ServerResponse, next: () => void) => void): unknown;
  /** Fastify. */
  addHook(
    name: 'onRequest' | 'preParsing' | 'preHandler',
    hook: (request: FastifyRequest, reply: { readonly raw: ServerResponse }, ...rest: unknown[]) => void,
  ): unknown;
}

/** @param namespace of the spans */
export function traceRequests(adapter: HttpAdapter, namespace: string): void {
  const app = adapter.getInstance() as Application;
  if (adapter.getType() !== 'fastify') {
    app.use((request, response, next) => {
      const active = openRequest(request, response, namespace, () => {
        const { path } = request.route ?? {};
        return typeof path === 'string' ? path : undefined;
      });
      runRequest(active, next);
    });
    return;
  }
  /** Contexts by request, because the body arrives outside of the context that was active before. */
  const contexts = new WeakMap<object, Context>();
  app.addHook('onRequest', (request, reply, done) => {
    const active = openRequest(request.raw, reply.raw, namespace, () => request.routeOptions?.url);
    if (active !== undefined) contexts.set(request, active);
    runRequest(active, done as () => void);
  });
  app.addHook('preHandler', (request, _reply, done) => runRequest(contexts.get(request), done as () => void));
}

function runRequest(active: Context | undefined, work: () => void): void {
  if (active === undefined) work();
  else context.with(active, work);
}

/** Starts the span, which ends with the response. @returns the context for the request; undefined: the context is unchanged */
function openRequest(
  request: NodeRequest,
  response: ServerResponse,
  namespace: string,
  route: () => string | undefined,
): Context | undefined {
  if (state.gate.entry.idle) return undefined;
  // also for its guards
  if (state.hookRequests.has(request)) return SILENCED;
  if (trace.getSpanContext(context.active()) !== undefined) return undefined;
  const { method = 'GET', url = '/', headers } = request;
  const brought = extract(headers);
  const attributes = { 'http.request.method': method, 'url.path': url.replace(/[?#].*$/su, '') };
  const span = context.with(brought, () => startSpan(method, { namespace, kind: 'server', attributes }));
  if (!span.isRecording()) return brought;
  response.once('close', () => closeRequest(span, method, response, route()));
  return trace.setSpan(brought, span);
}

function closeRequest(span: StartedSpan, method: string, { statusCode, writableFinished }: ServerResponse, route?: string): void {
  if (route !== undefined) {
    span.updateName(`${method} ${route}`);
    span.setAttribute('http.route', route);
  }
  if (writableFinished) {
    span.setAttribute('http.response.status_code', statusCode);
    if (statusCode >= 500) span.setAttribute('error.type', String(statusCode)).setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}
