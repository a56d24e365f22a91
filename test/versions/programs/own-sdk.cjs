// Instrumented calls in a provider of the user's own, of whichever line: `node own-sdk.cjs <basic|node> <simple|batch> <off|on>`. Prints
// the exported spans, what an instrumented call sees, and what a processor of the user was given.

const { context, propagation, ROOT_CONTEXT, trace } = require('@opentelemetry/api');
const { NodeSDK } = require('@opentelemetry/sdk-node');
const { createSampler, createSpanProcessor, inject, instrument } = require('spanwright');

const [how, processing, flag] = process.argv.slice(2);
const sdk = (() => {
  try {
    return require('@opentelemetry/sdk-trace');
  } catch {
    return require('@opentelemetry/sdk-trace-base');
  }
})();

const notices = [];
console.warn = (line) => notices.push(line);
const exported = [];
const exporter = {
  export: (spans, done) => {
    exported.push(...spans);
    done({ code: 0 });
  },
  forceFlush: async () => {},
  shutdown: async () => {},
};

/** A processor as users write it: copies the tenant of the parent, keeps span objects, counts its calls. */
const own = {
  calls: { onStart: [], onEnding: [], onEnd: [], forceFlush: 0, shutdown: 0 },
  objects: new Set(),
  onStart(span, parentContext) {
    own.calls.onStart.push(span.name);
    own.objects.add(span);
    const tenant = trace.getSpan(parentContext)?.attributes?.tenant;
    if (tenant !== undefined) span.setAttribute('tenant', tenant);
  },
  onEnding(span) {
    own.calls.onEnding.push(span.name);
    span.setAttribute('ending', true);
  },
  onEnd: (span) => own.calls.onEnd.push(span.name),
  forceFlush: async () => void own.calls.forceFlush++,
  shutdown: async () => void own.calls.shutdown++,
};

function exporting() {
  const Processor = processing === 'batch' ? sdk.BatchSpanProcessor : sdk.SimpleSpanProcessor;
  return sdk.TracerProvider === undefined ? new Processor(exporter) : new Processor({ exporter });
}

function start(sampler) {
  const last = exporting();
  const spanProcessors = [createSpanProcessor(), own, last];
  if (how === 'node') {
    const node = new NodeSDK({ sampler, spanProcessors, metricReaders: [], logRecordProcessors: [] });
    node.start();
    const provider = trace.getTracerProvider();
    const flush = () => (provider.getDelegate?.() ?? provider).forceFlush();
    return { flush, shutdown: () => node.shutdown() };
  }
  const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const provider = new (sdk.TracerProvider ?? sdk.BasicTracerProvider)({ sampler, spanProcessors });
  trace.setGlobalTracerProvider(provider);
  return { flush: () => provider.forceFlush(), shutdown: () => provider.shutdown() };
}

const remote = (traceFlags) =>
  trace.setSpanContext(ROOT_CONTEXT, { traceId: '1f'.repeat(16), spanId: '2e'.repeat(8), traceFlags, isRemote: true });
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function main() {
  const sampler = createSampler({ enabled: flag === 'on', drop: 'name:leaky' });
  const { tracing } = sampler;
  const { flush, shutdown } = start(sampler);
  const library = trace.getTracer('library', '1.2.3');
  const seen = [];
  const inner = instrument({ name: 'inner', namespace: 'x' }, async () => {
    await library.startActiveSpan('by a library', async (span) => {
      await wait(1);
      library.startActiveSpan('leaky', (leaky) => leaky.end());
      span.end();
    });
  });
  const work = instrument({ name: 'work', namespace: 'x', kind: 1, args: ['id'], attributes: { tenant: 'acme' } }, async (id) => {
    await wait(1);
    const active = trace.getActiveSpan();
    seen.push({
      isGiven: own.objects.has(active),
      spanId: active?.spanContext().spanId,
      injected: inject({}),
      baggage: propagation.getBaggage(context.active())?.getEntry('tenant')?.value,
    });
    await inner();
    return id;
  });
  const failing = instrument({ name: 'failing', namespace: 'x' }, async () => {
    throw new TypeError('broken');
  });
  const request = instrument({ name: 'request', namespace: 'x' }, async (id) => {
    const entries = propagation.createBaggage({ tenant: { value: 'acme' } });
    await context.with(propagation.setBaggage(context.active(), entries), () => work(id));
    await failing().catch(() => {});
  });
  await request(1);
  await context.with(remote(1), () => request(2));
  await context.with(remote(0), () => request(3));
  const forgotten = library.startSpan('forgotten');
  const open = tracing.openSpans().map(({ name }) => name);
  forgotten.end();
  await flush();
  const { spans: counts } = tracing.state();
  tracing.setEnabled(false);
  await request(4);
  await flush();
  await tracing.shutdown();
  await shutdown();
  const spans = exported.map((span) => ({
    name: span.name,
    traceId: span.spanContext().traceId,
    spanId: span.spanContext().spanId,
    parent: span.parentSpanContext?.spanId ?? '',
    kind: span.kind,
    attributes: span.attributes,
    status: span.status,
    events: span.events.map(({ name, attributes }) => ({ name, attributes })),
    scope: span.instrumentationScope.name,
  }));
  process.on('exit', () =>
    console.log(JSON.stringify({ spans, seen, calls: own.calls, open, counts, openCount: tracing.openCount, notices })),
  );
}

void main();
