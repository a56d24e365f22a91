// createSampler() and createSpanProcessor() in NodeSDK, the set-up that most people have: given without a cast, so that the types
// are held too. NodeSDK finds its resource asynchronously, so spans are read after a flush.

import { context, propagation, ROOT_CONTEXT, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor, InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  assertNoOpenSpans,
  createSampler,
  createSpanProcessor,
  instrument,
  type SamplerOptions,
  type SpanwrightSampler,
} from '../../runtime/index.js';

interface Service {
  readonly sampler: SpanwrightSampler;
  /** Names of the spans exported so far. */
  spans(): Promise<Map<string, ReadableSpan>>;
}

async function withNodeSdk(options: SamplerOptions, work: (service: Service) => unknown, simple = false): Promise<void> {
  const exporter = new InMemorySpanExporter();
  const processor = simple ? new SimpleSpanProcessor(exporter) : new BatchSpanProcessor(exporter);
  const sampler = createSampler(options);
  const sdk = new NodeSDK({
    serviceName: 'node-sdk',
    sampler,
    spanProcessors: [createSpanProcessor(), processor],
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  const spans = async (): Promise<Map<string, ReadableSpan>> => {
    await processor.forceFlush();
    const finished = exporter.getFinishedSpans();
    assert.is(new Set(finished.map(({ name }) => name)).size, finished.length, 'no name twice');
    return new Map(finished.map((span) => [span.name, span]));
  };
  try {
    await work({ sampler, spans });
  } finally {
    await sampler.tracing.shutdown();
    await sdk.shutdown();
    for (const api of [trace, context, propagation]) api.disable();
  }
}

const query = instrument({ namespace: 'carbide::db', name: 'query' }, async () => {
  trace.getTracer('pg').startSpan('pg.query').end();
  return 1;
});
const handle = instrument(
  { namespace: 'carbide::api', name: 'handle', args: ['id'] },
  async (id: number) => id + (await query()),
);

const library = trace.getTracer('library');

test('off: no span at all, neither of instrumented calls nor of libraries', () =>
  withNodeSdk({ enabled: false }, async ({ spans, sampler }) => {
    assert.is(await handle(1), 2);
    library.startActiveSpan('by a library', (span) => span.end());
    assert.is((await spans()).size, 0);
    assert.is(sampler.tracing.state().spans.started, 0);
  }));

for (const simple of [true, false]) {
  test(`on: root and child, and a library's span below, in one trace (${simple ? 'Simple' : 'Batch'}SpanProcessor)`, () =>
    withNodeSdk(
      { enabled: true },
      async ({ spans }) => {
        assert.is(await handle(1), 2);
        const all = await spans();
        assert.equal([...all.keys()].sort(), ['handle', 'pg.query', 'query']);
        const [root, child, below] = ['handle', 'query', 'pg.query'].map((name) => all.get(name) as ReadableSpan);
        assert.is(root?.parentSpanContext, undefined);
        assert.is(child?.parentSpanContext?.spanId, root?.spanContext().spanId);
        assert.is(below?.parentSpanContext?.spanId, child?.spanContext().spanId);
        for (const span of all.values()) {
          assert.is(span.spanContext().traceId, root?.spanContext().traceId);
          assert.is(span.resource.attributes['service.name'], 'node-sdk');
        }
        assert.is(root?.attributes.id, 1);
        assert.is(root?.status.code, SpanStatusCode.UNSET);
      },
      simple,
    ));
}

test('switched on and off while it runs: only calls in between are recorded', () =>
  withNodeSdk({ enabled: false }, async ({ spans, sampler }) => {
    await handle(1);
    const lease = sampler.tracing.setEnabled(true, { for: '1m' });
    await handle(2);
    sampler.tracing.endLease(lease.id);
    await handle(3);
    assert.is((await spans()).get('handle')?.attributes.id, 2);
    assert.match(sampler.toString(), /enabled=false/);
  }));

test("leaky spans are dropped: below Spanwright's the tree is kept, below a library's it is dropped too", () =>
  withNodeSdk({ enabled: true, drop: 'carbide::db, name:leaky' }, async ({ spans }) => {
    await handle(1);
    library.startActiveSpan('leaky', (leaky) => {
      library.startSpan('below leaky').end();
      leaky.end();
    });
    const all = await spans();
    assert.equal([...all.keys()].sort(), ['handle', 'pg.query']);
    assert.is(all.get('pg.query')?.parentSpanContext?.spanId, all.get('handle')?.spanContext().spanId);
  }));

test('open spans of instrumented calls and of libraries are counted and listed once each', () =>
  withNodeSdk({ enabled: true }, async ({ sampler }) => {
    const { tracing } = sampler;
    assertNoOpenSpans();
    let release = (): void => {};
    const slow = instrument(
      { namespace: 'carbide::api', name: 'slow' },
      () => new Promise<void>((resolve) => (release = resolve)),
    );
    const running = slow();
    const forgotten = library.startSpan('forgotten');
    assert.is(tracing.openCount, 2);
    assert.equal(
      tracing.openSpans().map(({ name }) => name),
      ['slow', 'forgotten'],
    );
    assert.throws(() => assertNoOpenSpans(), /forgotten/);
    release();
    await running;
    forgotten.end();
    forgotten.end();
    assert.is(tracing.openCount, 0);
    const { started, ended } = tracing.state().spans;
    assert.equal([started, ended], [2, 2]);
    assertNoOpenSpans();
  }));

test('a sampled remote parent records although the flag is off; one that is not sampled does not although it is on', async () => {
  const remote = (traceFlags: TraceFlags) =>
    trace.setSpanContext(ROOT_CONTEXT, { traceId: '1f'.repeat(16), spanId: '2e'.repeat(8), traceFlags, isRemote: true });
  await withNodeSdk({ enabled: false }, async ({ spans }) => {
    await context.with(remote(TraceFlags.SAMPLED), () => handle(1));
    const root = (await spans()).get('handle');
    assert.is(root?.spanContext().traceId, '1f'.repeat(16));
    assert.is(root?.parentSpanContext?.spanId, '2e'.repeat(8));
  });
  await withNodeSdk({ enabled: true }, async ({ spans }) => {
    await context.with(remote(TraceFlags.NONE), () => handle(1));
    assert.is((await spans()).size, 0);
  });
});

test.run();
