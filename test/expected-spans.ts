// Expected spans as a script: one line a span, children two spaces below their parent, siblings in the order in which they ended.
// The script is complete: any other span, order, parent, attribute, status, event or link fails.
//
//   expectSpans(spans,
//     'handle | server | http.route="/orders" | error "no stock" | event exception',
//     '  query',
//     'resumed | trace of handle | link handle',
//     '(remote b7ad6b7169203331)',
//     '  consume');
//
// A line holds the name, the kind unless internal, the attributes except code.* (the site's own), the status unless unset, events and
// links. A parent that is not among the spans is a line in brackets. `trace of` names an earlier root of the same trace.

import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import * as assert from 'uvu/assert';

/** Asserts that these are the spans; without a script, that there are none. */
export function expectSpans(spans: readonly ReadableSpan[], ...script: readonly string[]): void {
  assert.fixture(scriptOf(spans).join('\n'), script.join('\n'));
}

/** The script that describes the spans. */
export function scriptOf(spans: readonly ReadableSpan[]): string[] {
  const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
  const headings = new Set(spans.map((span) => headingOf(span, byId)));
  return [...headings].flatMap((heading) => {
    const top = spans.filter((span) => headingOf(span, byId) === heading);
    if (heading === undefined) return top.flatMap((span) => describe(span, '', spans));
    return heading === '' ? [] : [heading, ...top.flatMap((span) => describe(span, '  ', spans))];
  });
}

/** Undefined for a root, empty below one of the spans. */
function headingOf({ parentSpanContext: parent }: ReadableSpan, byId: ReadonlyMap<string, ReadableSpan>): string | undefined {
  if (parent === undefined) return undefined;
  if (byId.has(parent.spanId)) return '';
  return parent.isRemote === true ? `(remote ${parent.spanId})` : '(not exported)';
}

function describe(span: ReadableSpan, indent: string, spans: readonly ReadableSpan[]): string[] {
  const { spanId, traceId } = span.spanContext();
  const children = spans.filter(({ parentSpanContext }) => parentSpanContext?.spanId === spanId);
  for (const child of children) assert.is(child.spanContext().traceId, traceId, `trace of ${child.name} and of its parent`);
  return [indent + lineOf(span, spans), ...children.flatMap((child) => describe(child, `${indent}  `, spans))];
}

function lineOf(span: ReadableSpan, spans: readonly ReadableSpan[]): string {
  const { name, kind, attributes, status, events, links, parentSpanContext } = span;
  const nameOf = (id: string): string => spans.find((other) => other.spanContext().spanId === id)?.name ?? id;
  const isSameTrace = (other: ReadableSpan): boolean =>
    other.parentSpanContext === undefined && other.spanContext().traceId === span.spanContext().traceId;
  const first = parentSpanContext === undefined ? spans.find(isSameTrace) : undefined;
  const message = status.message === undefined ? '' : ` ${JSON.stringify(status.message)}`;
  const keys = Object.keys(attributes).filter((key) => !key.startsWith('code.'));
  return [
    name,
    ...(kind === SpanKind.INTERNAL ? [] : [SpanKind[kind].toLowerCase()]),
    ...keys.sort().map((key) => `${key}=${JSON.stringify(attributes[key])}`),
    ...(status.code === SpanStatusCode.UNSET ? [] : [SpanStatusCode[status.code].toLowerCase() + message]),
    ...events.map((event) => `event ${event.name}`),
    ...(first === undefined || first === span ? [] : [`trace of ${first.name}`]),
    ...links.map(({ context }) => `link ${nameOf(context.spanId)}`),
  ].join(' | ');
}
