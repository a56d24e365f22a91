// Values that the `parent` option may return, and the span context in them: a Context, a Span, a SpanContext, or a carrier. The
// span context may name only a trace (see extract()); the code that starts the span checks whether it is valid.

import { type Context, isSpanContextValid, type Span, type SpanContext, trace } from '@opentelemetry/api';
import { extract } from './carrier.js';

export function parentOf(given: unknown): Span | SpanContext | undefined {
  if (typeof given === 'string') return trace.getSpan(extract(given));
  if (typeof given !== 'object' || given === null) return undefined;
  if ('getValue' in given && typeof given.getValue === 'function') return trace.getSpan(given as Context);
  if ('spanContext' in given && typeof given.spanContext === 'function') return given as Span;
  if ('traceId' in given && 'spanId' in given) {
    const context = { traceFlags: 0, ...given } as SpanContext;
    return isSpanContextValid(context) ? context : undefined;
  }
  return trace.getSpan(extract(given));
}
