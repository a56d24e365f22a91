// Questions about the spans of a trace that the tree, the query server and the recipes share: their service, their times, their
// calls. Pure; times in milliseconds.

import type { ReceivedSpan, Value } from './decode.js';

/** An attribute to search for, its value as text. */
export type Attribute = readonly [key: string, value: string];

/** Calls from one service to another. */
export interface Call {
  readonly parent: string;
  readonly child: string;
  readonly count: number;
}

export const serviceOf = ({ resource }: Pick<ReceivedSpan, 'resource'>): string =>
  String(resource.attributes['service.name'] ?? '');
/**
 * Milliseconds from nanoseconds in decimal digits, exact to the microsecond. It avoids a BigInt, because each span that arrives passes here
 * twice.
 */
const milliseconds = (nanos: string): number => Number(nanos.slice(0, -3)) / 1000;
export const startOf = (span: ReceivedSpan): number => milliseconds(span.startTimeUnixNano);
export const endMilliseconds = (span: ReceivedSpan): number => milliseconds(span.endTimeUnixNano);
export const failed = (span: ReceivedSpan): boolean => span.status.code === 'error';

/** Text of a value in filters, tags and tables: a string as it is, everything else as JSON. */
export const textOfValue = (value: Value): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** The span that began the trace: the first without a parent that is there. */
export function rootOf(spans: readonly ReceivedSpan[]): ReceivedSpan {
  const present = new Set(spans.map(({ spanId }) => spanId));
  const roots = spans.filter(({ parentSpanId }) => !present.has(parentSpanId));
  return (roots.length > 0 ? roots : spans).reduce((first, span) => (startOf(span) < startOf(first) ? span : first));
}

/** Exact to the microsecond: a difference of times since the epoch is not, and would miss a limit that it meets. */
export const elapsed = (start: number, end: number): number => Math.round((end - start) * 1000) / 1000;

/** From the first start to the last end, which differs from the root's duration if a child ends later. */
export function durationOf(spans: readonly ReceivedSpan[]): number {
  return elapsed(Math.min(...spans.map(startOf)), Math.max(...spans.map(endMilliseconds)));
}

/** Services in the order in which the trace reached them. */
export function servicesOf(spans: readonly ReceivedSpan[]): string[] {
  return [...new Set([...spans].sort((a, b) => startOf(a) - startOf(b)).map(serviceOf))];
}

/** The failed span that caused the other failures: the deepest, and of those the first. */
export function causeOf(spans: readonly ReceivedSpan[]): ReceivedSpan | undefined {
  const failing = spans.filter(failed);
  const parents = new Set(failing.map(({ parentSpanId }) => parentSpanId));
  const deepest = failing.filter(({ spanId }) => !parents.has(spanId));
  return (deepest.length > 0 ? deepest : failing).sort((a, b) => startOf(a) - startOf(b))[0];
}

/** `error.type: message` of a failed span. */
export function reasonOfFailure(span: ReceivedSpan): string {
  const exception = span.events.find(({ name }) => name === 'exception')?.attributes ?? {};
  const type = exception['exception.type'] ?? span.attributes['error.type'];
  const message = exception['exception.message'] ?? (span.attributes['error.message'] || span.status.message);
  return [type, message].filter((part) => part !== undefined && part !== '').join(': ') || 'no reason given';
}

/** The span that another one continues: its parent, or its link into the same trace, as in asynchronous hops. */
function continuedBy(span: ReceivedSpan, byId: ReadonlyMap<string, ReceivedSpan>): ReceivedSpan | undefined {
  const parent = byId.get(span.parentSpanId);
  return parent ?? span.links.map(({ spanId }) => byId.get(spanId)).find((linked) => linked !== undefined);
}

/** Calls from one service to another, over all traces given. */
export function callsIn(traces: readonly (readonly ReceivedSpan[])[]): Call[] {
  const counts = new Map<string, Call>();
  for (const spans of traces) {
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    for (const span of spans) {
      const parent = continuedBy(span, byId);
      if (parent === undefined || serviceOf(parent) === serviceOf(span)) continue;
      const key = JSON.stringify([serviceOf(parent), serviceOf(span)]);
      counts.set(key, { parent: serviceOf(parent), child: serviceOf(span), count: (counts.get(key)?.count ?? 0) + 1 });
    }
  }
  return [...counts.values()];
}
