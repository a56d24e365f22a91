// Times as the recording path keeps them (milliseconds since the epoch, a float of sub-microsecond resolution) and as
// OpenTelemetry reads them (seconds and nanoseconds).

import { types } from 'node:util';
import type { HrTime, TimeInput } from '@opentelemetry/api';
import { floor, isArray, now, round, wallClock } from '../captured.js';

let anchor = 0;
let anchoredAt = Number.NEGATIVE_INFINITY;

/** Milliseconds to add to the monotonic time `at` for the time of day: read again at most once a second. */
export function anchorAt(at: number): number {
  if (at - anchoredAt > 1000) {
    anchor = wallClock() - at;
    anchoredAt = at;
  }
  return anchor;
}

export function toHrTime(milliseconds: number): HrTime {
  const seconds = floor(milliseconds / 1000);
  const nanoseconds = round((milliseconds - seconds * 1000) * 1e6);
  return nanoseconds >= 1e9 ? [seconds + 1, nanoseconds - 1e9] : [seconds, nanoseconds];
}

/** Milliseconds since the epoch that backends can hold: nanoseconds in 63 bits, until the year 2262. */
const LATEST = 2 ** 63 / 1e6;

/**
 * A time given by a caller of the API: a Date, an HrTime, milliseconds since the epoch, or `performance.now()`
 * (anything smaller than the process's time origin, as the SDK reads it). An invalid time, such as an invalid Date or nanoseconds
 * taken for milliseconds, becomes the current time, because one such value would make a whole batch invalid.
 */
export function fromTimeInput(input: TimeInput, anchor: number): number {
  const given = milliseconds(input, anchor);
  return given >= 0 && given < LATEST ? given : anchor + now();
}

function milliseconds(input: TimeInput, anchor: number): number {
  if (typeof input === 'number') return input <= now() ? input + anchor : input;
  if (types.isDate(input)) return input.getTime();
  return isArray(input) ? input[0] * 1000 + input[1] / 1e6 : Number.NaN;
}
