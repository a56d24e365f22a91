// Tracing of the event writer, loaded before everything else (node --require).

import { startTracing } from 'spanwright';
import { pipelineTracing } from '../pipeline/tracing.js';

export const started = startTracing(pipelineTracing('event-writer', { pg: { ignoreConnectSpans: true }, redis: {} }));
