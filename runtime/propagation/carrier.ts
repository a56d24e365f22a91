// inject() and extract() for anything that takes text by key: headers, a document, annotations, a message, an environment.

import {
  type Context,
  context as contextApi,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
} from '@opentelemetry/api';
import type { AnyFunction } from '../site/site.js';
import { activeContext, withContext } from '../span/run.js';
import { SpanwrightPropagator } from './propagator.js';

const own = new SpanwrightPropagator();

/** The propagator that was registered globally, or ours where none was. */
function propagator(): Pick<TextMapPropagator, 'inject' | 'extract'> {
  return propagation.fields().length > 0 ? propagation : own;
}

/**
 * Writes the active trace context and baggage into `carrier` and returns it.
 * @example await queue.push({ payload, headers: inject({}) });
 */
export function inject<Carrier>(
  carrier: Carrier,
  setter: TextMapSetter<Carrier> = defaultTextMapSetter,
  context?: Context,
): Carrier {
  propagator().inject(context ?? activeContext(), carrier, setter as TextMapSetter);
  return carrier;
}

/**
 * The context that a carrier brought, on top of `context` (default: the root context, so that nothing of the receiver's leaks
 * in). What is absent or malformed is absent.
 */
export function extract<Carrier>(
  carrier: Carrier,
  getter: TextMapGetter<Carrier> = defaultTextMapGetter,
  context: Context = ROOT_CONTEXT,
): Context {
  if (carrier === null || carrier === undefined) return context;
  return propagator().extract(context, carrier, getter as TextMapGetter);
}

/** Runs `fn` in the context that the carrier brought. */
export function withRemoteContext<Result>(carrier: unknown, fn: () => Result): Result {
  const context = extract(carrier);
  // through the API, so that the gate sees a sampled parent from elsewhere
  return contextApi.with(context, fn);
}

/** Runs `fn` outside any trace: a detached task whose first matching span starts a new one. */
export function detach<Result>(fn: () => Result): Result {
  return withContext(ROOT_CONTEXT, fn as AnyFunction, undefined, []) as Result;
}
