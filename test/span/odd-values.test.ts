// Invalid values that callers of the API can pass: times, links to nothing, names that are no text. None of them may throw into the
// program, leave a span open, or make a batch invalid.

import { createRequire } from 'node:module';
import { type Context, type Link, ROOT_CONTEXT, type Span, type TimeInput, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, startSpan } from '../../runtime/index.js';
import { traced } from '../gate/tracing.js';

const beside = createRequire(require.resolve('@opentelemetry/exporter-trace-otlp-grpc'));
const { ProtobufTraceSerializer } = beside('@opentelemetry/otlp-transformer') as {
  ProtobufTraceSerializer: { serializeRequest(spans: readonly ReadableSpan[]): Uint8Array | undefined };
};

/** Runs a change of a span; returns the one span that ended, which must be fit for export. */
async function ended(work: (start: (options?: object, name?: string) => Span) => void): Promise<ReadableSpan> {
  return traced({ enabled: true }, async ({ tracing, spans }) => {
    work((options, name = 'span') => trace.getTracer('third-party').startSpan(name, options));
    assert.is(tracing.openCount, 0);
    const all = await spans();
    assert.is(all.length, 1);
    assert.ok((ProtobufTraceSerializer.serializeRequest(all)?.length ?? 0) > 0);
    return all[0] as ReadableSpan;
  });
}

const seconds = (time: readonly number[]): number => (time[0] as number) + (time[1] as number) / 1e9;
const isNow = (time: readonly number[]): boolean => Math.abs(seconds(time) - Date.now() / 1000) < 3600;

const NO_TIMES: Record<string, unknown> = {
  'not a number': Number.NaN,
  infinite: Number.POSITIVE_INFINITY,
  'an invalid date': new Date(Number.NaN),
  'a date before the epoch': new Date(-1),
  'nanoseconds as milliseconds': Date.now() * 1e6,
  null: null,
  text: 'now',
  'half a pair': [Number.NaN, 0],
};
for (const [what, time] of Object.entries(NO_TIMES)) {
  test(`an invalid time is replaced by the current time: ${what}`, async () => {
    const start = await ended((begin) => begin({ startTime: time }).end());
    assert.ok(isNow(start.startTime), `${start.startTime}`);
    const end = await ended((begin) => begin().end(time as TimeInput));
    assert.ok(isNow(end.endTime) && seconds(end.duration) >= 0, `${end.endTime}`);
    const event = await ended((begin) =>
      begin()
        .addEvent('event', {}, time as TimeInput)
        .end(),
    );
    assert.ok(isNow(event.events[0]?.time as never), `${event.events[0]?.time}`);
  });
}

test('a valid time is used as given: a Date, milliseconds, an HrTime', async () => {
  const at = Date.UTC(2020, 1, 3);
  for (const startTime of [new Date(at), at, [at / 1000, 0]]) {
    const span = await ended((begin) => begin({ startTime }).end(at + 5));
    assert.equal(span.startTime, [at / 1000, 0]);
    assert.equal(span.duration, [0, 5e6]);
  }
});

test('links without a valid span context are left out, the others kept', async () => {
  const good = { context: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 } };
  const bad = [{ context: undefined }, { context: {} }, undefined, null] as unknown as Link[];
  const span = await ended((begin) =>
    begin({ links: [...bad, good] })
      .addLinks(bad)
      .end(),
  );
  assert.equal(
    span.links.map(({ context }) => context.spanId),
    ['b'.repeat(16)],
  );
  await traced({ enabled: true }, async ({ spans }) => {
    instrument({ links: () => [...bad, good] }, () => 1)();
    assert.is((await spans())[0]?.links.length, 1);
  });
});

test('a name that is not a string and an invalid status are replaced', async () => {
  const odd = undefined as never;
  const span = await ended((begin) => {
    const begun = trace.getTracer('third-party').startSpan(odd);
    void begin;
    begun.updateName(odd).addEvent(odd).setStatus(odd).end();
  });
  assert.is(span.name, 'undefined');
  assert.equal(span.events, []);
  assert.equal(span.status, { code: 0 });
});

