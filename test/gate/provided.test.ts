// Spans in a set-up of the user's own: the provider's own span is in the context, under the parent object that was there, and what
// the sampler skips keeps the tree below it.

import { type Context, context, type Span, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import * as sdk from '@opentelemetry/sdk-trace';
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  createRootSampler,
  createSampler,
  createSpanProcessor,
  inject,
  instrument,
  type SpanwrightSampler,
  sessions,
  startSpan,
} from '../../runtime/index.js';
import { expectSpans } from '../expected-spans.js';

/** Copies the tenant from the parent's span, as processors of users do, and keeps the objects that it was given. */
class CopyingProcessor {
  readonly started: Span[] = [];
  onStart(span: Span & { attributes?: object }, parentContext: Context): void {
    this.started.push(span);
    const parent = trace.getSpan(parentContext) as { attributes?: Record<string, string> } | undefined;
    const tenant = parent?.attributes?.tenant;
    if (tenant !== undefined) span.setAttribute('tenant', tenant);
  }
  onEnd(): void {}
  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}

interface Given {
  readonly sampler: SpanwrightSampler;
  readonly copying: CopyingProcessor;
  readonly spans: () => ReadableSpan[];
}

async function inside(
  sampler: SpanwrightSampler,
  work: (given: Given) => unknown,
  compose: (sampler: Sampler) => Sampler = (own) => own,
): Promise<void> {
  const exporter = new InMemorySpanExporter();
  const copying = new CopyingProcessor();
  const provider = new BasicTracerProvider({
    sampler: compose(sampler as unknown as Sampler),
    spanProcessors: [createSpanProcessor() as never, copying as never, new SimpleSpanProcessor(exporter)],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  const spans = (): ReadableSpan[] => exporter.getFinishedSpans();
  try {
    await work({ sampler, copying, spans });
  } finally {
    await sampler.tracing.shutdown();
    await provider.shutdown();
    trace.disable();
    context.disable();
  }
}

/** Asked for at each call, because a proxy tracer keeps its first provider. */
const library = () => trace.getTracer('library');
const seen: (Span | undefined)[] = [];
const leaf = instrument({ namespace: 'carbide::db', name: 'leaf' }, () => {
  seen.push(trace.getActiveSpan());
  library().startSpan('third').end();
});
const root = instrument({ namespace: 'carbide::api', name: 'root', attributes: { tenant: 'acme' } }, () => leaf());

test('the span in the context is the object that the processors were given, in each call', () =>
  inside(createSampler({ enabled: true }), ({ copying, spans }) => {
    seen.length = 0;
    root();
    expectSpans(spans(), 'root | tenant="acme"', '  leaf | tenant="acme"', '    third | tenant="acme"');
    assert.ok(seen[0] !== undefined && copying.started.includes(seen[0]));
  }));

test('a processor finds the attributes of an instrumented parent in its parent context', () =>
  inside(createSampler({ enabled: true }), ({ spans }) => {
    root();
    expectSpans(spans(), 'root | tenant="acme"', '  leaf | tenant="acme"', '    third | tenant="acme"');
  }));

test('an attribute set on the active span during the call is on the exported span and seen by its children', () =>
  inside(createSampler({ enabled: true }), ({ spans }) => {
    instrument({ namespace: 'carbide', name: 'late' }, () => {
      trace.getActiveSpan()?.setAttribute('tenant', 'late');
      leaf();
    })();
    expectSpans(spans(), 'late | tenant="late"', '  leaf | tenant="late"', '    third | tenant="late"');
  }));

test('under a hand-written span with the flag off, the call is its child', () =>
  inside(
    createRootSampler({ enabled: false }),
    ({ spans }) => {
      library().startActiveSpan('hand', (span) => {
        root();
        span.end();
      });
      // without a parent nothing else: the rest is the SDK's own span
      root();
      expectSpans(spans(), 'hand', '  root | tenant="acme"', '    leaf | tenant="acme"', '      third | tenant="acme"', 'third');
    },
    () => new AlwaysOnSampler(),
  ));

test('below a dropped third-party span, instrumented calls are children of its parent', () =>
  inside(createSampler({ enabled: true, drop: 'tokio' }), ({ spans, sampler }) => {
    instrument({ namespace: 'carbide', name: 'top' }, () => {
      library().startActiveSpan('leaky', { attributes: { 'code.namespace': 'tokio::x' } }, (leaky) => {
        library().startActiveSpan('inner leaky', { attributes: { 'code.namespace': 'tokio::y' } }, () => leaf());
        leaky.end();
      });
    })();
    expectSpans(spans(), 'top', '  leaf', '    third');
    assert.is(sampler.tracing.openCount, 0);
  }));

test('within a dropped third-party span, the next service gets the span above it as parent', () =>
  inside(createSampler({ enabled: true, drop: 'name:leaky' }), ({ spans }) => {
    let sent: { traceparent?: string } = {};
    const sending = instrument({ namespace: 'carbide::api', name: 'sending' }, () =>
      library().startActiveSpan('leaky', (leaky) => {
        sent = inject({});
        leaky.end();
      }),
    );
    sending();
    const { traceId, spanId } = (spans()[0] as ReadableSpan).spanContext();
    assert.is(sent.traceparent, `00-${traceId}-${spanId}-01`);
  }));

test('a dropped span at the top lets the first instrumented call below it start the trace', () =>
  inside(createSampler({ enabled: true, drop: 'tokio' }), ({ spans }) => {
    library().startActiveSpan('leaky', { attributes: { 'code.namespace': 'tokio::x' } }, () => leaf());
    expectSpans(spans(), 'leaf', '  third');
  }));

test('a third-party root outside `roots` does not silence the root below it; a ratio of the trace does', async () => {
  await inside(createSampler({ enabled: true, roots: 'carbide' }), ({ spans }) => {
    library().startActiveSpan('GET /', () => leaf());
    expectSpans(spans(), 'leaf', '  third');
  });
  await inside(createSampler({ enabled: true, rules: 'quiet=0.000000001' }), ({ spans }) => {
    library().startActiveSpan('GET /', { attributes: { 'code.namespace': 'quiet' } }, () => leaf());
    expectSpans(spans());
  });
});

test('a call below a third-party span that was refused while off records once the flag is on', () =>
  inside(createSampler({ enabled: false }), ({ spans, sampler }) => {
    library().startActiveSpan('GET /', () => {
      leaf();
      sampler.tracing.setEnabled(true, { for: '1m' });
      leaf();
    });
    expectSpans(spans(), 'leaf', '  third');
  }));

test("createSampler() is an instance of sdk-trace's ParentBasedSampler, and createRootSampler() is not", () =>
  inside(createSampler({ enabled: true }), ({ sampler }) => {
    // The sdk-trace that Spanwright depends on: in this tree sdk-trace-base re-exports the class of a newer copy of its own.
    assert.instance(sampler, sdk.ParentBasedSampler);
    assert.match(String(sampler), /^ParentBased\{root=Spanwright/);
  }));

test('createRootSampler() decides roots only: what the parent decides is the composition of the user', () =>
  inside(
    createRootSampler({ enabled: true, roots: 'carbide' }),
    ({ spans, sampler }) => {
      leaf();
      library().startSpan('elsewhere').end();
      const unsampled = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 0, isRemote: true };
      library().startSpan('under remote', {}, trace.setSpanContext(context.active(), unsampled)).end();
      expectSpans(spans(), 'leaf', '  third', '(remote bbbbbbbbbbbbbbbb)', '  under remote');
      assert.match(String(sampler), /^Spanwright\{enabled=true, roots=carbide/);
    },
    (own) => new ParentBasedSampler({ root: own, remoteParentNotSampled: new AlwaysOnSampler() }),
  ));

test('startSpan() and sessions use the spans of the provider too', () =>
  inside(createSampler({ enabled: true }), ({ spans, copying }) => {
    const span = startSpan('block', { namespace: 'carbide::block' });
    span.run(() => {
      assert.ok(copying.started.includes(trace.getActiveSpan() as Span));
      leaf();
    });
    span.end();
    sessions.start('k', { name: 'session', namespace: 'carbide' });
    sessions.run('k', leaf);
    sessions.end('k');
    expectSpans(
      spans(),
      'block',
      '  leaf',
      '    third',
      'session | spanwright.session.end="ended" | spanwright.session.key="k"',
      '  session started | spanwright.session.key="k"',
      '  leaf',
      '    third',
    );
  }));

test('a generator that the sampler of the user refuses still runs its steps under the refused span', () =>
  inside(
    createRootSampler({ enabled: true }),
    ({ spans, sampler }) => {
      const steps = instrument({ namespace: 'carbide', name: 'steps' }, function* () {
        leaf();
        yield 1;
      });
      assert.equal([...steps()], [1]);
      expectSpans(spans());
      assert.equal(sampler.tracing.state().spans.started, 0);
    },
    () => ({ shouldSample: () => ({ decision: 0 }), toString: () => 'never' }),
  ));

test('one error is one exception in a trace, also with a third-party span between', () =>
  inside(createSampler({ enabled: true }), ({ spans }) => {
    const error = new RangeError('once');
    const low = instrument({ namespace: 'carbide', name: 'low' }, () => {
      throw error;
    });
    const high = instrument({ namespace: 'carbide', name: 'high' }, () =>
      library().startActiveSpan('between', (between) => {
        try {
          return low();
        } finally {
          between.end();
        }
      }),
    );
    assert.throws(high, 'once');
    const failed = 'error.type="RangeError" | error "once"';
    expectSpans(spans(), `high | ${failed}`, '  between', `    low | ${failed} | event exception`);
  }));

/** The SDK's spans as those of a provider that shows no times. */
function withoutTimes(span: Span): Span {
  return new Proxy(span, {
    get(of, name) {
      const value = name === 'startTime' || name === 'duration' ? undefined : Reflect.get(of, name);
      return typeof value === 'function' ? value.bind(of) : value;
    },
  });
}

for (const shown of [true, false]) {
  test(`a call counts with the time of a provider's span that ${shown ? 'shows its times' : 'shows none'}`, () =>
    inside(createSampler({ enabled: true }), async ({ sampler, spans }) => {
      const provider = (trace.getTracerProvider() as unknown as { getDelegate(): BasicTracerProvider }).getDelegate();
      const tracer = provider.getTracer('measured');
      const startSpan: typeof tracer.startSpan = (...given) => withoutTimes(tracer.startSpan(...given));
      if (!shown) {
        trace.disable();
        trace.setGlobalTracerProvider({ getTracer: () => ({ ...tracer, startSpan }) as unknown as typeof tracer });
      }
      const wait = instrument({ namespace: 'carbide', name: `wait ${shown}` }, () => new Promise((done) => setTimeout(done, 30)));
      await wait();
      const [seconds = 0, nanoseconds = 0] = spans()[0]?.duration ?? [];
      const exportedMs = seconds * 1000 + nanoseconds / 1e6;
      const report = sampler.tracing.sites('carbide').find(({ name }) => name === `wait ${shown}`);
      const countedMs = report?.latency.sumMs ?? Number.NaN;
      assert.ok(exportedMs > 25);
      if (shown) assert.is(countedMs, Number(exportedMs.toFixed(3)));
      // two clocks read one after the other
      else assert.ok(countedMs > 25 && countedMs < exportedMs + 1000, `${countedMs} ms`);
      assert.is(report?.open, 0);
    }));
}

test.run();
