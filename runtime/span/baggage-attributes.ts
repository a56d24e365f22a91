// Sink in front of the span processors that writes the chosen baggage keys on each new span.

import type { Context } from '@opentelemetry/api';
import { annotate } from '../propagation/baggage/attributes.js';
import type { RecordedSpan } from './recorded.js';
import type { SpanSink } from './sink.js';

export class BaggageAttributes implements SpanSink {
  constructor(private readonly next: SpanSink) {}

  onStart(span: RecordedSpan, context: Context): void {
    annotate(span, context);
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
