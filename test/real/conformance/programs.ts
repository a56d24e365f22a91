// Forty small programs against OpenTelemetry's API. Each runs once with Spanwright and once with the SDK alone (side.ts), and what the
// Collector receives is compared field by field. Names of spans are unique within a program: they stand for the random ids.

import {
  type AttributeValue,
  type Context,
  context,
  createTraceState,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';

/** A span round a function: `instrument()` on one side, `startActiveSpan()` with the usual error handling on the other. */
export type Call = <T>(name: string, run: () => T, kind?: SpanKind) => T;

export interface Tools {
  readonly tracer: Tracer;
  readonly call: Call;
}

export interface ConformanceProgram {
  readonly name: string;
  /** Variables that both sides have. */
  readonly env?: Readonly<Record<string, string>>;
  readonly run: (tools: Tools) => unknown;
}

const REMOTE = { traceId: '5e'.repeat(16), spanId: '6f'.repeat(8) };
const BEFORE_1990 = 600_000_000_000;

const remote = (flags: string, more: Record<string, string> = {}): Context =>
  propagation.extract(ROOT_CONTEXT, { traceparent: `00-${REMOTE.traceId}-${REMOTE.spanId}-${flags}`, ...more });
const span = (tracer: Tracer, name: string, use: (one: Span) => void, within?: Context): void => {
  const one = tracer.startSpan(name, {}, within);
  use(one);
  one.end();
};
const values = (tracer: Tracer, list: Record<string, unknown>): void =>
  span(tracer, 'values', (one) => {
    for (const [key, value] of Object.entries(list)) one.setAttribute(key, value as AttributeValue);
  });
/** Headers that a caller would send, in the attributes of the span; the ids are random. */
const sent = (one: Span, within = context.active()): void => {
  const carrier: Record<string, string> = {};
  propagation.inject(trace.setSpan(within, one), carrier);
  for (const [key, value] of Object.entries(carrier))
    one.setAttribute(`sent.${key}`, key === 'traceparent' ? value.slice(-2) : value);
};
const swallow = (run: () => unknown): unknown => {
  try {
    return Promise.resolve(run()).catch(() => {});
  } catch {
    return undefined;
  }
};
const failing = (name: string, error: unknown) => ({
  name,
  run: ({ call }: Tools) =>
    swallow(() =>
      call('failing', () => {
        throw error;
      }),
    ),
});
const pause = (ms = 1): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const LIMITS = {
  OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '3',
  OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: '5',
  OTEL_SPAN_EVENT_COUNT_LIMIT: '2',
  OTEL_SPAN_LINK_COUNT_LIMIT: '2',
  OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: '1',
  OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: '1',
};

export const PROGRAMS: readonly ConformanceProgram[] = [
  {
    name: 'names',
    run: ({ tracer }) => {
      for (const name of ['plain', 'grün 🚀', 'a'.repeat(5000), ' spaced ', '']) span(tracer, name, () => {});
    },
  },
  {
    name: 'kinds',
    run: ({ tracer }) => {
      for (const kind of [0, 1, 2, 3, 4] as SpanKind[]) tracer.startSpan(`kind ${SpanKind[kind]}`, { kind }).end();
    },
  },
  {
    name: 'texts',
    run: ({ tracer }) => values(tracer, { plain: 'a', empty: '', unicode: 'grün 🚀', nul: 'a\u0000b', lines: 'a\nb' }),
  },
  { name: 'long texts', run: ({ tracer }) => values(tracer, { long: 'x'.repeat(70_000), wide: '🚀'.repeat(9000) }) },
  {
    name: 'numbers',
    run: ({ tracer }) =>
      values(tracer, {
        zero: 0,
        minus: -1,
        largest: Number.MAX_SAFE_INTEGER,
        least: Number.MIN_SAFE_INTEGER,
        part: 0.1,
        small: 5e-324,
      }),
  },
  { name: 'negative zero', run: ({ tracer }) => values(tracer, { negative: -0 }) },
  { name: 'no numbers', run: ({ tracer }) => values(tracer, { nan: Number.NaN, infinite: 1 / 0, minus: -1 / 0 }) },
  { name: 'beyond int64', run: ({ tracer }) => values(tracer, { two53: 2 ** 53, two62: 2 ** 62, two63: 2 ** 63, huge: 1e300 }) },
  { name: 'booleans', run: ({ tracer }) => values(tracer, { yes: true, no: false }) },
  {
    name: 'arrays',
    run: ({ tracer }) => values(tracer, { texts: ['a', ''], numbers: [1, 2.5, -3], flags: [true, false], none: [] }),
  },
  {
    name: 'uneven arrays',
    run: ({ tracer }) => values(tracer, { holes: ['a', null, undefined, 'b'], mixed: ['a', 1], nested: [['a']], objects: [{}] }),
  },
  {
    name: 'invalid values',
    run: ({ tracer }) =>
      values(tracer, {
        object: { a: 1 },
        call: () => 1,
        symbol: Symbol('s'),
        nothing: null,
        missing: undefined,
        big: 7n,
        '': 'no key',
      }),
  },
  { name: 'lone surrogates', run: ({ tracer }) => values(tracer, { value: 'a\ud800b', 'key\udc00': 'c' }) },
  {
    name: 'attributes that change',
    run: ({ tracer }) => {
      const one = tracer.startSpan('changing', { attributes: { first: 1, second: 'b' } });
      one
        .setAttributes({ second: 2, third: 3 })
        .setAttribute('first', 'last')
        .setAttribute('third', undefined as never);
      one.end();
    },
  },
  {
    name: 'after the end',
    run: ({ tracer }) => {
      const one = tracer.startSpan('ended');
      one.end(BEFORE_1990 + 1);
      one
        .setAttribute('late', 1)
        .addEvent('late')
        .updateName('late')
        .setStatus({ code: SpanStatusCode.ERROR })
        .addLink({ context: { ...REMOTE, traceFlags: 1 } });
      one.recordException(new Error('late'));
      one.end();
    },
  },
  { name: 'another name', run: ({ tracer }) => span(tracer, 'first name', (one) => one.updateName('last name')) },
  {
    name: 'status',
    run: ({ tracer }) => {
      const { OK, ERROR, UNSET } = SpanStatusCode;
      span(tracer, 'ok', (one) => one.setStatus({ code: OK, message: 'dropped' }));
      span(tracer, 'error', (one) => one.setStatus({ code: ERROR, message: 'kept' }));
      span(tracer, 'ok is final', (one) => one.setStatus({ code: OK }).setStatus({ code: ERROR, message: 'no' }));
      span(tracer, 'error, then ok', (one) => one.setStatus({ code: ERROR, message: 'no' }).setStatus({ code: OK }));
      span(tracer, 'unset is ignored', (one) => one.setStatus({ code: ERROR, message: 'kept' }).setStatus({ code: UNSET }));
    },
  },
  {
    name: 'events',
    run: ({ tracer }) =>
      span(tracer, 'with events', (one) => {
        one
          .addEvent('bare')
          .addEvent('attributes', { a: 1, b: ['x'] })
          .addEvent('time', new Date(BEFORE_1990));
        one.addEvent('both', { a: true }, [600_000_000, 123_456_789]).addEvent('').addEvent('grün', { nothing: undefined });
      }),
  },
  {
    name: 'links',
    run: ({ tracer }) => {
      const other = { ...REMOTE, traceFlags: 1 };
      const links = [
        { context: other, attributes: { why: 'start' } },
        { context: { ...other, traceState: createTraceState('a=1,b=2') } },
      ];
      const one = tracer.startSpan('with links', { links });
      one
        .addLink({ context: { ...other, isRemote: true, traceFlags: 0 } })
        .addLinks([{ context: other }, { context: other, attributes: { n: 1 } }]);
      one.addLink({ context: { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 } });
      one.end();
    },
  },
  {
    name: 'recorded exceptions',
    run: ({ tracer }) =>
      span(tracer, 'exceptions', (one) => {
        one.recordException(new TypeError('wrong'), new Date(BEFORE_1990));
        one.recordException('a text', BEFORE_1990);
        one.recordException({ code: 404, message: 'absent' }, BEFORE_1990);
        one.recordException({ name: 'Named' } as Error, BEFORE_1990);
        one.recordException({} as Error, BEFORE_1990);
      }),
  },
  {
    name: 'given times',
    run: ({ tracer }) => {
      tracer.startSpan('date', { startTime: new Date(BEFORE_1990) }).end(new Date(BEFORE_1990 + 5));
      tracer.startSpan('parts', { startTime: [600_000_000, 1] }).end([600_000_000, 999_999_999]);
      tracer.startSpan('number', { startTime: BEFORE_1990 + 0.25 }).end(BEFORE_1990 + 1.5);
      tracer.startSpan('backwards', { startTime: BEFORE_1990 + 9 }).end(BEFORE_1990);
    },
  },
  {
    name: 'a tree',
    run: ({ tracer }) =>
      tracer.startActiveSpan('top', (top) => {
        tracer.startActiveSpan('left', (left) => {
          span(tracer, 'leaf', () => {});
          left.end();
        });
        span(tracer, 'right', () => {});
        top.end();
        span(tracer, 'below what has ended', () => {});
      }),
  },
  {
    name: 'roots within',
    run: ({ tracer }) =>
      tracer.startActiveSpan('outer', (outer) => {
        tracer.startSpan('root of its own', { root: true }).end();
        tracer.startSpan('by context', {}, ROOT_CONTEXT).end();
        tracer.startSpan('by another', {}, trace.setSpan(ROOT_CONTEXT, outer)).end();
        outer.end();
      }),
  },
  { name: 'a sampled remote parent', run: ({ tracer }) => span(tracer, 'served', sent, remote('01')) },
  { name: 'an unsampled remote parent', run: ({ tracer }) => span(tracer, 'unsampled', sent, remote('00')) },
  {
    name: 'invalid parents',
    run: ({ tracer }) => {
      for (const [name, header] of Object.entries({
        zero: `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`,
        short: '00-12-34-01',
        'version ff': `ff-${REMOTE.traceId}-${REMOTE.spanId}-01`,
        'upper case': `00-${REMOTE.traceId.toUpperCase()}-${REMOTE.spanId}-01`,
        'later version': `01-${REMOTE.traceId}-${REMOTE.spanId}-01-more`,
      }))
        span(tracer, name, () => {}, propagation.extract(ROOT_CONTEXT, { traceparent: header }));
    },
  },
  {
    name: 'a local context as parent',
    run: ({ tracer }) => {
      for (const traceFlags of [1, 0])
        span(tracer, `flags ${traceFlags}`, () => {}, trace.setSpanContext(ROOT_CONTEXT, { ...REMOTE, traceFlags }));
    },
  },
  {
    name: 'tracestate',
    run: ({ tracer }) => {
      span(tracer, 'two members', sent, remote('01', { tracestate: 'vendor=a:1,other=b' }));
      span(tracer, 'malformed', sent, remote('01', { tracestate: 'no member,ok=1,UPPER=2' }));
    },
  },
  {
    name: 'the random flag',
    run: ({ tracer }) => {
      for (const flags of ['03', '02', 'ff']) span(tracer, `flags ${flags}`, sent, remote(flags));
      span(tracer, 'a new trace', sent, ROOT_CONTEXT);
    },
  },
  {
    name: 'baggage',
    run: ({ tracer }) => {
      const within = remote('01', { baggage: 'tenant=acme;note=1, user = k%C3%B6nig ,empty=,=no key' });
      span(
        tracer,
        'with baggage',
        (one) => {
          for (const [key, { value }] of propagation.getBaggage(within)?.getAllEntries() ?? [])
            one.setAttribute(`read.${key}`, value);
          sent(one, within);
        },
        within,
      );
    },
  },
  {
    name: 'suppressed tracing',
    run: ({ tracer, call }) =>
      context.with(suppressTracing(context.active()), () => {
        span(tracer, 'suppressed', () => {});
        call('suppressed call', () => 1);
      }),
  },
  {
    name: 'scopes',
    run: () => {
      const provider = trace.getTracerProvider();
      provider.getTracer('library').startSpan('named').end();
      provider.getTracer('library', '1.2.3').startSpan('of a version').end();
      provider.getTracer('schema', '1', { schemaUrl: 'https://example.com/1' }).startSpan('of a schema').end();
      provider.getTracer('').startSpan('nameless').end();
    },
  },
  {
    name: 'callbacks of timers',
    run: ({ tracer }) =>
      tracer.startActiveSpan('waiting', async (one) => {
        await new Promise<void>((resolve) => setTimeout(() => resolve(span(tracer, 'timeout', () => {})), 1));
        await new Promise<void>((resolve) => setImmediate(() => resolve(span(tracer, 'immediate', () => {}))));
        await new Promise<void>((resolve) => process.nextTick(() => resolve(span(tracer, 'tick', () => {}))));
        await new Promise<void>((resolve) => queueMicrotask(() => resolve(span(tracer, 'microtask', () => {}))));
        one.end();
      }),
  },
  {
    name: 'calls that return',
    run: async ({ call }) => {
      await call(
        'async call',
        async () => {
          await Promise.all([1, 2, 3].map((at) => call(`at once ${at}`, () => pause(at))));
          trace.getActiveSpan()?.setAttribute('late', true).addEvent('done');
        },
        SpanKind.SERVER,
      );
      call('sync call', () => call('below', () => 1));
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what this is about
      await call('a promise of a thenable', () => Promise.resolve({ then: (settle: (value: number) => void) => settle(1) }));
    },
  },
  failing('a call that throws', new RangeError('out of range')),
  {
    name: 'a call that rejects, two frames up',
    run: ({ call }) => swallow(() => call('outer call', () => call('inner call', async () => Promise.reject(new Error('once'))))),
  },
  failing('a call that throws a text', 'a text'),
  failing('a call that is aborted', new DOMException('This operation was aborted', 'AbortError')),
  failing('a call that fails for a cause', new Error('outer', { cause: new TypeError('inner') })),
  {
    name: 'limits',
    env: LIMITS,
    run: ({ tracer }) => {
      const other = { ...REMOTE, traceFlags: 1 };
      const links = [1, 2, 3].map((n) => ({ context: other, attributes: { n, more: 'x' } }));
      const one = tracer.startSpan('limited', {
        links,
        attributes: { a: 'shorter', b: ['longer than five', 'b'], c: 123_456, d: 1 },
      });
      one.setAttributes({ a: 'replaced', e: 1 });
      for (const name of ['one', 'two', 'three']) one.addEvent(name, { first: 'longer than five', second: 2 });
      one.recordException(new Error('a long message'));
      one.end();
    },
  },
];
