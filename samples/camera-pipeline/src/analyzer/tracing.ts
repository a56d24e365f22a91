// Tracing of the analyzer, loaded before everything else (node --require).

import { startTracing } from 'spanwright';
import { pipelineTracing } from '../pipeline/tracing.js';

export const started = startTracing(pipelineTracing('analyzer', { pg: { ignoreConnectSpans: true }, redis: {} }));
