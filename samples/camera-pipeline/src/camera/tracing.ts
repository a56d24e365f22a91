// Tracing of the cameras, loaded before everything else (node --require). A trace begins here, so the share of traces that is kept is
// decided here, at the head, on the trace id; every process below goes by what is decided.

import { startTracing } from 'spanwright';
import { number } from '../pipeline/settings.js';

const rate = number('OTEL_TRACE_SAMPLE_RATE', 1, 0, 1);

export const started = startTracing({
  serviceName: 'camera',
  enabled: true,
  rules: `hsi::camera=${rate}`,
  instrumentations: ['undici'],
});
