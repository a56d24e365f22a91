// How a recorded call ends: with a value, with an error, or cancelled. Nothing here throws, and what the body returned or threw
// is not touched.

import type { Site } from '../site/site.js';
import { callback } from './callback.js';
import { captureAttributes } from './capture.js';
import { isCancellation } from './errors.js';
import type { RecordedSpan } from './recorded.js';
import { tellFault } from './recorder.js';

/** Ends the span of a call that returned `value`, or whose promise was fulfilled with it. */
export function succeed(span: RecordedSpan, site: Site, self: unknown, value: unknown): void {
  const { result, minDuration } = site.options;
  if (result !== undefined && !span.ended)
    captureAttributes(span, 'result', site, callback('result', site, result, self, [value]));
  if (minDuration > 0) span.endOrDiscard(minDuration);
  else span.end();
}

/** Ends the span of a call that threw `error`, or whose promise was rejected with it. */
export function fail(span: RecordedSpan, site: Site, error: unknown): void {
  if (span.ended) return;
  try {
    if (isCancellation(error)) span.setAttribute('spanwright.cancelled', true);
    else if (!isExpected(site, error)) markFailed(span, error);
  } catch (fault) {
    tellFault(`error of ${site.id}`, fault);
  }
  span.end();
}

/** Status, `error.type`, and the exception where this trace has not recorded the error yet. */
export function markFailed(span: RecordedSpan, error: unknown): void {
  span.recordFailure(error);
}

function isExpected(site: Site, error: unknown): boolean {
  const { expected } = site.options;
  return expected !== undefined && Boolean(callback('expectedErrors', site, expected, undefined, [error]));
}
