// janitor-provider as a process: the janitor calls it by gRPC.

import { logOf } from '../log.js';
import { endTracing, leave, setting, stopRequested, tellReady } from '../process.js';
import { startModule } from '../tracing.js';

type Done = (error: Error | null, answer?: object) => void;

async function main(): Promise<void> {
  const tracing = await startModule('janitor-provider');
  // load the modules that tracing patches after this line
  const { Server } = await import('@grpc/grpc-js');
  const { JanitorProvider } = await import('./index.js');
  const { JanitorProviderService, listen } = await import('../rpc/services.js');

  const log = logOf('janitor-provider');
  const provider = new JanitorProvider(setting('CLOUD_API_URL'), log);
  const server = new Server();
  server.addService(JanitorProviderService.service, {
    SendRebootSignal: ({ request }: { request: { nodeName: string } }, done: Done) => {
      provider.sendRebootSignal(request.nodeName).then((signal) => done(null, signal), done);
    },
    SendTerminateSignal: ({ request }: { request: { nodeName: string } }, done: Done) => {
      provider.sendTerminateSignal(request.nodeName).then((termination) => done(null, termination), done);
    },
    IsNodeReady: ({ request }: { request: { nodeName: string; bootId: string } }, done: Done) => {
      provider.isNodeReady(request.nodeName, request.bootId).then((isReady) => done(null, { isReady }), done);
    },
  });
  log.info('serving');
  tellReady({ listening: await listen(server) });
  await stopRequested();
  await new Promise((resolve) => server.tryShutdown(resolve));
  await endTracing(tracing);
  leave();
}

void main();
