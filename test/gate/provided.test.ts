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
  instrument,
  type SpanwrightSampler,
  sessions,
  startSpan,
} from '../../runtime/index.js';

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
  /** Name and name of the parent, of what was exported. */
  readonly tree: () => string[];
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
  const tree = (): string[] => {
    const names = new Map(spans().map((span) => [span.spanContext().spanId, span.name]));
    const up = ({ parentSpanContext }: ReadableSpan): string =>
      parentSpanContext === undefined ? '' : ` < ${names.get(parentSpanContext.spanId) ?? 'unknown'}`;
    return spans()
      .map((span) => span.name + up(span))
      .sort();
  };
  try {
    await work({ sampler, copying, tree, spans });
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
  inside(createSampler({ enabled: true }), ({ copying, tree }) => {
    seen.length = 0;
    root();
    assert.equal(tree(), ['leaf < root', 'root', 'third < leaf']);
    assert.ok(seen[0] !== undefined && copying.started.includes(seen[0]));
  }));

test('a processor finds the attributes of an instrumented parent in its parent context', () =>
  inside(createSampler({ enabled: true }), ({ spans }) => {
    root();
    assert.equal(
      spans().map(({ name, attributes }) => [name, attributes.tenant]),
      [
        ['third', 'acme'],
        ['leaf', 'acme'],
        ['root', 'acme'],
      ],
    );
  }));

test('an attribute set on the active span during the call is on the exported span and seen by its children', () =>
  inside(createSampler({ enabled: true }), ({ spans }) => {
    instrument({ namespace: 'carbide', name: 'late' }, () => {
      trace.getActiveSpan()?.setAttribute('tenant', 'late');
      leaf();
    })();
    for (const { attributes } of spans()) assert.is(attributes.tenant, 'late');
  }));

test('under a hand-written span with the flag off, the call is its child', () =>
  inside(
    createRootSampler({ enabled: false }),
    ({ tree }) => {
      library().startActiveSpan('hand', (span) => {
        root();
        span.end();
      });
      // without a parent nothing: what is left is the SDK's own span
      root();
      assert.equal(tree(), ['hand', 'leaf < root', 'root < hand', 'third', 'third < leaf']);
    },
    () => new AlwaysOnSampler(),
  ));

test('a dropped third-party span leaves the instrumented calls below it to its parent', () =>
  inside(createSampler({ enabled: true, drop: 'tokio' }), ({ tree, sampler }) => {
    instrument({ namespace: 'carbide', name: 'top' }, () => {
      library().startActiveSpan('leaky', { attributes: { 'code.namespace': 'tokio::x' } }, (leaky) => {
        library().startActiveSpan('inner leaky', { attributes: { 'code.namespace': 'tokio::y' } }, () => leaf());
        leaky.end();
      });
    })();
    assert.equal(tree(), ['leaf < top', 'third < leaf', 'top']);
    assert.is(sampler.tracing.openCount, 0);
  }));

test('a dropped span at the top lets the first instrumented call below it start the trace', () =>
  inside(createSampler({ enabled: true, drop: 'tokio' }), ({ tree }) => {
    library().startActiveSpan('leaky', { attributes: { 'code.namespace': 'tokio::x' } }, () => leaf());
    assert.equal(tree(), ['leaf', 'third < leaf']);
  }));

test('a third-party root outside `roots` does not silence the root below it; a ratio of the trace does', async () => {
  await inside(createSampler({ enabled: true, roots: 'carbide' }), ({ tree }) => {
    library().startActiveSpan('GET /', () => leaf());
    assert.equal(tree(), ['leaf', 'third < leaf']);
  });
  await inside(createSampler({ enabled: true, rules: 'quiet=0.000000001' }), ({ tree }) => {
    library().startActiveSpan('GET /', { attributes: { 'code.namespace': 'quiet' } }, () => leaf());
    assert.equal(tree(), []);
  });
});

test('a call below a third-party span that was refused while off records once the flag is on', () =>
  inside(createSampler({ enabled: false }), ({ tree, sampler }) => {
    library().startActiveSpan('GET /', () => {
      leaf();
      sampler.tracing.setEnabled(true, { for: '1m' });
      leaf();
    });
    assert.equal(tree(), ['leaf', 'third < leaf']);
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
    ({ tree, sampler }) => {
      leaf();
      library().startSpan('elsewhere').end();
      const unsampled = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 0, isRemote: true };
      library().startSpan('under remote', {}, trace.setSpanContext(context.active(), unsampled)).end();
      assert.equal(tree(), ['leaf', 'third < leaf', 'under remote < unknown']);
      assert.match(String(sampler), /^Spanwright\{enabled=true, roots=carbide/);
    },
    (own) => new ParentBasedSampler({ root: own, remoteParentNotSampled: new AlwaysOnSampler() }),
  ));

test('startSpan() and sessions use the spans of the provider too', () =>
  inside(createSampler({ enabled: true }), ({ tree, copying }) => {
    const span = startSpan('block', { namespace: 'carbide::block' });
    span.run(() => {
      assert.ok(copying.started.includes(trace.getActiveSpan() as Span));
      leaf();
    });
    span.end();
    sessions.start('k', { name: 'session', namespace: 'carbide' });
    sessions.run('k', leaf);
    sessions.end('k');
    assert.equal(tree(), [
      'block',
      'leaf < block',
      'leaf < session',
      'session',
      'session started < session',
      'third < leaf',
      'third < leaf',
    ]);
  }));

test('a generator that the sampler of the user refuses still runs its steps under the refused span', () =>
  inside(
    createRootSampler({ enabled: true }),
    ({ tree, sampler }) => {
      const steps = instrument({ namespace: 'carbide', name: 'steps' }, function* () {
        leaf();
        yield 1;
      });
      assert.equal([...steps()], [1]);
      assert.equal(tree(), []);
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
    const events = (name: string): number | undefined => spans().find((span) => span.name === name)?.events.length;
    assert.equal([events('low'), events('high')], [1, 0]);
  }));

test.run();
