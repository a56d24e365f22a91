// Spans in a set-up of the user's own: the provider's own span is in the context, under the parent object that was there, and what
// the sampler skips keeps the tree below it.

import { context, type Span, type TracerProvider, trace } from '@opentelemetry/api';
import * as sdk from '@opentelemetry/sdk-trace';
import {
  AlwaysOnSampler,
  type BasicTracerProvider,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
} from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { onFault } from '../../runtime/fault.js';
import { createRootSampler, createSampler, inject, instrument, sessions, startSpan, startTracing } from '../../runtime/index.js';
import { state } from '../../runtime/state.js';
import { expectSpans } from '../expected-spans.js';
import { insideSdk } from './inside-sdk.js';

/** Asked for at each call, because a proxy tracer keeps its first provider. */
const library = () => trace.getTracer('library');
const seen: (Span | undefined)[] = [];
const leaf = instrument({ namespace: 'carbide::db', name: 'leaf' }, () => {
  seen.push(trace.getActiveSpan());
  library().startSpan('third').end();
});
const root = instrument({ namespace: 'carbide::api', name: 'root', attributes: { tenant: 'acme' } }, () => leaf());

test('the span in the context is the same object that processors receive, in each call and as a parent', () =>
  insideSdk(createSampler({ enabled: true }), ({ copying, spans }) => {
    seen.length = 0;
    root();
    expectSpans(spans(), 'root | tenant="acme"', '  leaf | tenant="acme"', '    third | tenant="acme"');
    assert.ok(seen[0] !== undefined && copying.started.includes(seen[0]));
  }));

test('an attribute set on the active span during the call is on the exported span and seen by its children', () =>
  insideSdk(createSampler({ enabled: true }), ({ spans }) => {
    instrument({ namespace: 'carbide', name: 'late' }, () => {
      trace.getActiveSpan()?.setAttribute('tenant', 'late');
      leaf();
    })();
    expectSpans(spans(), 'late | tenant="late"', '  leaf | tenant="late"', '    third | tenant="late"');
  }));

