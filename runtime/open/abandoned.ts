// Open spans whose start or end failed half-way, mostly because the stack was full. Marking one calls nothing: `span.isAbandoned = true` and
// `abandoned.any = true`. They are ended by the next recorded call, or when open spans are counted, listed or watched.

import { reportFault } from '../fault.js';
import type { OpenSpan, OpenTable } from './table.js';

/** `any`: a span has been marked. A hint for recorded calls alone: what counts or lists open spans looks at each of them. */
export const abandoned = { any: false };

/** The part of a span recorded by Spanwright that this needs. */
export interface AbandonedSpan {
  isAbandoned: boolean;
  /** Attempts to end it since. */
  attempts: number;
  endAfterFault(): void;
}

/** Attempts to end a span, after which its failure is final. Those that failed because the stack was full do not count. */
const ATTEMPTS = 3;

/** Ends the marked spans of the table. A span whose end fails again waits for the next occasion. Never throws. */
export function endAbandoned(open: OpenTable): void {
  try {
    abandoned.any = false;
    for (const span of open) if (isAbandoned(span) && span.attempts < ATTEMPTS) endAgain(span);
  } catch {
    // the stack is full
    abandoned.any = true;
  }
}

function isAbandoned(span: OpenSpan & Partial<AbandonedSpan>): span is OpenSpan & AbandonedSpan {
  return span.isAbandoned === true;
}

/** Logs a fault at the end of a span, and ends it again, now or later. */
export function abandon(span: AbandonedSpan, where: string, fault: unknown): void {
  try {
    span.isAbandoned = true;
    reportFault(where, fault);
    endAgain(span);
  } catch {
    // the stack is still full, or the application has frozen the span
    abandoned.any = true;
  }
}

function endAgain(span: AbandonedSpan): void {
  try {
    span.endAfterFault();
  } catch (fault) {
    if (!(fault instanceof RangeError)) span.attempts++;
    abandoned.any = true;
  }
}
