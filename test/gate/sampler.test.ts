// createSampler() and createSpanProcessor() inside a set-up of the user's own, made of the real SDK.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { context, propagation, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  createSampler,
  createSpanProcessor,
  inject,
  instrument,
  type SamplerOptions,
  SpanwrightError,
  withRemoteContext,
} from '../../runtime/index.js';
import { expectSpans } from '../expected-spans.js';
import { callBelowRemoteTraces, DROPPED, KEPT_TRACESTATES, PASSED_ON } from './remote-ratio.js';

interface OwnSdk {
  readonly sampler: ReturnType<typeof createSampler>;
  readonly spans: () => ReadableSpan[];
}

async function ownSdk(options: SamplerOptions, work: (sdk: OwnSdk) => unknown): Promise<void> {
  const exporter = new InMemorySpanExporter();
  const sampler = createSampler(options);
  const provider = new BasicTracerProvider({
    sampler: sampler as never,
    spanProcessors: [createSpanProcessor() as never, new SimpleSpanProcessor(exporter)],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  try {
    await work({ sampler, spans: () => exporter.getFinishedSpans() });
  } finally {
    await sampler.tracing.shutdown();
    await provider.shutdown();
    trace.disable();
    context.disable();
    propagation.disable();
  }
}

const inner = instrument({ namespace: 'carbide::db', name: 'inner' }, async () => 1);
const outer = instrument({ namespace: 'carbide::api', name: 'outer', attributes: { backend: 'nsm' } }, async () => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  return inner();
});
const failing = instrument({ namespace: 'carbide::api', name: 'failing' }, () => {
  throw new TypeError('broken');
});

test('createSpanProcessor() keeps no span that has ended in memory', () =>
  ownSdk({ enabled: true }, async ({ sampler }) => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({
      sampler: sampler as never,
      spanProcessors: [createSpanProcessor() as never, new SimpleSpanProcessor(exporter)],
    });
    const ended = Array.from({ length: 50 }, () => {
      const span = provider.getTracer('pool').startSpan('query');
      span.end();
      return new WeakRef(span);
    });
    exporter.reset();
    for (let round = 0; round < 10 && ended.some((span) => span.deref() !== undefined); round++) {
      await new Promise((resolve) => setImmediate(resolve));
      collect();
    }
    assert.is(ended.filter((span) => span.deref() !== undefined).length, 0);
  }));

test("instrumented calls become spans of the user's own provider, with parents, attributes and times", () =>
  ownSdk({ enabled: true }, async ({ spans }) => {
    await outer();
    expectSpans(spans(), 'outer | backend="nsm"', '  inner');
    const top = spans()[1] as ReadableSpan;
    assert.is(top.attributes['code.namespace'], 'carbide::api');
    assert.ok(top.duration[1] >= 4e6 && top.duration[0] === 0, `${top.duration}`);
  }));

test("an error is one exception, a status and error.type on the provider's span too", () =>
  ownSdk({ enabled: true }, ({ spans }) => {
    assert.throws(failing, 'broken');
    expectSpans(spans(), 'failing | error.type="TypeError" | error "broken" | event exception');
  }));

test('instrument.attributes adds to the span of the SDK that is active, redacted', () =>
  ownSdk({ enabled: true }, async ({ spans }) => {
    const select = instrument.attributes(
      { args: ['rack', 'password'], attributes: { api_key: 'k' } },
      (rack: string, password: string) => [rack, password],
    );
    const around = instrument({ namespace: 'carbide::api', name: 'around' }, () => select('r-1', 'p'));
    around();
    trace.getTracer('theirs').startActiveSpan('theirs', (span) => {
      select('r-2', 'p');
      span.end();
    });
    select('alone', 'p');
    expectSpans(
      spans(),
      'around | api_key="REDACTED" | password="REDACTED" | rack="r-1"',
      'theirs | api_key="REDACTED" | password="REDACTED" | rack="r-2"',
    );
  }));

test("links of a call are on the provider's span", () =>
  ownSdk({ enabled: true }, ({ spans }) => {
    const linked = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), traceFlags: 1 };
    instrument({ namespace: 'carbide::api', links: () => [{ context: linked, attributes: { why: 'batch' } }] }, () => 1)();
    assert.equal(
      spans()[0]?.links.map((link) => [link.context.spanId, link.attributes]),
      [[linked.spanId, { why: 'batch' }]],
    );
  }));

test('a processor of the application that throws reaches neither the program nor the counts', () =>
  ownSdk({ enabled: true }, async ({ sampler, spans }) => {
    const throws = () => {
      throw new Error('a fault of the processor');
    };
    const broken = { onStart: throws, onEnd: throws, forceFlush: async () => {}, shutdown: async () => {} };
    const provider = new BasicTracerProvider({ sampler: sampler as never, spanProcessors: [broken] });
    trace.disable();
    trace.setGlobalTracerProvider(provider);
    assert.is(await outer(), 1);
    assert.throws(failing, 'broken');
    assert.is(sampler.tracing.openCount, 0);
    expectSpans(spans());
  }));

