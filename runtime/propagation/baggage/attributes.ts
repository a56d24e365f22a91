// Baggage keys that are declared with an `attribute`: the spans recorded under them carry their values.

import { type Context, propagation, type Span } from '@opentelemetry/api';
import type { ResolvedKey } from './key.js';

/** One per process, however many copies of this package are loaded. */
const KEY = Symbol.for('spanwright.baggage.attributes.1');
const holder = globalThis as { [KEY]?: Map<string, ResolvedKey> };
holder[KEY] ??= new Map();
const chosen: Map<string, ResolvedKey> = holder[KEY];

export function chooseAttribute(key: ResolvedKey): void {
  if (key.attribute !== undefined) chosen.set(key.name, key);
}

/** Writes the declared keys of the context's baggage onto a span. */
export function annotate(span: Span, context: Context): void {
  if (chosen.size === 0) return;
  const baggage = propagation.getBaggage(context);
  if (baggage === undefined) return;
  for (const key of chosen.values()) {
    const value = key.accept(baggage.getEntry(key.name)?.value);
    if (value !== undefined) span.setAttribute(key.attribute as string, value);
  }
}
