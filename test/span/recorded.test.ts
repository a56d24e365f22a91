// The span of a call at the edges of its life: what is written after its end or with a wrong type, faults of what is observed, and the
// notices of each.

import { context, propagation, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createSampler, instrument, startSpan, type TracingOptions, withRemoteContext } from '../../runtime/index.js';
import { isRecorded, type RecordedSpan } from '../../runtime/span/recorded.js';
import { state } from '../../runtime/state.js';
import { insideSdk } from '../gate/inside-sdk.js';
import { noticesDuring, traced } from '../gate/tracing.js';

const faults = (lines: readonly string[]): string[] => lines.filter((line) => line.includes('SPW010'));
/** SPW010 is logged once a minute and cause, so each test has a namespace of its own. */
let number = 0;
const at = (name: string) => ({ namespace: `edges::n${number++}`, name });

test('a then() that throws fails the call, and its error arrives', () =>
  traced({ enabled: true }, async ({ tracing, expectSpans }) => {
    const error = new RangeError('no then');
    const query = instrument(at('query'), () => ({
      // biome-ignore lint/suspicious/noThenProperty: what is tried
      then(_done: () => void): void {
        throw error;
      },
    }))();
    assert.throws(
      () => query.then(() => {}),
      (thrown: unknown) => thrown === error,
    );
    assert.is(tracing.openCount, 0);
    await expectSpans('query | error.type="RangeError" | error "no then" | event exception');
  }));

test('a query that is run synchronously ends with its rows, or fails with its error', () =>
  traced({ enabled: true }, async ({ tracing, expectSpans }) => {
    const error = new Error('no table');
    const builder = (run: () => unknown) =>
      // biome-ignore lint/suspicious/noThenProperty: as Drizzle's queries have it
      ({ _prepare: () => ({}), all: run, then: (done: (value: unknown) => void) => done(run()) });
    const rows = [1, 2];
    assert.is(instrument(at('query'), () => builder(() => rows))().all(), rows);
    assert.is(tracing.openCount, 0);
    const failing = instrument(at('query'), () =>
      builder(() => {
        throw error;
      }),
    )();
    assert.throws(
      () => failing.all(),
      (thrown: unknown) => thrown === error,
    );
    assert.is(tracing.openCount, 0);
    await expectSpans('query', 'query | error.type="Error" | error "no table" | event exception');
  }));

test('a result that cannot be followed to its end is reported once, and the call ends', () =>
  traced({ enabled: true }, async ({ tracing, spans }) => {
    const fixed = Object.defineProperty({}, 'next', { value: () => ({ done: true }), configurable: false });
    const frozenStep = Object.assign(fixed, { [Symbol.iterator]: () => fixed });
    const call = instrument({ ...at('call'), until: 'end' as const }, () => frozenStep);
    const lines = await noticesDuring(() => assert.is(call(), frozenStep));
    assert.is(faults(lines).length, 1);
    assert.match(faults(lines)[0] as string, /until: 'end' of edges::n\d+/);
    assert.is(tracing.openCount, 0);
    assert.is((await spans()).length, 1);
  }));

