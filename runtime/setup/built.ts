// What a running set-up consists of, as LiveTracing (live.ts) needs it. Made by start.ts and own.ts.

import type { SpanCounts } from '../tracing.js';

/** Outcomes of ended spans, counted by the export pipeline and by `keep`. */
export type SpanOutcomes = Readonly<Pick<SpanCounts, 'exported' | 'failed' | 'dropped' | 'forgotten'>>;

/** Where Spanwright exports nothing: before the first span, and in an SDK set-up of the user's. */
export const NO_OUTCOMES: SpanOutcomes = { exported: 0, failed: 0, dropped: 0, forgotten: 0 };

/** What a set-up leaves to be undone, and what it has built. */
export interface Built {
  /** Its `counts` is a getter, read for each report. */
  readonly counts: { readonly counts: SpanOutcomes };
  /** Logs how many spans are lost with the process. */
  reportLost?(when: string): void;
  /** Undoes registrations and stops timers, in this order. */
  readonly undo: readonly (() => void)[];
}
