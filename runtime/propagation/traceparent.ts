// The text of a W3C traceparent header and back, and single ids in documents. What is malformed, all zero or of
// version ff counts as absent (W3C Trace Context, sections 3.2 and 4.3).

import { type SpanContext, TraceFlags } from '@opentelemetry/api';

// Text that a later version appends is unknown, but a comma joins two headers, and two headers are invalid.
const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[^,]*)?$/u;
const NO_TRACE = '0'.repeat(32);
export const NO_SPAN = '0'.repeat(16);
/** Set where the last 56 bits of the trace id are random (W3C Trace Context level 2, section 3.2.2.5.2). */
export const RANDOM = 0x02;
/** The other flags are reserved: ignored when read, zero when written. */
export const KNOWN_FLAGS = TraceFlags.SAMPLED | RANDOM;
const TRACE_ID = /^[0-9a-f]{32}$/u;
const SPAN_ID = /^[0-9a-f]{16}$/u;

export function parseTraceparent(text: unknown): SpanContext | undefined {
  if (typeof text !== 'string' || text.length > 512) return undefined;
  const match = FORM.exec(text.trim());
  if (match === null) return undefined;
  const [, version, traceId, spanId, flags, rest] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string | undefined,
  ];
  if (version === 'ff' || (version === '00' && rest !== undefined) || traceId === NO_TRACE || spanId === NO_SPAN)
    return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & KNOWN_FLAGS, isRemote: true };
}

export function printTraceparent(context: SpanContext): string {
  return `00-${context.traceId}-${context.spanId}-0${context.traceFlags & KNOWN_FLAGS}`;
}

/** A trace id as documents hold it: 32 hexadecimal digits, not all zero. */
export function isTraceId(value: unknown): value is string {
  return typeof value === 'string' && TRACE_ID.test(value) && value !== NO_TRACE;
}

export function isSpanId(value: unknown): value is string {
  return typeof value === 'string' && SPAN_ID.test(value) && value !== NO_SPAN;
}
