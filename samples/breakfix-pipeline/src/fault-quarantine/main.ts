// fault-quarantine as a process.

import { logOf } from '../log.js';
import { endTracing, leave, setting, stopRequested, tellReady } from '../process.js';
import { startModule } from '../tracing.js';
import { watch } from '../watch.js';

async function main(): Promise<void> {
  const tracing = await startModule('fault-quarantine');
  // load the modules that tracing patches after this line
  const { HealthEventStore } = await import('../store/health-event-store.js');
  const { KubeClient } = await import('../kube/client.js');
  const { CircuitBreaker } = await import('./circuit-breaker.js');
  const { FaultQuarantine } = await import('./index.js');

  const log = logOf('fault-quarantine');
  const store = await HealthEventStore.connect(setting('DATABASE_URL'));
  const breaker = new CircuitBreaker(Number(process.env.CIRCUIT_BREAKER_NODES ?? 50));
  const quarantine = new FaultQuarantine(store, new KubeClient(setting('KUBE_API_URL')), breaker, log);
  const watching = watch(
    100,
    () => quarantine.pass(),
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
