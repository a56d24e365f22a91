// Tracing of the event writer, loaded before everything else (node --require).

import { startTracing } from 'spanwright';

export const started = startTracing({
  serviceName: 'event-writer',
  enabled: true,
  instrumentations: { pg: { ignoreConnectSpans: true }, redis: {} },
});
