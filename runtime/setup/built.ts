// Parts of a running set-up, as LiveTracing (live.ts) needs them. Created by start.ts and own.ts.

import type { SpanCounts } from '../tracing.js';

/** Outcomes of ended spans, counted by the export pipeline and by `keep`. */
export type SpanOutcomes = Readonly<Pick<SpanCounts, 'exported' | 'failed' | 'dropped' | 'sampledOut' | 'queued'>>;

/** Counts while Spanwright exports nothing: before the first span, and under the user's own SDK. */
export const NO_OUTCOMES: SpanOutcomes = { exported: 0, failed: 0, dropped: 0, sampledOut: 0, queued: 0 };

/** The parts of a set-up, and the changes that its end must undo. */
export interface Built {
  /** Its `counts` is a getter, read for each report. */
  readonly counts: { readonly counts: SpanOutcomes };
  /** Logs how many spans are lost with the process. */
  reportLost?(when: string): void;
  /** Undoes registrations and stops timers, in this order. */
  readonly undo: readonly (() => void)[];
}
