// Tracing of the detector, loaded before everything else (node --require).

import { startTracing } from 'spanwright';
import { pipelineTracing } from '../pipeline/tracing.js';

export const started = startTracing(pipelineTracing('detector', { pg: { ignoreConnectSpans: true }, redis: {} }));
