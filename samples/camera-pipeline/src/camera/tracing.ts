// Tracing of the cameras, loaded before everything else (node --require). A trace begins here, so the share of traces that is kept is
// decided here, at the head, on the trace id; every later process follows this decision.

import { startTracing } from 'spanwright';
import { pipelineTracing, sampleRate } from '../pipeline/tracing.js';

export const started = startTracing({ ...pipelineTracing('camera', ['undici']), rules: `hsi::camera=${sampleRate()}` });