test('the key __proto__ and an array that cannot be read are left out', async () => {
  const hostile = new Proxy(['a'], {
    get: () => {
      throw new Error('hands off');
    },
  });
  const span = await ended((begin) =>
    begin().setAttribute('__proto__', ['a']).setAttribute('b', hostile).setAttribute('c', 1).end(),
  );
  assert.is(Object.getPrototypeOf(span.attributes), Object.prototype);
  assert.equal(Object.keys(span.attributes), ['c']);
});

const throws = (): never => {
  throw new Error('of the caller');
};
const closed = new Proxy({}, { get: throws, has: throws, ownKeys: throws, getPrototypeOf: throws });
const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();
const oddContext = (span: unknown): Context => trace.setSpan(ROOT_CONTEXT, span as Span);

/** Arguments of startSpan() that are mistakes. */
const ODD_STARTS: Record<string, readonly unknown[]> = {
  'a name without a text': [{ toString: throws }],
  'options that cannot be read': ['span', closed],
  'attributes that cannot be read': ['span', { attributes: closed }],
  'a revoked proxy as attributes': ['span', { attributes: revoked }],
  'an attribute that throws': ['span', { attributes: Object.defineProperty({}, 'a', { get: throws, enumerable: true }) }],
  'links that are no list': ['span', { links: 5 }],
  'null as links': ['span', { links: null }],
  'a link that cannot be read': ['span', { links: [closed] }],
  'null as context': ['span', {}, null],
  'an object as context': ['span', {}, {}],
  'a parent that is no span': ['span', {}, oddContext({})],
  'a parent that throws': ['span', {}, oddContext({ spanContext: throws })],
  'a parent without a context': ['span', {}, oddContext({ spanContext: () => null })],
};
for (const enabled of [true, false]) {
  test(`arguments that a tracer cannot use make no call fail and leave no span open, ${enabled ? 'on' : 'off'}`, () =>
    traced({ enabled }, async ({ tracing }) => {
      const tracer = trace.getTracer('third-party') as unknown as Record<string, (...args: readonly unknown[]) => unknown>;
      for (const [what, args] of Object.entries(ODD_STARTS)) {
        const span = tracer.startSpan?.(...args) as Span;
        assert.type(span.isRecording(), 'boolean', what);
        span.end();
        const [name, options = {}, context = ROOT_CONTEXT] = args;
        const result = tracer.startActiveSpan?.(name, options, context, (active: Span) => {
          active.end();
          return what;
        });
        assert.is(result, what);
        assert.is(tracing.openCount, 0, what);
      }
      assert.is(tracer.startActiveSpan?.('without a function'), undefined);
      assert.is(tracing.openCount, 0);
    }));
}

const ODD_CHANGES: Record<string, (span: Record<string, (...args: readonly unknown[]) => unknown>) => unknown> = {
  'attributes that cannot be read': (span) => span.setAttributes?.(closed),
  'attributes of an event that cannot be read': (span) => span.addEvent?.('event', closed),
  'a revoked proxy for the attributes of an event': (span) => span.addEvent?.('event', revoked),
  'a link that cannot be read': (span) => span.addLink?.(closed),
  'links that are no list': (span) => span.addLinks?.(null),
  'a status that cannot be read': (span) => span.setStatus?.(closed),
};
for (const [what, change] of Object.entries(ODD_CHANGES)) {
  test(`an argument that a span cannot use changes nothing else: ${what}`, async () => {
    const span = await ended((begin) => {
      const started = begin({ attributes: { before: 1 } });
      change(started as never);
      started.setAttribute('after', 2).end();
    });
    assert.is(span.attributes.before, 1);
    assert.is(span.attributes.after, 2);
  });
}

test('constant attributes: values without an OpenTelemetry type are left out, secret ones redacted', () =>
  traced({ enabled: true, redact: 'token, path' }, async ({ spans }) => {
    const attributes = { big: 1n, object: { a: 1 }, none: undefined, fine: 'yes', token: 'secret' } as never;
    instrument({ namespace: 'carbide::constants', attributes }, () => 1)();
    const [span] = await spans();
    const own = Object.entries(span?.attributes ?? {}).filter(([key]) => !key.startsWith('code.'));
    assert.equal(own, [
      ['fine', 'yes'],
      ['token', 'REDACTED'],
    ]);
    assert.is(span?.attributes['code.namespace'], 'carbide::constants');
  }));

