// Origin of the span of a context, a local trace of Spanwright or a third-party tracer, and its sampled flag.

import { type Span, type SpanContext, TraceFlags } from '@opentelemetry/api';
import { throughTransparent } from './transparent.js';

/** A local binding, because an imported binding of the API is read by a call of a getter. */
const { SAMPLED } = TraceFlags;

/** Marks local traces of every copy of the package, where `instanceof` knows only its own. */
export const LOCAL_TRACE = Symbol.for('spanwright.trace.1');

/** True for a span of a local trace, and for a transparent span below one. */
export function isLocal(span: Span | undefined): boolean {
  const { trace } = (throughTransparent(span) ?? {}) as { readonly trace?: { readonly [LOCAL_TRACE]?: true } };
  return trace?.[LOCAL_TRACE] === true;
}

export function isSampled(context: SpanContext): boolean {
  return (context.traceFlags & SAMPLED) !== 0;
}
