// The cell of a trace id: a link where traces can be looked at.

import type { ComponentChild } from 'preact';

/** A link to a trace, with one of its spans chosen. */
export type TraceLink = (traceId: string, spanId: string) => ComponentChild;

export function TraceId({ traceId, spanId, link }: { traceId: string; spanId: string; link: TraceLink | undefined }) {
  return <td class="mono wide-only dim">{link === undefined ? traceId : link(traceId, spanId)}</td>;
}
