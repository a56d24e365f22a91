// janitor as a process.

import { startTracing } from 'spanwright';
import { logOf } from '../log.js';
import { endTracing, leave, setting, stopRequested, tellReady } from '../process.js';
import { watch } from '../watch.js';

async function main(): Promise<void> {
  const tracing = await startTracing({ serviceName: 'janitor', enabled: true, instrumentations: ['grpc', 'undici'] });
  // what tracing patches is loaded after it
  const { KubeClient } = await import('../kube/client.js');
  const { Janitor } = await import('./index.js');
  const { JanitorProviderService, connect } = await import('../rpc/services.js');

  const log = logOf('janitor');
  const provider = connect(JanitorProviderService, setting('JANITOR_PROVIDER_ADDRESS'));
  const janitor = new Janitor(new KubeClient(setting('KUBE_API_URL')), provider, log);
  const watching = watch(
    200,
    () => janitor.pass(),
    (error) => log.error({ error }, 'pass failed'),
  );
  log.info('serving');
  tellReady();
  await stopRequested();
  await watching.stop();
  provider.close();
  await endTracing(tracing);
  leave();
}

void main();
