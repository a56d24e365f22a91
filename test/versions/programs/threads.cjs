// A worker thread records and sends by itself, as a part of the trace of the thread that asked it.
const { Worker, isMainThread, workerData } = require('node:worker_threads');
const { instrument, startTracing, inject, withRemoteContext } = require('spanwright');

const inWorker = instrument({ name: 'in the worker' }, async () => 1);
const inMain = instrument({ name: 'in the main thread' }, async (endpoint) => {
  const carrier = {};
  inject(carrier);
  const worker = new Worker(__filename, { workerData: { carrier, endpoint } });
  await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
});

async function main() {
  const endpoint = workerData?.endpoint ?? process.argv[2];
  const tracing = await startTracing({ endpoint, enabled: true, scheduleDelay: 50 });
  if (isMainThread) await inMain(endpoint);
  else await withRemoteContext(workerData.carrier, inWorker);
  await tracing.shutdown();
  if (isMainThread) console.log(JSON.stringify(tracing.state().spans));
}

void main();
