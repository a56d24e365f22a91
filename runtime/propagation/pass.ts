// The propagator in force, and writing with it by a given kind of carrier: the part of inject() that kinds themselves build on.

import { type Context, propagation, type TextMapPropagator, type TextMapSetter, trace } from '@opentelemetry/api';
import { knownContext } from '../context/active.js';
import { throughSkipped } from '../context/skipped.js';
import { isPropagatorRegistered } from '../sdk/registered.js';
import { notice } from '../warnings.js';
import { SpanwrightPropagator } from './propagator.js';

const own = new SpanwrightPropagator();

/** The propagator that is registered globally, which with `propagators = "none"` has no fields; Spanwright's where none is registered. */
export function propagator(): Pick<TextMapPropagator, 'inject' | 'extract'> {
  return isPropagatorRegistered() ? propagation : own;
}

/**
 * Writes the context (default: the active one) into a carrier. A carrier that cannot be read or written stays as it is.
 * @param kindOf returns the kind; called inside the guard, because a carrier may be a proxy that throws
 */
export function injectAs<Carrier>(
  carrier: Carrier,
  kindOf: () => TextMapSetter<Carrier>,
  context: Context = knownContext(),
): Carrier {
  try {
    propagator().inject(aroundSkipped(context), carrier, kindOf() as TextMapSetter);
  } catch (error) {
    notice('SPW018', `the carrier cannot be written: ${String(error)}`, 'inject');
  }
  return carrier;
}

/** Below a dropped span of a user's SDK the trace continues under the span above it. */
function aroundSkipped(context: Context): Context {
  const span = trace.getSpan(context);
  const counting = throughSkipped(span);
  return counting === undefined || counting === span ? context : trace.setSpan(context, counting);
}
