// Spans whose start or end failed half-way, mostly because the stack was full: a list through the spans, so that adding one calls
// nothing. They are ended by the next recorded call, or when open spans are counted or listed.

import type { RecordedSpan } from './recorded.js';

export const abandoned: { first: RecordedSpan | undefined } = { first: undefined };

/** Attempts to end a span, after which its failure is final. Those that failed because the stack was full do not count. */
const ATTEMPTS = 3;

/** Ends the spans in the list. A span whose end fails again waits for the next occasion. Never throws. */
export function endAbandoned(): void {
  while (abandoned.first !== undefined) {
    const span: RecordedSpan = abandoned.first;
    try {
      if (span.attempts < ATTEMPTS) span.endAfterFault();
    } catch (fault) {
      if (!(fault instanceof RangeError)) span.attempts++;
      return;
    }
    abandoned.first = span.nextAbandoned;
    span.nextAbandoned = undefined;
  }
}
