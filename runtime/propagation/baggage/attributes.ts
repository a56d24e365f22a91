// Chosen keys of baggage as attributes of the spans recorded under them. Stands in front of the span processors; a span that is
// recorded while no key was declared so costs one comparison.

import { type Context, propagation, type Span } from '@opentelemetry/api';
import type { RecordedSpan } from '../../span/recorded.js';
import type { SpanSink } from '../../span/sink.js';
import type { ResolvedKey } from './key.js';

/** One per process, however many copies of this package are loaded. */
const KEY = Symbol.for('spanwright.baggage.attributes.1');
const holder = globalThis as { [KEY]?: Map<string, ResolvedKey> };
holder[KEY] ??= new Map();
const chosen: Map<string, ResolvedKey> = holder[KEY];

export function chooseAttribute(key: ResolvedKey): void {
  if (key.attribute !== undefined) chosen.set(key.name, key);
}

/** Writes the chosen keys that the context's baggage has on a span. */
export function annotate(span: Span, context: Context): void {
  const baggage = propagation.getBaggage(context);
  if (baggage === undefined) return;
  for (const key of chosen.values()) {
    const value = key.accept(baggage.getEntry(key.name)?.value);
    if (value !== undefined) span.setAttribute(key.attribute as string, value);
  }
}

export class BaggageAttributes implements SpanSink {
  constructor(private readonly next: SpanSink) {}

  onStart(span: RecordedSpan, context: Context): void {
    if (chosen.size > 0) annotate(span, context);
    this.next.onStart(span, context);
  }
  onEnding(span: RecordedSpan): void {
    this.next.onEnding?.(span);
  }
  onEnd(span: RecordedSpan): void {
    this.next.onEnd(span);
  }
  onDiscard(span: RecordedSpan): void {
    this.next.onDiscard?.(span);
  }
  forceFlush(limitMillis?: number): Promise<void> {
    return this.next.forceFlush(limitMillis);
  }
  shutdown(): Promise<void> {
    return this.next.shutdown();
  }
}
