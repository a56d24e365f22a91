// fault-remediation as a process.

import { logOf } from '../log.js';
import { endTracing, leave, setting, stopRequested, tellReady } from '../process.js';
import { startModule } from '../tracing.js';
import { watch } from '../watch.js';

async function main(): Promise<void> {
  const tracing = await startModule('fault-remediation');
  // load the modules that tracing patches after this line
  const { HealthEventStore } = await import('../store/health-event-store.js');
  const { KubeClient } = await import('../kube/client.js');
  const { FaultRemediation } = await import('./index.js');

  const log = logOf('fault-remediation');
  const store = await HealthEventStore.connect(setting('DATABASE_URL'));
  const limits = {
    reboot: Number(process.env.REBOOT_TIMEOUT_SECONDS ?? 20),
    maintenance: Number(process.env.MAINTENANCE_TIMEOUT_SECONDS ?? 60),
    logCollector: Number(process.env.LOG_COLLECTOR_TIMEOUT_SECONDS ?? 5),
  };
  const remediation = new FaultRemediation(store, new KubeClient(setting('KUBE_API_URL')), log, limits);
  const watching = watch(
    100,
    () => remediation.pass(),
    (error) => log.error({ error }, 'pass failed'),
  );
  log.info('serving');
  tellReady();
  await stopRequested();
  await watching.stop();
  await store.close();
  await endTracing(tracing);
  leave();
}

void main();
