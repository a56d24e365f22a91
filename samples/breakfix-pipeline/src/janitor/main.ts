// janitor as a process.

import { logOf } from '../log.js';
import { endTracing, leave, setting, stopRequested, tellReady } from '../process.js';
import { startModule } from '../tracing.js';
import { watch } from '../watch.js';

async function main(): Promise<void> {
  const tracing = await startModule('janitor');
  // load the modules that tracing patches after this line
  const { KubeClient } = await import('../kube/client.js');
  const { ExternalRemediation } = await import('./external.js');
  const { GpuReset } = await import('./gpu-reset.js');
  const { Janitor } = await import('./index.js');
  const { Reboot } = await import('./reboot.js');
  const { Terminate } = await import('./terminate.js');
  const { JanitorProviderService, connect } = await import('../rpc/services.js');

  const log = logOf('janitor');
  const provider = connect(JanitorProviderService, setting('JANITOR_PROVIDER_ADDRESS'));
  const kube = new KubeClient(setting('KUBE_API_URL'));
  const actions = [
    new Reboot(kube, log, provider),
    new GpuReset(kube, log),
    new Terminate(kube, log, provider),
    new ExternalRemediation(kube, log),
  ];
  const janitor = new Janitor(kube, actions, log);
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
