// The fields that join a log line to its trace: `trace_id`, `span_id`, `trace_flags`, as OpenTelemetry's data model names them for
// formats other than OTLP. Present inside an active span only, so that no line names a trace that does not exist.

import { type Context, isSpanContextValid, TraceFlags, trace } from '@opentelemetry/api';
import { activeContext } from '../context/active.js';

/** Ids of the active span under the names of OpenTelemetry for logs outside OTLP. */
export interface TraceFields {
  /** 32 hexadecimal digits. */
  trace_id?: string;
  /** 16 hexadecimal digits. */
  span_id?: string;
  /** `01` when the trace is kept, `00` when it only passes through. */
  trace_flags?: string;
}

/**
 * The fields of the active span; an empty record outside any.
 * @example console.log(JSON.stringify({ msg: 'drained', node, ...traceFields() }));
 */
export function traceFields(context: Context = activeContext()): TraceFields {
  const span = trace.getSpanContext(context);
  if (span === undefined || !isSpanContextValid(span)) return {};
  const sampled = (span.traceFlags & TraceFlags.SAMPLED) !== 0;
  return { trace_id: span.traceId, span_id: span.spanId, trace_flags: sampled ? '01' : '00' };
}
