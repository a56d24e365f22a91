// The forms in which web frameworks take something that runs before a handler, each over one function from a request to a
// context. No framework is imported: their arguments are recognized by shape.

import { type Context, context as contextApi } from '@opentelemetry/api';
import type { FromRequest } from './request.js';

type ContextOf = (request: FromRequest) => Context;

interface Incoming {
  readonly url?: string | undefined;
  /** Express and Nest: the URL before a router has cut its prefix off. */
  readonly originalUrl?: string;
}

const ofIncoming = (request: Incoming): FromRequest => ({ carrier: request, url: request.originalUrl ?? request.url ?? '' });

// biome-ignore lint/suspicious/noExplicitAny: requests and responses of every framework
type Any = any;
export type Middleware = (request: Any, response: Any, next: (error?: Any) => void) => void;

export function middleware(contextOf: ContextOf): Middleware {
  return function baggageMiddleware(request: Incoming, _response, next) {
    contextApi.with(contextOf(ofIncoming(request)), () => next());
  };
}

interface FastifyInstance {
  // biome-ignore lint/suspicious/noExplicitAny: Fastify's own types, whose versions differ
  addHook(name: any, hook: any): unknown;
}
export type FastifyPlugin = (app: FastifyInstance, options: unknown, done: () => void) => void;

/**
 * Two hooks: the parsing of a body goes on from the socket's events, which are outside the context of `onRequest`, so that
 * `preValidation` enters it again.
 */
export function fastifyPlugin(contextOf: ContextOf): FastifyPlugin {
  const contexts = new WeakMap<object, Context>();
  const plugin: FastifyPlugin = function baggagePlugin(app, _options, done) {
    app.addHook('onRequest', (request: { raw: Incoming }, _reply: unknown, next: () => void) => {
      const context = contextOf(ofIncoming(request.raw));
      contexts.set(request, context);
      contextApi.with(context, () => next());
    });
    app.addHook('preValidation', (request: object, _reply: unknown, next: () => void) => {
      contextApi.with(contexts.get(request) ?? contextApi.active(), () => next());
    });
    done();
  };
  // the hooks are for the instance that registers the plugin, not for one inside it (what fastify-plugin does)
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true });
}

export type HonoMiddleware = (context: { req: { raw: Request } }, next: () => Promise<void>) => Promise<void>;

export function honoMiddleware(contextOf: ContextOf): HonoMiddleware {
  return function baggageMiddleware({ req: { raw } }, next) {
    return contextApi.with(contextOf({ carrier: raw, url: raw.url }), next);
  };
}

export function listenerIn<Listener extends (request: never, response: never) => unknown>(
  contextOf: ContextOf,
  listener: Listener,
): Listener {
  const inContext = function (this: unknown, request: Incoming, response: unknown): unknown {
    return contextApi.with(contextOf(ofIncoming(request)), () => Reflect.apply(listener, this, [request, response]));
  };
  return inContext as unknown as Listener;
}