const returns = (value: unknown) => () => value as never;
test('a callback may return nothing; a promise of attributes is reported, and its rejection is not raised', () =>
  traced({ enabled: true }, async ({ spans }) => {
    const raised: unknown[] = [];
    const note = (error: unknown): void => void raised.push(error);
    process.on('unhandledRejection', note);
    for (const [value, reported] of [
      [undefined, 0],
      [null, 0],
      [{ a: 1 }, 0],
      [() => Promise.reject(new Error('x')), 1],
    ] as const) {
      const given = () => (typeof value === 'function' ? value() : value) as never;
      const lines = await noticesDuring(() => {
        instrument({ ...at('attributes'), attributes: given }, () => 1)();
        instrument({ ...at('result'), result: given }, () => 1)();
      });
      assert.is(faults(lines).length, 2 * reported, String(value));
      for (const line of faults(lines)) assert.match(line, 'found a promise; expected attributes');
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off('unhandledRejection', note);
    assert.equal(raised, []);
    assert.equal(
      (await spans()).map(({ attributes }) => attributes.a),
      [undefined, undefined, undefined, undefined, 1, 1, undefined, undefined],
    );
  }));

test('a failing callback, invalid links and attributes that cannot be read are reported with the site', () =>
  traced({ enabled: true }, async ({ spans }) => {
    const throws = () => {
      throw new Error('its own');
    };
    const unreadable = Object.defineProperty({}, 'a', { enumerable: true, get: throws });
    for (const [options, text] of [
      [{ links: returns([{}]) }, /links of .*found a link without a span context/],
      [{ links: returns(7) }, /links of /],
      [{ links: throws }, /the callback "links" of .* failed.*its own/],
      [{ attributes: returns(unreadable) }, /attributes of .*its own/],
      [{ result: returns(unreadable) }, /result of .*its own/],
      [{ links: returns(undefined) }, undefined],
    ] as const) {
      const lines = await noticesDuring(() => instrument({ ...at('call'), ...(options as object) }, () => 1)());
      assert.is(faults(lines).length, text === undefined ? 0 : 1, lines.join());
      if (text !== undefined) assert.match(faults(lines)[0] as string, text);
    }
    assert.is((await spans()).length, 6);
  }));

test('an object as a named argument is reported; null, a missing one and a hidden one are not', () =>
  traced({ enabled: true, redact: 'secretly, in.clear' }, async ({ spans }) => {
    const call = (...given: unknown[]) => {
      const take = instrument(
        { ...at('take'), args: { first: 'first', second: 'second', secretly: 'hidden', shown: 'in.clear' } },
        (first?: unknown, second?: unknown, secretly?: unknown, shown?: unknown) => [first, second, secretly, shown],
      );
      return noticesDuring(() => take(...given));
    };
    assert.equal(faults(await call(null, undefined)), []);
    assert.equal(faults(await call(1)), []);
    assert.match(faults(await call({}, 2, {}, {}))[0] as string, /args of .*"first" is an object, which is not recorded/);
    const seen = (await spans()).map(({ attributes: { first, second, hidden, 'in.clear': clear } }) => [
      first,
      second,
      hidden,
      clear,
    ]);
    assert.equal(seen, [
      [undefined, undefined, undefined, undefined],
      [1, undefined, undefined, undefined],
      [undefined, 2, 'REDACTED', 'REDACTED'],
    ]);
  }));

test('a header condition compares a header as a whole and by its members, and a missing header is no fault', () =>
  traced({}, async ({ tracing, spans }) => {
    const call = instrument(at('call'), () => 1);
    for (const [when, header, matches] of [
      ['header:x-tier=gold', 'gold', true],
      ['header:x-tier=gold', 'tin, gold ,iron', true],
      ['header:x-tier=gold', 'tin,iron', false],
      ['header:x-tier=tin%2C gold', 'tin, gold', true],
      ['header:x-tier=gold', undefined, false],
      ['header:x-tier!=gold', 'tin,gold', false],
      ['header:x-tier!=gold', 'tin,iron', true],
      ['baggage:tier=gold', undefined, false],
    ] as const) {
      tracing.setEnabled(false); // ends the lease before
      tracing.setEnabled(true, { when });
      const before = (await spans()).length;
      const lines = await noticesDuring(() => withRemoteContext(header === undefined ? {} : { 'x-tier': header }, call));
      assert.equal(faults(lines), [], when);
      assert.is((await spans()).length - before, matches ? 1 : 0, `${when} ${header}`);
    }
    tracing.setEnabled(false);
    tracing.setEnabled(true, { when: 'baggage:tier=gold' });
    const baggage = propagation.createBaggage({ tier: { value: 'gold' } });
    const before = (await spans()).length;
    context.with(propagation.setBaggage(ROOT_CONTEXT, baggage), call);
    assert.is((await spans()).length - before, 1);
  }));

test('a condition reads the constant where the callback gives no such attribute, or nothing that can be read', () =>
  traced({}, async ({ tracing, spans }) => {
    for (const [value, matches] of [
      [{ tier: 'tin' }, false],
      [{ tier: 'gold' }, true],
      [{ other: 1 }, true],
      [null, true],
      [undefined, true],
      ['text', true],
      [Promise.resolve({ tier: 'tin' }), true],
    ] as const) {
      tracing.setEnabled(true, { when: 'tier=gold' });
      const call = instrument({ ...at('call'), attributes: returns(value) }, () => 1);
      const site = [...state.sites].at(-1) as unknown as { attributes: object };
      site.attributes = { tier: 'gold' };
      const before = (await spans()).length;
      await noticesDuring(() => call());
      assert.is((await spans()).length - before, matches ? 1 : 0, String(value));
    }
  }));

test('a call that may not start a trace in a context is recorded there once it may', () =>
  traced({ enabled: true, roots: 'nothing::here' }, async ({ tracing, spans }) => {
    const call = instrument(at('call'), () => 1);
    const inside = ROOT_CONTEXT.setValue(Symbol('key'), 1);
    for (const expected of [0, 1]) {
      context.with(inside, call);
      assert.is((await spans()).length, expected);
      tracing.setEnabled(true, { for: '1m', only: 'edges' });
    }
  }));

/** Names of the methods that were called on the provider's span, and with what. */
function watched(span: Span): string[] {
  const calls: string[] = [];
  for (const name of ['setAttribute', 'addEvent', 'addLink', 'setStatus', 'updateName', 'recordException', 'end'] as const) {
    const own = span[name].bind(span) as (...given: unknown[]) => unknown;
    Reflect.set(span, name, (...given: unknown[]) => {
      calls.push(name);
      return own(...given);
    });
  }
  return calls;
}

const link = { context: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 } };
function writeAll(span: Span): void {
  span.setAttribute('a', 1).addEvent('e').addLink(link).setStatus({ code: 2 }).updateName('n');
  span.recordException(new Error('x'));
}
function writeInvalid(span: Span): void {
  span
    .setAttribute(7 as never, 1)
    .setAttribute('', 1)
    .setAttribute('a', {} as never);
  span
    .addEvent(7 as never)
    .addLink({} as never)
    .setStatus({ code: 7 } as never)
    .setStatus(undefined as never);
}

