// Tracing of the analyzer, loaded before everything else (node --require).

import { startTracing } from 'spanwright';

export const started = startTracing({
  serviceName: 'analyzer',
  enabled: true,
  instrumentations: { pg: { ignoreConnectSpans: true }, redis: {} },
});
