// Contract between the recorder and what receives its spans: a span processor, plus the notice that a span was discarded. Every
// `SpanProcessor` is a sink.

import type { Context } from '@opentelemetry/api';
import type { RecordedSpan } from './recorded.js';

/** Receives started and ended spans. An implementation handles its own faults: none of these methods throws. */
export interface SpanSink {
  onStart(span: RecordedSpan, context: Context): void;
  onEnding?(span: RecordedSpan): void;
  onEnd(span: RecordedSpan): void;
  /** The span was discarded: it does not end. */
  onDiscard?(span: RecordedSpan): void;
  forceFlush(limitMillis?: number): Promise<void>;
  shutdown(): Promise<void>;
}
