// Hooks around the end, the failure and later attributes of a span created by third-party instrumentation.
// Packages hold the span that they were given, so the hooks replace its own methods.

import type { Attributes, AttributeValue } from '@opentelemetry/api';
import type { RecordedSpan } from '../span/recorded.js';

interface AtEnd {
  /** Called before the end, while the span still takes attributes. */
  before?(): void;
  after?(): void;
}

/** Called once, at the first end of the span. */
export function atEnd(span: RecordedSpan, { before, after }: AtEnd): void {
  const { end } = span;
  span.end = function endWithHooks(this: RecordedSpan, time): void {
    if (span.ended) return;
    before?.();
    end.call(span, time);
    after?.();
  };
}

/** Gives every attribute that is set from now on another name or value; undefined leaves it out. */
export function translate(
  span: RecordedSpan,
  attribute: (key: string, value: AttributeValue, span: RecordedSpan) => readonly [string, AttributeValue] | undefined,
): void {
  const { setAttribute } = span;
  span.setAttribute = function setTranslated(key, value) {
    const translated = attribute(key, value, span);
    return translated === undefined ? span : setAttribute.call(span, translated[0], translated[1]);
  };
}

/** Adds the code that the text of an exception holds, when the package records it. */
export function atException(span: RecordedSpan, code: RegExp): void {
  const { recordException } = span;
  span.recordException = function recordWithHooks(exception, time): void {
    span.setAttributes(codeIn(exception, code));
    recordException.call(span, exception, time);
  };
}

/** Codes of the client (`ECONNREFUSED`) are no answer of the server. `pattern`: see PackageRow.failure. */
export function codeIn(exception: unknown, pattern: RegExp): Attributes {
  const hasText = typeof exception === 'string' || exception instanceof Error;
  const { server, client = server } = (hasText ? pattern.exec(String(exception))?.groups : undefined) ?? {};
  if (client === undefined) return {};
  return { 'error.type': client, ...(server === undefined ? {} : { 'db.response.status_code': server }) };
}