test("writes to a provider's span what is valid, until the end, and ends it once", () =>
  insideSdk(createSampler({ enabled: true }), ({ copying, sampler }) => {
    const span = startSpan('block', at('block'));
    const ageMs = (span as unknown as RecordedSpan).ageMs();
    assert.ok(ageMs >= 0 && ageMs < 60_000, `${ageMs} ms`);
    const calls = watched(copying.started[0] as Span);
    writeInvalid(span);
    assert.equal(calls, []);
    writeAll(span);
    assert.equal(calls.splice(0), [
      'setAttribute',
      'addEvent',
      'addLink',
      'setStatus',
      'updateName',
      'recordException',
      'addEvent',
    ]);
    span.setStatus({ code: 1 }).setStatus({ code: 2 });
    assert.equal(calls.splice(0), ['setStatus']);
    span.end();
    span.end();
    writeAll(span);
    assert.equal(calls, ['end']);
    assert.equal([sampler.tracing.openCount, sampler.tracing.state().spans.ended], [0, 1]);
  }));

test('a processor that ends a span of the provider while it ends, ends it once', () =>
  insideSdk(createSampler({ enabled: true }), ({ copying, sampler }) => {
    const span = startSpan('block', at('block'));
    const provided = copying.started[0] as Span;
    const end = provided.end.bind(provided);
    let ends = 0;
    provided.end = (time) => {
      ends++;
      if (ends < 3) span.end();
      end(time);
    };
    span.end();
    assert.is(ends, 1);
    assert.equal([sampler.tracing.openCount, sampler.tracing.state().spans.ended], [0, 1]);
  }));

test('writes nothing to a recorded span that is invalid, or after its end', () =>
  traced({ enabled: true }, async ({ spans, tracing }) => {
    const span = startSpan('block', at('block')) as unknown as RecordedSpan;
    writeInvalid(span);
    span.end();
    writeAll(span);
    span.end();
    const [only, ...more] = await spans();
    assert.equal(more, []);
    assert.equal([only?.name, only?.events, only?.links, only?.status], ['block', [], [], { code: 0 }]);
    assert.is(only?.attributes.a, undefined);
    assert.equal([only?.droppedEventsCount, only?.droppedLinksCount, only?.droppedAttributesCount], [0, 0, 0]);
    assert.is(tracing.state().spans.ended, 1);
    assert.not(span.isRecording());
  }));

