// Status of the export in words, for the admin hook and for OpAMP.

import type { SpanCounts, TracingState } from '../tracing.js';

/** From the counts since the start. */
export function exporterState(exportedBy: TracingState['exportedBy'], { exported, dropped, failed }: SpanCounts): string {
  if (exportedBy === 'none') return 'none';
  if (exportedBy === 'sdk') return 'by your SDK';
  if (failed + dropped > 0) return 'losing spans';
  return exported > 0 ? 'delivering' : 'nothing sent yet';
}
