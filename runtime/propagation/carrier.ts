// inject() and extract() for anything that takes a trace context across a boundary. Each kind of carrier (kinds.ts) is a getter and a
// setter in one; without a kind the shape of the carrier decides. Invalid values in a carrier count as absent: nothing throws.

import {
  type Context,
  context as contextApi,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  type TextMapGetter,
  type TextMapSetter,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { withContext } from '../context/active.js';
import { reportFault } from '../fault.js';
import type { AnyFunction } from '../site/site.js';
import type { CarrierKind } from './carrier-kind.js';
import { carrierKindOf } from './kinds.js';
import { injectAs, propagator } from './pass.js';
import { NO_SPAN } from './traceparent.js';

/**
 * Writes the active trace context and baggage into `carrier` and returns it. A carrier that cannot be written (frozen, headers
 * sent already) stays as it is.
 * @param kind how it is written: one of `carriers`, or any `TextMapSetter`; default by the carrier's shape
 * @example await queue.push({ payload, headers: inject({}) });
 */
export function inject<Carrier>(carrier: Carrier, kind?: TextMapSetter<NoInfer<Carrier>>, context?: Context): Carrier {
  if (carrier === null || carrier === undefined) return carrier;
  return injectAs(carrier, () => (kind ?? carrierKindOf(carrier)) as TextMapSetter, context);
}

/**
 * The context that a carrier brought, on top of `context` (default: the root context, so that nothing of the receiver's leaks
 * in). What is absent, all zero, malformed, oversized or there twice is absent.
 * @param kind how it is read: one of `carriers`, or any `TextMapGetter`; default by the carrier's shape
 */
export function extract<Carrier>(
  carrier: Carrier,
  kind?: TextMapGetter<NoInfer<Carrier>>,
  context: Context = ROOT_CONTEXT,
): Context {
  if (carrier === null || carrier === undefined) return context;
  try {
    const getter = (kind ?? carrierKindOf(carrier)) as CarrierKind;
    const extracted = propagator().extract(context, carrier, getter as TextMapGetter);
    if (getter.traceOf === undefined || trace.getSpanContext(extracted) !== trace.getSpanContext(context)) return extracted;
    const traceId = getter.traceOf(carrier);
    // a span context without a span: absent for all that ask whether it is valid, and enough to join the trace
    return traceId === undefined ? extracted : trace.setSpanContext(extracted, traceOnly(traceId));
  } catch {
    return context; // a getter of the program's own, or a proxy, that throws
  }
}

function traceOnly(traceId: string): SpanContext {
  return { traceId, spanId: NO_SPAN, traceFlags: TraceFlags.SAMPLED, isRemote: true };
}

/**
 * Runs `fn` in the context that the carrier brought.
 * @example await withRemoteContext(message, () => handle(message), carriers.amqp);
 */
export function withRemoteContext<Result, Carrier>(
  carrier: Carrier,
  fn: () => Result,
  kind?: TextMapGetter<NoInfer<Carrier>>,
): Result {
  const context = extract(carrier, kind);
  // through the API, so that the gate sees a sampled remote parent
  return contextApi.with(context, fn);
}

/**
 * Links to the spans that carriers brought, those that brought none left out: for the one span of a batch. What is not iterable has none.
 * @example class Consumer { @instrument({ links: (batch: Message[]) => linksTo(batch, carriers.amqp) }) handle(batch: Message[]) {} }
 */
export function linksTo<Carrier>(carriers: Iterable<Carrier>, kind?: TextMapGetter<NoInfer<Carrier>>): Link[] {
  const links: Link[] = [];
  try {
    for (const carrier of carriers) {
      const context = trace.getSpanContext(extract(carrier, kind));
      if (context !== undefined && trace.isSpanContextValid(context)) links.push({ context });
    }
  } catch (fault) {
    reportFault('linksTo()', fault);
  }
  return links;
}

/** Runs `fn` outside any trace: a detached task whose first matching span starts a new one. */
export function detach<Result>(fn: () => Result): Result {
  return withContext(ROOT_CONTEXT, fn as AnyFunction, undefined, []) as Result;
}
