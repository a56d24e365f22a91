// Exports to a collector that fails as it is scripted to: calls go on, and every span is accounted for after the shutdown.
const { startTracing, instrument } = require('spanwright');

async function main() {
  const [endpoint, protocol] = process.argv.slice(2);
  const work = instrument({ name: 'work' }, async (id) => id * 2);
  const tracing = await startTracing({
    endpoint,
    otlpProtocol: protocol,
    enabled: true,
    scheduleDelay: 20,
    maxQueueSize: 300,
    maxExportBatchSize: 20,
    shutdownTimeout: 500,
  });
  let wrong = 0;
  for (let id = 0; id < 2000; id++) {
    if ((await work(id)) !== id * 2) wrong++;
    if (id % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await tracing.shutdown();
  console.log(JSON.stringify({ wrong, spans: tracing.state().spans }));
}

void main();