test('under a hand-written span with the flag off, the call is its child', () =>
  insideSdk(
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
  insideSdk(createSampler({ enabled: true, drop: 'tokio' }), ({ spans, sampler }) => {
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
  insideSdk(createSampler({ enabled: true, drop: 'name:leaky' }), ({ spans }) => {
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
  insideSdk(createSampler({ enabled: true, drop: 'tokio' }), ({ spans }) => {
    library().startActiveSpan('leaky', { attributes: { 'code.namespace': 'tokio::x' } }, () => leaf());
    expectSpans(spans(), 'leaf', '  third');
  }));

test('a third-party root outside `roots` does not silence the root below it; a ratio of the trace does', async () => {
  await insideSdk(createSampler({ enabled: true, roots: 'carbide' }), ({ spans }) => {
    library().startActiveSpan('GET /', () => leaf());
    expectSpans(spans(), 'leaf', '  third');
  });
  await insideSdk(createSampler({ enabled: true, rules: 'quiet=0.000000001' }), ({ spans }) => {
    library().startActiveSpan('GET /', { attributes: { 'code.namespace': 'quiet' } }, () => leaf());
    expectSpans(spans());
  });
});

test('below a third-party span that started while the flag was off, a call is recorded once the flag is on', () =>
  insideSdk(createSampler({ enabled: false }), ({ spans, sampler }) => {
    library().startActiveSpan('GET /', () => {
      leaf();
      sampler.tracing.setEnabled(true, { for: '1m' });
      leaf();
    });
    expectSpans(spans(), 'leaf', '  third');
  }));

test("createSampler() is an instance of sdk-trace's ParentBasedSampler, and createRootSampler() is not", () =>
  insideSdk(createSampler({ enabled: true }), ({ sampler }) => {
    // The copy of sdk-trace that Spanwright depends on. In this tree, sdk-trace-base depends on a newer copy, and re-exports the class of
    // that one.
    assert.instance(sampler, sdk.ParentBasedSampler);
    assert.match(String(sampler), /^ParentBased\{root=Spanwright/);
  }));

test("createRootSampler() decides roots only; below a parent the user's ParentBasedSampler decides", () =>
  insideSdk(
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
  insideSdk(createSampler({ enabled: true }), ({ spans, copying }) => {
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

test('startSpan() beside an SDK ignores what is no key, name or link, and what comes after the end', () =>
  insideSdk(createSampler({ enabled: true }), ({ sampler, spans }) => {
    const span = startSpan('block', { namespace: 'carbide::block' });
    span
      .setAttribute(7 as never, 'a number')
      .setAttribute('', 'empty')
      .setAttribute('kept', 1)
      .addEvent(7 as never)
      .addEvent('kept')
      .addLink({ context: {} as never })
      .updateName('renamed');
    assert.is(sampler.tracing.openSpans({ attributes: true })[0]?.attributes?.kept, 1);
    span.end();
    span.setAttribute('late', 1);
    expectSpans(spans(), 'renamed | kept=1 | event kept');
  }));

test('a generator that the sampler of the user refuses still runs its steps under the refused span', () =>
  insideSdk(
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
  insideSdk(createSampler({ enabled: true }), ({ spans }) => {
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

test("a user's sampler that wraps createSampler(), and the processors, receive the attributes of a call", async () => {
  const given: unknown[] = [];
  const composed = (own: Sampler): Sampler => ({
    shouldSample: (...asked) => {
      given.push(asked[4].tenant);
      return own.shouldSample(...asked);
    },
    toString: () => 'composed',
  });
  for (const [compose, tenants] of [
    [composed, ['acme', undefined, undefined]],
    [undefined, []],
  ] as const) {
    given.length = 0;
    await insideSdk(
      createSampler({ enabled: true }),
      ({ copying, spans }) => {
        root();
        assert.equal(given, tenants);
        assert.equal((copying.started[0] as unknown as ReadableSpan).attributes['code.namespace'], 'carbide::api');
        const [third, low, high] = spans();
        assert.equal(
          [third, low, high].map((span) => span?.attributes['code.function.name']),
          [undefined, 'carbide::db::leaf', 'carbide::api::root'],
        );
      },
      compose,
    );
  }
});

test('successive calls under one span each record their own exception', () =>
  insideSdk(createSampler({ enabled: true }), ({ spans }) => {
    const failing = instrument({ namespace: 'carbide', name: 'failing' }, () => {
      throw 'broken';
    });
    library().startActiveSpan('hand', (span) => {
      for (let call = 0; call < 2; call++) assert.throws(failing, (error: unknown) => error === 'broken');
      span.end();
    });
    const failed = spans().filter(({ name }) => name === 'failing');
    assert.equal(
      failed.map(({ events }) => events.length),
      [1, 1],
    );
  }));

for (const how of ['one after the other', 'while another trace is open'] as const)
  test(`calls of two traces each record their own exception, ${how}`, () =>
    insideSdk(createSampler({ enabled: true }), async ({ spans }) => {
      const failing = instrument({ namespace: 'carbide', name: 'failing' }, async (started: Promise<void>) => {
        await started;
        throw 'broken';
      });
      let end = (): void => {};
      const ended = new Promise<void>((resolve) => (end = resolve));
      const other = instrument({ namespace: 'carbide', name: 'other' }, () => (how === 'one after the other' ? 7 : ended));
      const hand = library().startSpan('hand');
      const inside = trace.setSpan(context.active(), hand);
      for (let round = 0; round < 2; round++) {
        let start = (): void => {};
        const started = new Promise<void>((resolve) => (start = resolve));
        if (how === 'one after the other') start();
        const failed = context.with(inside, () => failing(started)).catch((error: unknown) => error);
        if (how === 'one after the other') assert.is(await failed, 'broken');
        void other();
        start();
        assert.is(await failed, 'broken');
      }
      end();
      hand.end();
      const failures = spans().filter(({ name }) => name === 'failing');
      assert.equal(
        failures.map(({ events }) => events.length),
        [1, 1],
      );
    }));

test('a fault at the end of a call leaves its span neither open nor recording', () =>
  insideSdk(createSampler({ enabled: true }), ({ sampler, spans }) => {
    const recorder = state.recorder as unknown as { finish?: unknown };
    recorder.finish = () => {
      delete recorder.finish;
      throw new Error('fault of finish');
    };
    assert.is(root(), leaf());
    assert.is(sampler.tracing.openCount, 0);
    assert.equal(
      spans().map(({ name }) => name),
      ['third', 'leaf', 'root', 'third', 'leaf'],
    );
  }));

test('a fault before the span of a call ends leaves it exported', () =>
  insideSdk(createSampler({ enabled: true }), ({ sampler, spans }) => {
    const recorder = state.recorder as unknown as { statusOf?: unknown };
    recorder.statusOf = () => {
      throw new Error('fault of statusOf');
    };
    const failing = instrument({ namespace: 'carbide', name: 'failing' }, () => {
      throw new Error('its own');
    });
    assert.throws(failing, /its own/);
    assert.is(sampler.tracing.openCount, 0);
    expectSpans(spans(), 'failing');
  }));

test('the provider limits the attributes of a site, and counts what it drops', async () => {
  const attributes = { c1: 'long value', c2: 'b', c3: 'c' };
  const call = instrument({ namespace: 'carbide', name: 'limited', attributes }, () => 1);
  const limits = { SPAN_ATTRIBUTE_VALUE_LENGTH: '4', SPAN_ATTRIBUTE_COUNT: '4' };
  for (const [name, limit] of Object.entries(limits)) process.env[`OTEL_${name}_LIMIT`] = limit;
  try {
    await insideSdk(createSampler({ enabled: true }), ({ spans }) => {
      call();
      const [span] = spans();
      assert.equal(Object.values(span?.attributes ?? {}), ['carb', 'carb', 'long', 'b']);
      assert.is(span?.droppedAttributesCount, 1);
    });
  } finally {
    for (const name of Object.keys(limits)) delete process.env[`OTEL_${name}_LIMIT`];
  }
});

for (const open of [1, 2])
  test(`an error that passes through a trace with ${open} open is recorded once, also while another trace starts`, () =>
    insideSdk(createSampler({ enabled: true }), async ({ spans }) => {
      let go = (): void => {};
      const started = new Promise<void>((resolve) => {
        go = resolve;
      });
      const waits = instrument({ namespace: 'carbide', name: 'waits' }, () => started);
      const fails = instrument({ namespace: 'carbide', name: 'fails' }, () => {
        throw new Error('once');
      });
      const outer = instrument({ namespace: 'carbide', name: 'outer' }, async () => {
        await (open === 1 ? started : waits()); // ends after a span of another trace has started
        fails();
      });
      const other = instrument({ namespace: 'carbide', name: 'other' }, async () => go());
      const failed = outer().catch((error: Error) => error.message);
      await other();
      assert.is(await failed, 'once');
      const events = spans().flatMap(({ name, events }) => events.map((event) => `${name} ${event.name}`));
      assert.equal(events, ['fails exception']);
    }));

test('a tracer that was asked for under startTracing() keeps its scope when an SDK has taken over', async () => {
  const before = await startTracing({ enabled: true, exporter: new sdk.InMemorySpanExporter() as never });
  const tracers = ['2.0', '3.0'].map((version) => {
    const provider = trace.getTracerProvider() as unknown as { getDelegate(): TracerProvider };
    return provider.getDelegate().getTracer('library', version, { schemaUrl: `https://schemas/${version}` });
  });
  await before.shutdown();
  await insideSdk(createSampler({ enabled: true }), ({ spans }) => {
    leaf();
    const startTime = Date.UTC(2020, 1, 3);
    for (const tracer of [...tracers, ...tracers]) tracer.startSpan('theirs', { startTime }).end();
    const theirs = spans().filter(({ name }) => name === 'theirs');
    for (const span of theirs) assert.equal(span.startTime, [startTime / 1000, 0]);
    const scopes = theirs.map(({ instrumentationScope }) => instrumentationScope);
    const [second, third] = ['2.0', '3.0'].map((version) => ({
      name: 'library',
      version,
      schemaUrl: `https://schemas/${version}`,
    }));
    assert.equal(scopes, [second, third, second, third]);
  });
});

/** The SDK's spans as those of a provider that gives other values for some of their properties. */
function changed(span: Span, change: (name: string) => unknown): Span {
  return new Proxy(span, {
    get(of, name) {
      const value = change(String(name)) === KEPT ? Reflect.get(of, name) : change(String(name));
      return typeof value === 'function' ? value.bind(of) : value;
    },
  });
}
const KEPT = Symbol('as it is');
const withoutTimes = (name: string): unknown => (name === 'startTime' || name === 'duration' ? undefined : KEPT);

/** Registers a provider whose spans are those of the registered one, changed. */
function changeSpans(change: (name: string) => unknown): void {
  const provider = (trace.getTracerProvider() as unknown as { getDelegate(): BasicTracerProvider }).getDelegate();
  const tracer = provider.getTracer('changed');
  const startSpan: typeof tracer.startSpan = (...given) => changed(tracer.startSpan(...given), change);
  trace.disable();
  trace.setGlobalTracerProvider({ getTracer: () => ({ ...tracer, startSpan }) as unknown as typeof tracer });
}

for (const shown of [true, false]) {
  test(`the latency of a call is measured where the provider's span ${shown ? 'shows its times' : 'hides its times'}`, () =>
    insideSdk(createSampler({ enabled: true }), async ({ sampler, spans }) => {
      if (!shown) changeSpans(withoutTimes);
      const pause = instrument({ namespace: 'carbide', name: `pause ${shown}` }, (ms: number): unknown =>
        ms > 0 ? new Promise((done) => setTimeout(done, ms)) : undefined,
      );
      pause(0);
      await pause(30);
      const [quickMs = 0, slowMs = 0] = spans().map(({ duration: [seconds, nanoseconds] }) => seconds * 1000 + nanoseconds / 1e6);
      const report = sampler.tracing.sites('carbide').find(({ name }) => name === `pause ${shown}`);
      const countedMs = report?.latency.sumMs ?? Number.NaN;
      assert.ok(slowMs > 25);
      if (shown) assert.is(countedMs, Number((quickMs + slowMs).toFixed(3)));
      // two clocks read one after the other
      else assert.ok(countedMs > 25 && countedMs < slowMs + 1000, `${countedMs} ms`);
      assert.is(report?.open, 0);
    }));
}

for (const failing of ['setAttribute', 'end'])
  test(`what ${failing}() of the provider's span throws is logged, and the call is counted and has its own result`, () =>
    insideSdk(createSampler({ enabled: true }), ({ sampler, spans }) => {
      const faults: string[] = [];
      onFault((where, error) => faults.push(`${where}: ${(error as Error).message}`));
      changeSpans((name) => (name === failing ? () => assert.unreachable(`${failing} of the SDK`) : KEPT));
      const call = instrument({ namespace: 'carbide', name: failing, args: ['n'] }, (n: number) => n + 1);
      assert.is(call(6), 7);
      assert.equal(faults, [`a span of the application's SDK: ${failing} of the SDK`]);
      const report = sampler.tracing.sites('carbide').find(({ name }) => name === failing);
      assert.equal([report?.open, report?.calls], [0, 1]);
      if (failing === 'end') assert.is(report?.latency.sumMs, 0);
      else expectSpans(spans(), failing);
    }));

test('a provider that cannot start a span is logged, and the call runs unrecorded', () =>
  insideSdk(createSampler({ enabled: true }), ({ sampler }) => {
    const faults: string[] = [];
    onFault((where, error) => faults.push(`${where}: ${(error as Error).message}`));
    const startSpan = () => assert.unreachable('no span');
    trace.disable();
    trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan }) as never });
    assert.is(instrument({ namespace: 'carbide', name: 'unstarted' }, () => 7)(), 7);
    assert.equal(faults, ["a span of the application's SDK: no span"]);
    assert.is(sampler.tracing.state().spans.started, 0);
  }));

test.run();
