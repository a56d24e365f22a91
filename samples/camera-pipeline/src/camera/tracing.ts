// Tracing of the cameras, loaded before everything else (node --require). A trace begins here, so the share of traces that is kept is
// decided here, at the head, on the trace id; every process below goes by what is decided.

import { startTracing } from 'spanwright';
import { number } from '../pipeline/settings.js';

// Not 0: a ratio of 0 is "off", and where the cameras say nothing of a trace the API begins one.
const rate = number('OTEL_TRACE_SAMPLE_RATE', 1, 0.001, 1);

export const started = startTracing({
  serviceName: 'camera',
  enabled: true,
  rules: `hsi::camera=${rate}`,
  instrumentations: ['undici'],
});
