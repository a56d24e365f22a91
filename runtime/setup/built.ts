// What a running set-up consists of, as LiveTracing (live.ts) needs it. Made by start.ts and own.ts.

/** What ended spans turned into; kept by the export pipeline. */
export interface ExportCounts {
  readonly exported: number;
  readonly failed: number;
  readonly dropped: number;
  readonly forgotten?: number;
}

/** What a set-up leaves to be undone, and what it has built. */
export interface Built {
  /** Its `counts` are read anew each time. */
  readonly counts: { readonly counts: ExportCounts };
  /** Logs how many spans are lost with the process. */
  reportLost?(when: string): void;
  /** Undoes registrations and stops timers, in this order. */
  readonly undo: readonly (() => void)[];
}
