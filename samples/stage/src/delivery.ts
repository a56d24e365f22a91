// Verdict on the spans of a run. Each process reports its own counts, because a receiver cannot count what did not reach it.

import type { SpanCounts } from 'spanwright';

/** The spans of a process, as it counted them itself at its end; undefined: it did not report them. */
export interface SpanReport {
  readonly process: string;
  readonly spans: SpanCounts | undefined;
}

/** Processes whose spans were not all delivered. */
export function deliveryFaults(reports: readonly SpanReport[]): string[] {
  return reports.flatMap(({ process, spans }) => {
    if (spans === undefined) return [`${process} did not report its spans`];
    const lost = spans.ended - spans.exported - spans.sampledOut;
    return lost === 0 ? [] : [`${process}: ${lost} of ${spans.ended} spans were not delivered`];
  });
}
