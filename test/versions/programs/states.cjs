// What a set-up has built and holds, in whichever of the three states its arguments make: an endpoint or none, on or off. Does not call
// shutdown: the process must end by itself.
const { startTracing, instrument, inject, extract } = require('spanwright');
const { context } = require('@opentelemetry/api');

const [endpoint, enabled] = process.argv.slice(2);
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const held = () =>
  process
    .getActiveResourcesInfo()
    .filter((name) => !/PipeWrap|TTYWrap/.test(name))
    .sort();

async function main() {
  const work = instrument({ name: 'work' }, async () => {
    const headers = {};
    inject(headers);
    return headers.traceparent;
  });
  await pause(20);
  const before = held();
  const tracing = await startTracing({
    endpoint: endpoint || undefined,
    enabled: enabled === 'on',
    scheduleDelay: 50,
    otlpTimeout: 60_000,
    exportTimeout: 60_000,
  });
  const after = held();
  const upstream = `00-${'1f'.repeat(16)}-${'2e'.repeat(8)}-00`;
  const passed = await context.with(extract({ traceparent: upstream }), work);
  for (let call = 0; call < 100; call++) await work();
  // the first export loads the exporter, which takes its time on a busy machine
  const exporting = endpoint && enabled === 'on';
  for (const end = Date.now() + 20_000; exporting && tracing.state().spans.exported < 100 && Date.now() < end; ) await pause(20);
  await pause(300);
  const loaded = Object.keys(require.cache).filter((path) => /opentelemetry.(?!api|core|semantic)/.test(path)).length;
  const { built, recording, spans } = tracing.state();
  console.log(
    JSON.stringify({ passed: passed === upstream, before, after, held: held(), loaded, built, recording, spans, at: Date.now() }),
  );
}

void main();
