// node-drainer as a process.

import { logOf } from '../log.js';
import { endTracing, leave, setting, stopRequested, tellReady } from '../process.js';
import { startModule } from '../tracing.js';
import { watch } from '../watch.js';

async function main(): Promise<void> {
  const tracing = await startModule('node-drainer');
  // load the modules that tracing patches after this line
  const { HealthEventStore } = await import('../store/health-event-store.js');
  const { KubeClient } = await import('../kube/client.js');
  const { NodeDrainer } = await import('./index.js');

  const log = logOf('node-drainer');
  const store = await HealthEventStore.connect(setting('DATABASE_URL'));
  const drainer = new NodeDrainer(store, new KubeClient(setting('KUBE_API_URL')), log);
  const watching = watch(
    200,
    () => drainer.pass(),
    (error) => log.error({ error }, 'pass failed'),
  );
  log.info('serving');
  tellReady();
  await stopRequested();
  await watching.stop();
  await store.close();
  await endTracing(tracing); // drains that are under way end their span here, and go on with another one after the restart
  leave();
}

void main();
