// health-events-analyzer as a process.

import { logOf } from '../log.js';
import { endTracing, leave, setting, stopRequested, tellReady } from '../process.js';
import { startModule } from '../tracing.js';
import { watch } from '../watch.js';

async function main(): Promise<void> {
  const tracing = await startModule('health-events-analyzer');
  // load the modules that tracing patches after this line
  const { HealthEventStore } = await import('../store/health-event-store.js');
  const { HealthEventsAnalyzer } = await import('./index.js');
  const { PlatformConnectorService, connect } = await import('../rpc/services.js');

  const log = logOf('health-events-analyzer');
  const store = await HealthEventStore.connect(setting('DATABASE_URL'));
  const connector = connect(PlatformConnectorService, setting('PLATFORM_CONNECTOR_ADDRESS'));
  const analyzer = new HealthEventsAnalyzer(store, connector, log);
  const watching = watch(
    100,
    () => analyzer.pass(),
    (error) => log.error({ error }, 'pass failed'),
  );
  log.info('serving');
  tellReady();
  await stopRequested();
  await watching.stop();
  connector.close();
  await store.close();
  await endTracing(tracing);
  leave();
}

void main();
