// NodeSDK of whichever line, with our sampler and span processor: off, on, off again, a leaky span, and what is open. Its resource
// comes late, so the spans are read after the shutdown.
const { trace } = require('@opentelemetry/api');
const { NodeSDK } = require('@opentelemetry/sdk-node');
const { createSampler, createSpanProcessor, instrument } = require('spanwright');

const ended = [];
const exporter = {
  export: (spans, done) => {
    ended.push(...spans);
    done({ code: 0 });
  },
  forceFlush: async () => {},
  shutdown: async () => {},
};

function batching() {
  let sdk;
  try {
    sdk = require('@opentelemetry/sdk-trace');
  } catch {
    sdk = require('@opentelemetry/sdk-trace-base');
  }
  return sdk.TracerProvider === undefined ? new sdk.BatchSpanProcessor(exporter) : new sdk.BatchSpanProcessor({ exporter });
}

async function main() {
  const sampler = createSampler({ drop: 'name:leaky' });
  const sdk = new NodeSDK({
    sampler,
    spanProcessors: [createSpanProcessor(), batching()],
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  const child = instrument({ name: 'child' }, async () =>
    trace.getTracer('library').startActiveSpan('leaky', (span) => span.end()),
  );
  const root = instrument({ name: 'root' }, async () => child());
  await root();
  const off = sampler.tracing.state().spans.started;
  sampler.tracing.setEnabled(true, { for: '1m' });
  await root();
  const forgotten = trace.getTracer('library').startSpan('forgotten');
  const open = sampler.tracing.openSpans().map(({ name }) => name);
  forgotten.end();
  sampler.tracing.setEnabled(false);
  await root();
  await sampler.tracing.shutdown();
  await sdk.shutdown();
  const spans = ended.map((span) => ({ name: span.name, id: span.spanContext().spanId, parent: span.parentSpanContext?.spanId }));
  console.log(JSON.stringify({ off, open, spans, count: sampler.tracing.openCount }));
}

void main();
