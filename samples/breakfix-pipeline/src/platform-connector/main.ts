// platform-connector as a process: health monitors call it by gRPC.

import { logOf } from '../log.js';
import { endTracing, leave, setting, stopRequested, tellReady } from '../process.js';
import type { HealthEventMessage } from '../rpc/services.js';
import { startModule } from '../tracing.js';

async function main(): Promise<void> {
  const tracing = await startModule('platform-connector');
  // load the modules that tracing patches after this line
  const { Server } = await import('@grpc/grpc-js');
  const { HealthEventStore } = await import('../store/health-event-store.js');
  const { KubeClient } = await import('../kube/client.js');
  const { PlatformConnector } = await import('./index.js');
  const { PlatformConnectorService, listen } = await import('../rpc/services.js');

  const log = logOf('platform-connector');
  const store = await HealthEventStore.connect(setting('DATABASE_URL'));
  const connector = new PlatformConnector(store, new KubeClient(setting('KUBE_API_URL')), log);
  const server = new Server();
  server.addService(PlatformConnectorService.service, {
    HealthEventOccurred: (
      call: { request: { events: HealthEventMessage[] } },
      done: (error: Error | null, answer?: object) => void,
    ) => {
      connector.receive(call.request.events).then(
        (ids) => done(null, { ids }),
        (error: Error) => done(error),
      );
    },
  });
  log.info('serving');
  tellReady({ listening: await listen(server) });
  await stopRequested();
  await new Promise((resolve) => server.tryShutdown(resolve));
  await store.close();
  await endTracing(tracing);
  leave();
}

void main();