test('instrumented calls made by a processor of the application are not traced', () =>
  ownSdk({ enabled: true }, async ({ sampler }) => {
    let calls = 0;
    const note = instrument({ namespace: 'carbide::api', name: 'note' }, () => void calls++);
    const noting = { onStart: note, onEnd: note, forceFlush: async () => {}, shutdown: async () => {} };
    trace.disable();
    trace.setGlobalTracerProvider(new BasicTracerProvider({ sampler: sampler as never, spanProcessors: [noting] }));
    assert.is(await inner(), 1);
    assert.is(calls, 2);
  }));

test("limits of leases and of open spans count the SDK's own spans too", () =>
  ownSdk({ enabled: false, maxOpenSpans: 3 }, ({ sampler, spans }) => {
    const tracer = trace.getTracer('third-party');
    const lease = sampler.tracing.setEnabled(true, { maxSpans: 5 });
    const open = Array.from({ length: 4 }, () => tracer.startSpan('theirs'));
    assert.is(sampler.tracing.openCount, 3);
    assert.is(sampler.tracing.state().spans.refused, 1);
    for (const span of open) span.end();
    for (let count = 0; count < 10; count++) tracer.startSpan('theirs').end();
    assert.is(sampler.tracing.state().lastEnded?.id, lease.id);
    assert.is(spans().length, 5);
  }));

test("while the flag is off nothing is recorded, neither Spanwright's spans nor others", () =>
  ownSdk({ enabled: false }, async ({ spans, sampler }) => {
    await outer();
    trace.getTracer('third-party').startSpan('theirs').end();
    expectSpans(spans());
    sampler.tracing.setEnabled(true);
    await outer();
    trace.getTracer('third-party').startSpan('theirs').end();
    expectSpans(spans(), 'outer | backend="nsm"', '  inner', 'theirs');
  }));

test('a lease that has run out records no new root, also while the event loop is blocked over its end', () =>
  ownSdk({ rules: 'carbide=off' }, ({ sampler: { tracing }, spans }) => {
    const query = instrument({ namespace: 'carbide::db', name: 'query' }, (_name: string) => 1);
    const theirs = (name: string) =>
      trace
        .getTracer('theirs')
        .startSpan(name, { attributes: { 'code.namespace': 'carbide::theirs' } })
        .end();
    const pastTheEnd = (root: (name: string) => unknown): void => {
      root('early');
      const end = performance.now() + 110;
      while (performance.now() < end);
      root('late');
    };
    // of each kind alone, because each must compare the clock itself
    for (const root of [query, theirs]) {
      tracing.setEnabled(true, { for: 100 });
      const rules = tracing.setRules('carbide=on', { for: '1h' });
      pastTheEnd(root);
      assert.is(tracing.state().lastEnded?.cause, 'expired');
      tracing.endLease(rules.id);
    }
    expectSpans(spans(), 'query', 'early');
    tracing.setEnabled(true);
    for (const root of [query, theirs]) {
      tracing.setRules('carbide=on', { for: 100 });
      pastTheEnd(root);
    }
    expectSpans(spans(), 'query', 'early', 'query', 'early');
  }));

test('roots match the namespace, for third-party spans their code.namespace', () =>
  ownSdk({ enabled: true, roots: 'carbide' }, async ({ spans }) => {
    const tracer = trace.getTracer('third-party');
    tracer.startSpan('without').end();
    tracer.startSpan('near', { attributes: { 'code.namespace': 'carbidex::a' } }).end();
    tracer.startSpan('with', { attributes: { 'code.namespace': 'carbide::a' } }).end();
    await instrument({ namespace: 'other', name: 'elsewhere' }, () => inner())();
    expectSpans(spans(), 'with', 'inner');
  }));

test('children inherit from a recorded parent, in any namespace', () =>
  ownSdk({ enabled: true, roots: 'carbide' }, async ({ spans }) => {
    const theirs = instrument({ namespace: 'other', name: 'theirs' }, () => 1);
    instrument({ namespace: 'carbide', name: 'top' }, () => {
      theirs();
      trace.getTracer('third-party').startSpan('third').end();
    })();
    expectSpans(spans(), 'top', '  theirs', '  third');
  }));

test('dropped spans are never recorded, also under a recorded parent', () =>
  ownSdk({ enabled: true, drop: 'name:leaky' }, ({ spans }) => {
    const tracer = trace.getTracer('third-party');
    tracer.startActiveSpan('top', (top) => {
      tracer.startSpan('leaky').end();
      tracer.startSpan('kept').end();
      top.end();
    });
    expectSpans(spans(), 'top', '  kept');
  }));