test('a span ends with its block, keeps its id, and shows no duration while it is open', () =>
  traced({ enabled: true }, async ({ spans }) => {
    const span = startSpan('block', at('block')) as unknown as RecordedSpan;
    assert.ok(isRecorded(span) && !isRecorded(undefined) && !isRecorded({}));
    assert.equal(span.duration, [-1, -1]);
    assert.ok(span.ageMs() >= 0 && span.ageMs() < 60_000);
    assert.is(span.spanContext(), span.spanContext());
    span.addEvent('a').addEvent('b', { x: 1 }, 5).addEvent('c', new Date(7000));
    span[Symbol.dispose]();
    const other = startSpan('other', at('other')) as unknown as RecordedSpan;
    await other[Symbol.asyncDispose]();
    const [first, second] = await spans();
    assert.equal([first?.name, second?.name, first?.ended], ['block', 'other', true]);
    assert.equal(
      first?.events.map(({ name, attributes }) => [name, attributes]),
      [
        ['a', {}],
        ['b', { x: 1 }],
        ['c', {}],
      ],
    );
    assert.equal(first?.events[2]?.time, [7, 0]);
  }));

test('events beyond the limit are dropped and counted', () =>
  traced({ enabled: true, spanEventCountLimit: 2 }, async ({ spans }) => {
    const span = startSpan('block', at('block'));
    for (const name of ['a', 'b', 'c', 'd']) span.addEvent(name);
    span.end();
    const [only] = await spans();
    assert.equal(
      only?.events.map(({ name }) => name),
      ['c', 'd'],
    );
    assert.is(only?.droppedEventsCount, 2);
  }));

test('a thousand namespaces of one tracer are counted apart, and those beyond with the tracer', () =>
  traced({ enabled: true }, ({ tracing }) => {
    const tracer = trace.getTracer('edges-scope');
    const start = (namespace: unknown) => tracer.startSpan('s', { attributes: { 'code.namespace': namespace as string } }).end();
    for (const namespace of ['edges-scope', undefined, 7]) start(namespace);
    for (let count = 0; count < 1002; count++) start(`edges-scoped::n${count}`);
    start('edges-scoped::n0');
    const sites = [...state.sites].filter(({ scope }) => scope === 'edges-scope');
    assert.is(sites.length, 1001);
    const started = (namespace: string) => sites.find((site) => site.namespace === namespace)?.started;
    assert.equal([started('edges-scope'), started('edges-scoped::n0'), started('edges-scoped::n999')], [5, 2, 1]);
    assert.is(started('edges-scoped::n1000'), undefined);
    assert.is(tracing.openCount, 0);
  }));

test('a tracer is one for each name, version and address of its schema', () =>
  traced({ enabled: true }, async ({ spans }) => {
    const provider = trace.getTracerProvider();
    const tracers = [
      provider.getTracer('edges-own'),
      provider.getTracer('edges-own', '1'),
      provider.getTracer('edges-own', '1', { schemaUrl: 'https://s' }),
    ];
    for (const tracer of tracers) tracer.startSpan('s').end();
    provider.getTracer('edges-own', '1').startSpan('s').end();
    assert.equal(
      (await spans()).map(({ instrumentationScope }) => instrumentationScope),
      [
        { name: 'edges-own' },
        { name: 'edges-own', version: '1' },
        { name: 'edges-own', version: '1', schemaUrl: 'https://s' },
        { name: 'edges-own', version: '1' },
      ],
    );
  }));

