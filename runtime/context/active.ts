// The active context, read and set past the OpenTelemetry API where our own manager holds it. Everything that records a call
// or runs code inside one goes through here.

import { type Context, context as contextApi, ROOT_CONTEXT } from '@opentelemetry/api';
import type { AnyFunction } from '../site/site.js';
import { state } from '../state.js';

/** The context that is active now. */
export function activeContext(): Context {
  return state.ownsContext ? (state.storage.getStore() ?? ROOT_CONTEXT) : contextApi.active();
}

/** Runs `body` with `context` active. */
export function withContext(context: Context, body: AnyFunction, self: unknown, args: ArrayLike<unknown>): unknown {
  return state.ownsContext
    ? state.storage.run(context, call, body, self, args)
    : contextApi.with(context, () => Reflect.apply(body, self, args));
}

function call(body: AnyFunction, self: unknown, args: ArrayLike<unknown>): unknown {
  return Reflect.apply(body, self, args);
}
