// Status of tracing and of its export in words, for the admin hook and for OpAMP.

import type { TracingState } from '../tracing.js';

export function tracingStatus({ built, recording }: TracingState): string {
  if (!built) return 'no exporter';
  return recording ? 'recording' : 'off';
}

/** The state by the counts since the start. */
export function exporterState({ exportedBy, spans: { exported, dropped, failed } }: TracingState): string {
  if (exportedBy === 'none') return 'none';
  if (exportedBy === 'sdk') return 'by your SDK';
  if (failed + dropped > 0) return 'losing spans';
  return exported > 0 ? 'delivering' : 'nothing sent yet';
}
