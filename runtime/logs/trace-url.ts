// From a log line to the address of its trace in a backend's user interface. Lines come from anywhere: only well-formed ids get into the
// address, and the address is always below the template's.

import { InvalidArgumentError } from '../errors.js';
import { isSpanId, isTraceId } from '../propagation/traceparent.js';
import { TRACE_FIELD_PATTERNS } from './derived-fields.js';
import type { TraceFields } from './fields.js';

/** Longest part of a line that is searched. */
const MAX_LINE = 65_536;

const PATTERNS = {
  trace_id: new RegExp(TRACE_FIELD_PATTERNS.trace_id, 'u'),
  span_id: new RegExp(TRACE_FIELD_PATTERNS.span_id, 'u'),
};

/** The ids in a line of JSON, logfmt, or text with `trace_id=...` in it; a record is read as it is. */
export function readTraceFields(line: string | object): TraceFields {
  const found = (name: 'trace_id' | 'span_id'): unknown =>
    typeof line === 'string' ? PATTERNS[name].exec(line.slice(0, MAX_LINE))?.[1] : (line as TraceFields)[name];
  const [traceId, spanId] = [found('trace_id'), found('span_id')];
  if (!isTraceId(traceId)) return {};
  return isSpanId(spanId) ? { trace_id: traceId, span_id: spanId } : { trace_id: traceId };
}

/**
 * A function from a log line to the address of its trace; undefined for a line that names none.
 * @param template an http or https URL with `{trace_id}`, and `{span_id}` if wanted, which is left empty where a line has none
 * @throws InvalidArgumentError when the template cannot be one
 * @example
 * ```ts
 * const addressOf = traceUrl('https://jaeger.example.com/trace/{trace_id}');
 * addressOf('level=info msg=drained trace_id=0af7651916cd43dd8448eb211c80319c');
 * ```
 */
export function traceUrl(template: string): (line: string | object) => string | undefined {
  const probe = URL.canParse(template.replaceAll(/\{(?:trace|span)_id\}/gu, '0'))
    ? new URL(template.replaceAll(/[{}]/gu, ''))
    : undefined;
  const inHost = probe === undefined || /trace_id|span_id/u.test(`${probe.username}${probe.password}${probe.host}`);
  if (probe === undefined || !/^https?:$/u.test(probe.protocol) || inHost || !template.includes('{trace_id}')) {
    throw new InvalidArgumentError(
      'template',
      `traceUrl(): found ${JSON.stringify(template)}; expected an http or https URL with {trace_id} in its path, query or fragment.`,
    );
  }
  return (line) => {
    const { trace_id, span_id = '' } = readTraceFields(line);
    return trace_id === undefined ? undefined : template.replaceAll('{trace_id}', trace_id).replaceAll('{span_id}', span_id);
  };
}
