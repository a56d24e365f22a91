// Tracing of the API, loaded before everything else (node --require). What a camera sampled is always sent. Requests of people
// start their trace here. Their spans wait until the answer is sent; failed and slow requests are kept, and a share of the rest.

import { startTracing } from 'spanwright';
import { number } from '../pipeline/settings.js';
import { pipelineTracing } from '../pipeline/tracing.js';

export const started = startTracing({
  ...pipelineTracing('api', {
    http: { ignorePaths: ['/metrics', '/tracing', '/healthz'] },
    pg: { ignoreConnectSpans: true },
    redis: {},
  }),
  keep: { errors: true, slowerThan: process.env.KEEP_SLOWER_THAN || '100ms', ratio: number('KEEP_RATIO', 0, 0, 1) },
});
