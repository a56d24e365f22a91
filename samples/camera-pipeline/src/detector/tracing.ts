// Tracing of the detector, loaded before everything else (node --require).

import { startTracing } from 'spanwright';

export const started = startTracing({
  serviceName: 'detector',
  enabled: true,
  instrumentations: { pg: { ignoreConnectSpans: true }, redis: {} },
});
