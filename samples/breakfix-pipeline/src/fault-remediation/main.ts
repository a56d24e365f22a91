// fault-remediation as a process.

import { startTracing } from 'spanwright';
import { logOf } from '../log.js';
import { endTracing, leave, setting, stopRequested, tellReady } from '../process.js';
import { watch } from '../watch.js';

async function main(): Promise<void> {
  const tracing = await startTracing({
    serviceName: 'fault-remediation',
    enabled: true,
    instrumentations: { undici: {}, pg: { ignoreConnectSpans: true } },
  });
  // what tracing patches is loaded after it
  const { HealthEventStore } = await import('../store/health-event-store.js');
  const { KubeClient } = await import('../kube/client.js');
  const { FaultRemediation } = await import('./index.js');

  const log = logOf('fault-remediation');
  const store = await HealthEventStore.connect(setting('DATABASE_URL'));
  const rebootTimeout = Number(process.env.REBOOT_TIMEOUT_SECONDS ?? 20);
  const remediation = new FaultRemediation(store, new KubeClient(setting('KUBE_API_URL')), log, rebootTimeout);
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