test('a ratio is decided on the trace id, recorded in tracestate, and holds for the whole trace', () =>
  ownSdk({ enabled: true, rules: 'carbide::api=0.5' }, async ({ sampler, spans }) => {
    for (let call = 0; call < 300; call++) await outer();
    const all = spans();
    const roots = all.filter((span) => span.name === 'outer');
    assert.ok(roots.length > 100 && roots.length < 200, `${roots.length} of 300`);
    assert.is(all.length, roots.length * 2);
    for (const root of roots) assert.is(root.spanContext().traceState?.get('ot'), 'th:8');
    // what is not recorded is not counted, and not asked for its attributes
    const { started, ended, open } = sampler.tracing.state().spans;
    assert.equal([started, ended, open], [all.length, all.length, 0]);
    let asked = 0;
    const attributes = () => ({ asked: asked++ });
    const counted = instrument({ namespace: 'carbide::api', name: 'counted', attributes }, () => 1);
    for (let call = 0; call < 100; call++) counted();
    assert.is(asked, spans().filter(({ name }) => name === 'counted').length);
  }));

test('a decision about a remote trace uses the randomness of its tracestate, and keeps the other fields', () =>
  ownSdk({ enabled: true, remoteParent: 'ignore', rules: 'carbide::api=0.5' }, async ({ spans }) => {
    await callBelowRemoteTraces(outer);
    const states = spans()
      .filter(({ name }) => name === 'outer')
      .map((span) => span.spanContext().traceState?.serialize());
    assert.equal(states, KEPT_TRACESTATES);
  }));

test('a root at the ratio 1 below a caller that is ignored shows its own threshold', () =>
  ownSdk({ enabled: true, remoteParent: 'ignore' }, async ({ spans }) => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;
    await withRemoteContext({ traceparent, tracestate: 'a=1,ot=th:c;rv:ffffffffffffff' }, outer);
    await withRemoteContext({ traceparent }, outer);
    const states = spans()
      .filter(({ name }) => name === 'outer')
      .map((span) => span.spanContext().traceState?.serialize());
    assert.equal(states, ['ot=th:0;rv:ffffffffffffff,a=1', undefined]);
  }));

test('a remote trace that is dropped here keeps its randomness and other members of tracestate, without a threshold', () =>
  ownSdk({ enabled: true, remoteParent: 'ignore', rules: 'carbide::api=0.5' }, async ({ spans }) => {
    const passOn = instrument({ namespace: 'carbide::api', name: 'passOn' }, () => inject({}));
    const passed = withRemoteContext(DROPPED, passOn) as Record<string, string>;
    assert.is(passed.tracestate, PASSED_ON.tracestate);
    assert.equal(spans(), []);
  }));

test('a sampled remote parent records while the flag is off; with remoteParent ignore it does not', async () => {
  const remote = trace.setSpanContext(ROOT_CONTEXT, {
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  });
  await ownSdk({ enabled: false }, async ({ spans }) => {
    await context.with(remote, outer);
    expectSpans(spans(), '(remote bbbbbbbbbbbbbbbb)', '  outer | backend="nsm"', '    inner');
    assert.is(spans()[0]?.spanContext().traceId, 'a'.repeat(32));
  });
  await ownSdk({ enabled: false, remoteParent: 'ignore' }, async ({ spans }) => {
    await context.with(remote, outer);
    trace.getTracer('third-party').startSpan('theirs', {}, remote).end();
    expectSpans(spans());
  });
});

test('the span processor counts what is open, each span once', () =>
  ownSdk({ enabled: true }, async ({ sampler }) => {
    const { tracing } = sampler;
    const theirs = trace.getTracer('third-party').startSpan('theirs');
    const ours = outer();
    assert.is(tracing.openCount, 2);
    assert.equal({ ...tracing.state().openByNamespace }, { 'third-party': 1, 'carbide::api': 1 });
    assert.equal(
      tracing.openSpans().map((span) => span.name),
      ['theirs', 'outer'],
    );
    theirs.end();
    theirs.end();
    await ours;
    assert.is(tracing.openCount, 0);
    assert.is(tracing.state().spans.started, 3);
    assert.is(tracing.state().spans.ended, 3);
  }));

test('toString() describes the decision, as that of other samplers does', () =>
  ownSdk({ enabled: true, roots: 'carbide', rules: 'carbide::db=off' }, ({ sampler }) => {
    assert.match(String(sampler), /^ParentBased\{root=Spanwright\{enabled=true, roots=carbide, rules=carbide::db=off, drop=.*\}/);
  }));

test('a second set-up in the same process is refused', () =>
  ownSdk({}, () => {
    assert.throws(
      () => createSampler(),
      (error: unknown) => error instanceof SpanwrightError && error.code === 'ALREADY_STARTED',
    );
  }));

test.run();
