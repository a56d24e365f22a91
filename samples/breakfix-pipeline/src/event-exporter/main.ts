// event-exporter as a process.

import { logOf } from '../log.js';
import { endTracing, leave, setting, stopRequested, tellReady } from '../process.js';
import { startModule } from '../tracing.js';
import { watch } from '../watch.js';

async function main(): Promise<void> {
  const tracing = await startModule('event-exporter');
  // load the modules that tracing patches after this line
  const { HealthEventStore } = await import('../store/health-event-store.js');
  const { Backfill } = await import('./backfill.js');
  const { EventExporter } = await import('./index.js');
  const { Sink } = await import('./sink.js');

  const log = logOf('event-exporter');
  const store = await HealthEventStore.connect(setting('DATABASE_URL'));
  const sink = new Sink(setting('SINK_URL'));
  const exporter = new EventExporter(store, sink, log);
  log.info('serving');
  tellReady();
  if (process.env.EXPORTER_BACKFILL === 'true') {
    await new Backfill(store, sink, log).run().catch((error: Error) => log.error({ error: error.message }, 'backfill failed'));
  }
  const watching = watch(
    100,
    () => exporter.pass(),
    (error) => log.error({ error }, 'pass failed'),
  );
  await stopRequested();
  await watching.stop();
  await store.close();
  await endTracing(tracing);
  leave();
}

void main();
