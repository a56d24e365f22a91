// A set-up of the user's own, of whichever line: sampler and span processor of ours, provider, processor and exporter of the SDK.
const { context, trace } = require('@opentelemetry/api');
const { createSampler, createSpanProcessor, instrument } = require('spanwright');

function sdk() {
  try {
    return require('@opentelemetry/sdk-trace');
  } catch {
    return require('@opentelemetry/sdk-trace-base');
  }
}

async function main() {
  const { BasicTracerProvider, TracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = sdk();
  const Provider = BasicTracerProvider ?? TracerProvider;
  const exporter = new InMemorySpanExporter();
  const sampler = createSampler({ enabled: true, drop: 'name:leaky' });
  const provider = new Provider({ sampler, spanProcessors: [createSpanProcessor(), new SimpleSpanProcessor({ exporter })] });
  trace.setGlobalTracerProvider(provider);
  const work = instrument({ name: 'work', attributes: { backend: 'nsm' } }, () => 1);
  work();
  const span = trace.getTracer('library').startSpan('by a library');
  const open = sampler.tracing.openCount;
  span.end();
  trace.getTracer('library').startSpan('leaky').end();
  sampler.tracing.setEnabled(false);
  work();
  const names = exporter.getFinishedSpans().map(({ name }) => name);
  await sampler.tracing.shutdown();
  await provider.shutdown();
  console.log(JSON.stringify({ names, open, active: context.active() !== undefined }));
}

void main();
