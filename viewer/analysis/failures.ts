// Failures of a trace: one row each, at the span where it arose, however many spans it passed on its way up. Pure.

import type { ReceivedSpan } from '../receiver/decode.js';
import { failed, reasonOfFailure, startOf } from '../receiver/spans.js';

interface Failure {
  readonly span: ReceivedSpan;
  /** Type and message. */
  readonly reason: string;
  /** Spans above it that failed because of it, the nearest first. */
  readonly passed: readonly ReceivedSpan[];
}

/** In the order in which they arose. */
export function failuresOf(spans: readonly ReceivedSpan[]): Failure[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const failing = spans.filter(failed);
  const children = new Map<string, ReceivedSpan[]>();
  for (const span of failing) children.set(span.parentSpanId, [...(children.get(span.parentSpanId) ?? []), span]);
  const arose = failing.filter((span) => !(children.get(span.spanId) ?? []).some((child) => passesOn(span, child)));
  return arose
    .map((span) => ({ span, reason: reasonOfFailure(span), passed: passedBy(span, byId) }))
    .sort((a, b) => startOf(a.span) - startOf(b.span));
}

function passedBy(span: ReceivedSpan, byId: ReadonlyMap<string, ReceivedSpan>): ReceivedSpan[] {
  const passed: ReceivedSpan[] = [];
  const seen = new Set([span.spanId]);
  let below = span;
  for (let above = byId.get(span.parentSpanId); above !== undefined; above = byId.get(above.parentSpanId)) {
    if (seen.has(above.spanId) || !failed(above) || !passesOn(above, below)) break;
    seen.add(above.spanId);
    passed.push(above);
    below = above;
  }
  return passed;
}

/** True unless the span recorded an exception of its own that neither equals the child's nor names it as a cause. */
function passesOn(span: ReceivedSpan, child: ReceivedSpan): boolean {
  const exception = span.events.findLast(({ name }) => name === 'exception')?.attributes;
  if (exception === undefined) return true;
  const [own, below] = [reasonOfFailure(span), reasonOfFailure(child)];
  return own === below || String(exception['exception.stacktrace'] ?? '').includes(below);
}