test('startActiveSpan() takes options, a context and a body, runs the body in the span, and returns its result', () =>
  traced({ enabled: true }, async ({ spans }) => {
    const tracer = trace.getTracer('edges-active');
    const key = Symbol('key');
    const given = ROOT_CONTEXT.setValue(key, 'given');
    const body = (span: Span) => {
      assert.is(trace.getActiveSpan(), span);
      span.end();
      return context.active().getValue(key);
    };
    assert.is(tracer.startActiveSpan('one', body), undefined);
    assert.is(tracer.startActiveSpan('two', { kind: 2 }, body), undefined);
    assert.is(tracer.startActiveSpan('three', { links: [link] }, given, body), 'given');
    assert.equal(
      (await spans()).map(({ name, kind, links }) => [name, kind, links.length]),
      [
        ['one', 0, 0],
        ['two', 2, 0],
        ['three', 0, 1],
      ],
    );
  }));

test('startActiveSpan() of a tracer that records nothing runs the body in the given context', () =>
  traced({ enabled: true, drop: 'scope:edges-dropped' }, async ({ spans }) => {
    const tracer = trace.getTracer('edges-dropped');
    const key = Symbol('key');
    const seen: unknown[] = [];
    const body = (span: Span) => {
      seen.push(context.active().getValue(key), span.isRecording(), trace.getActiveSpan()?.spanContext().spanId);
      return 'result';
    };
    assert.is(tracer.startActiveSpan('one', body), 'result');
    assert.is(tracer.startActiveSpan('one', {}, ROOT_CONTEXT.setValue(key, 'given'), body), 'result');
    const outer = startSpan('outer', at('outer'));
    outer.run(() => {
      assert.is(tracer.startActiveSpan('one', body), 'result');
      assert.is(tracer.startSpan('two').spanContext(), outer.spanContext());
      tracer.startSpan('two').end();
    });
    assert.ok(outer.isRecording());
    outer.end();
    assert.equal(seen, [undefined, false, undefined, 'given', false, undefined, undefined, false, outer.spanContext().spanId]);
    assert.is((await spans()).length, 1);
  }));

/** Ways in which exporters, processors and tracers of others read a span. Each works with the SDK's. */
const DERIVED: Readonly<Record<string, <T extends object>(span: T) => T>> = {
  'an object that inherits from it': (span) => Object.create(span),
  'a Proxy': (span) => new Proxy(span, { get: (target, name, receiver) => Reflect.get(target, name, receiver) }),
};
const json = (spans: ReadableSpan[]): string => Buffer.from(JsonTraceSerializer.serializeRequest(spans) ?? []).toString();

for (const [way, derive] of Object.entries(DERIVED)) {
  test(`exporters and processors may read a span through ${way}`, async () => {
    const read: string[] = [];
    const note = (spans: ReadableSpan[]): void => void read.push(json(spans.map(derive)), json(spans));
    const exporter = {
      export(spans: ReadableSpan[], done: (result: { code: number }) => void) {
        note(spans);
        done({ code: 0 });
      },
      shutdown: () => Promise.resolve(),
    };
    const nothing = { onStart: () => {}, forceFlush: () => Promise.resolve(), shutdown: () => Promise.resolve() };
    const call = instrument({ ...at('call'), attributes: { a: 1 } }, () => trace.getActiveSpan()?.setAttribute('b', 2));
    for (const options of [{ exporter }, { spanProcessors: [{ ...nothing, onEnd: (span: ReadableSpan) => note([span]) }] }])
      await traced({ exporter: undefined, enabled: true, ...options } as TracingOptions, async ({ tracing }) => {
        call();
        await tracing.forceFlush();
      });
    assert.is(read.length, 4);
    assert.match(read[0] as string, /"key":"b"/);
    assert.equal([read[0], read[2]], [read[1], read[3]]);
  });
}

test('a span that records, and one that a ratio leaves out, are used through a Proxy', () =>
  traced({ enabled: true, rules: '*=on, left=0.0000001' }, async ({ expectSpans }) => {
    const derive = DERIVED['a Proxy'] as <T extends object>(span: T) => T;
    const written = derive(trace.getTracer('library').startSpan('written'));
    written.setAttribute('c', 3).addEvent('event').recordException(new Error('thrown'));
    assert.is(derive(written).spanContext(), written.spanContext());
    written.end();
    await expectSpans('written | c=3 | event event | event exception');
    const leftOut = startSpan('left', { namespace: 'left' });
    assert.is(derive(leftOut).spanContext(), leftOut.spanContext());
  }));

test.run();