test('a processor that ends the span in its own callback ends it once', async () => {
  const processor = {
    onStart() {},
    onEnding: (span: Span) => span.end(),
    onEnd() {},
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  await traced({ enabled: true, spanProcessors: [processor as never] }, async ({ tracing, spans }) => {
    instrument(() => 1)();
    const { open, started, ended: over } = tracing.state().spans;
    assert.equal([open, started, over, (await spans()).length], [0, 1, 1, 1]);
  });
});

test('errors whose members throw, are functions, or are unbounded are recorded within bounds', () =>
  traced({ enabled: true }, async ({ spans }) => {
    const unreadable = Object.defineProperty([], 0, {
      get: () => {
        throw new Error('hands off');
      },
    });
    const withText = Object.assign(() => 1, {
      toString: () => {
        throw new Error('hands off');
      },
    });
    const wide = (depth: number): Error =>
      new AggregateError(depth === 0 ? [] : Array.from({ length: 10 }, () => wide(depth - 1)), 'x');
    const errors = [
      Object.assign(new Error('x'), { errors: unreadable }),
      Object.assign(new Error('x'), { errors: [withText] }),
      wide(4),
    ];
    for (const error of errors) {
      const call = instrument(() => {
        throw error;
      });
      assert.is(thrownBy(call), error);
    }
    for (const span of await spans()) {
      assert.equal(span.status, { code: 2, message: 'x' });
      assert.ok(String(span.events[0]?.attributes?.['exception.stacktrace']).length <= 16_384);
    }
  }));

function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return 'nothing was thrown';
}

test('the status OK is final: neither an error nor a later status replaces it', () =>
  traced({ enabled: true }, async ({ spans }) => {
    const failing = instrument({ namespace: 'carbide::api', name: 'failing' }, () => {
      trace.getActiveSpan()?.setStatus({ code: 2, message: 'replaced by OK' });
      trace.getActiveSpan()?.setStatus({ code: 1, message: 'OK has no message' });
      trace.getActiveSpan()?.setStatus({ code: 2, message: 'too late' });
      trace.getActiveSpan()?.setStatus({ code: 0 });
      throw new Error('no');
    });
    assert.throws(failing, 'no');
    assert.equal((await spans())[0]?.status, { code: 1 });
  }));

test('a span that the program has frozen takes writes and its end, and changes nothing', () =>
  traced({ enabled: true }, async () => {
    const span = Object.freeze(startSpan('frozen'));
    span
      .setAttribute('a', 1)
      .addEvent('event')
      .setStatus({ code: 2 })
      .updateName('other')
      .recordException(new Error('of the test'));
    span.recordFailure(new Error('of the test'));
    assert.is(
      span.run(() => 7),
      7,
    );
    span.end();
    const { events, name } = span as unknown as ReadableSpan;
    assert.equal([events, name], [[], 'frozen']);
  }));

for (const frozen of [[0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2], [2, 1, 0]])
  test(`spans that the program has frozen while three are open (${frozen}) stay open, and the others end, as later ones do`, () =>
    traced({ enabled: true }, async ({ tracing, spans }) => {
      const before = tracing.openCount; // those of other tests: a frozen span never ends
      const open = ['0', '1', '2'].map((name) => startSpan(name));
      for (const at of frozen) Object.freeze(open[at]);
      const later = startSpan('later');
      for (const span of open) span.end();
      startSpan('last').end();
      later.end();
      assert.equal(tracing.openSpans(), []);
      assert.is(tracing.openCount - before, frozen.length);
      const ended = (await spans()).map(({ name }) => name).sort();
      assert.equal(ended, [...['0', '1', '2'].filter((name) => !frozen.includes(Number(name))), 'last', 'later']);
    }));

test.run();
