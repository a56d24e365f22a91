// The argument of forceFlush(). Used by live.ts.

import { InvalidArgumentError } from '../errors.js';
import { DURATION_FORMS, readDuration } from '../text/duration.js';
import { describeFound } from '../text/found.js';
import type { Duration } from '../tracing.js';

/** Milliseconds; undefined where the queue has its default. @throws InvalidArgumentError. */
export function readFlushLimit({ timeout }: { timeout?: Duration } = {}): number | undefined {
  if (timeout === undefined) return undefined;
  const limit = readDuration(timeout);
  if (limit === undefined) {
    throw new InvalidArgumentError('timeout', `timeout: must be ${DURATION_FORMS}; found ${describeFound(timeout)}.`);
  }
  return limit;
}
