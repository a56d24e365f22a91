// Properties that hold for every carrier and every content, over generated cases: what was written comes back; an invalid context,
// by an independent reading of the specification, counts as absent; nothing throws. Every run has the same cases; SPANWRIGHT_SEED
// makes others.

import { Metadata } from '@grpc/grpc-js';
import { propagation, ROOT_CONTEXT, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type CarrierKind, carriers, extract, inject, linksTo } from '../../runtime/index.js';
import { report } from '../evidence.js';
import { randomFrom } from '../random.js';

const SEED = Number(process.env.SPANWRIGHT_SEED ?? 1);
const CASES = Number(process.env.SPANWRIGHT_CASES ?? 1500);

class Generator {
  readonly #next: () => number;
  constructor(seed: number) {
    this.#next = randomFrom(seed);
  }
  below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
  text(alphabet: string, length: number): string {
    return Array.from({ length }, () => this.of([...alphabet])).join('');
  }
  /** Never all zero. */
  id(length: number): string {
    return `${this.text('0123456789abcdef', length - 1)}${this.of([...'123456789abcdef'])}`;
  }
  span(): SpanContext {
    return { traceId: this.id(32), spanId: this.id(16), traceFlags: this.below(4) };
  }
}

const header = ({ traceId, spanId, traceFlags }: SpanContext): string => `00-${traceId}-${spanId}-0${traceFlags}`;

const reportCases = (part: string, tried: number): void =>
  report({ part: `${part} (seed ${SEED})`, tried, survived: tried, lost: 0, unaccounted: 0 });

function eachCase(check: (generator: Generator) => void, cases = CASES): void {
  for (let index = 0; index < cases; index++) {
    const seed = SEED + index;
    try {
      check(new Generator(seed));
    } catch (error) {
      (error as Error).message += `\n(SPANWRIGHT_SEED=${seed} repeats this case)`;
      throw error;
    }
  }
}

/** Carriers of text under `traceparent`: made with a value that came from elsewhere. */
const RECEIVED: Record<string, { kind?: CarrierKind<never>; make(text: string): unknown }> = {
  record: { make: (text) => ({ traceparent: text }) },
  'another spelling': { make: (text) => ({ TraceParent: text }) },
  'raw headers': { kind: carriers.http, make: (text) => ['Host', 'x', 'Traceparent', text] },
  'AMQP headers': { kind: carriers.amqp, make: (text) => ({ properties: { headers: { traceparent: Buffer.from(text) } } }) },
  'a stream entry': { kind: carriers.redisStream, make: (text) => ['1-0', ['traceparent', text]] },
  'a list element': { kind: carriers.redisList, make: (text) => JSON.stringify({ traceparent: text }) },
  'an environment': { kind: carriers.environment as CarrierKind<never>, make: (text) => ({ TRACEPARENT: text }) },
  'worker data': { kind: carriers.workerData, make: (text) => ({ traceparent: text }) },
  annotations: {
    kind: carriers.annotations({ prefix: 'example.com' }) as CarrierKind<never>,
    make: (text) => ({ metadata: { annotations: { 'example.com/traceparent': text } } }),
  },
};

const HEX = '0123456789abcdef';
const isHex = (text: string | undefined, length: number): boolean =>
  text?.length === length && [...text].every((digit) => HEX.includes(digit));

/** W3C Trace Context, section 3.2.2, read field by field. */
function valid(text: string): boolean {
  const trimmed = text.trim();
  if (text.length > 512 || trimmed.includes(',')) return false;
  const [version, traceId, spanId, flags, ...rest] = trimmed.split('-');
  const fields = isHex(version, 2) && isHex(traceId, 32) && isHex(spanId, 16) && isHex(flags, 2);
  if (!fields || version === 'ff' || /^0+$/.test(traceId as string) || /^0+$/.test(spanId as string)) return false;
  return version !== '00' || rest.length === 0;
}

const MUTATIONS: ((text: string, generator: Generator) => string)[] = [
  (text) => text,
  (text, generator) => {
    const at = generator.below(text.length);
    return text.slice(0, at) + generator.of([...`${HEX}ABCGz-, \t\u0000ä😀`]) + text.slice(at + 1);
  },
  (text, generator) => text.slice(0, generator.below(text.length)),
  (text, generator) => text + generator.of(['-', '-00', '0', ' ', ',', `,${text}`, '\n', '-x'.repeat(300)]),
  (text) => text.toUpperCase(),
  (text, generator) => text.replace(/^00/, generator.of(['01', 'ff', 'fe', '0', '', 'cc'])),
  (text) => text.replace(/-[0-9a-f]{32}-/, `-${'0'.repeat(32)}-`),
  (text) => text.replace(/-[0-9a-f]{16}-/, `-${'0'.repeat(16)}-`),
  (text) => ` \t${text} `,
  (_text, generator) => generator.text(`${HEX}-`, generator.below(60)),
];

test(`a traceparent is taken in every carrier when the specification takes it, and in none when not (seed ${SEED})`, () => {
  let taken = 0;
  eachCase((generator) => {
    let text = header(generator.span());
    for (let times = generator.below(3); times >= 0; times--) text = generator.of(MUTATIONS)(text, generator);
    const expected = valid(text);
    if (expected) taken++;
    for (const [name, { kind, make }] of Object.entries(RECEIVED)) {
      const found = trace.getSpanContext(extract(make(text), kind as never));
      assert.is(found !== undefined, expected, `${name}: ${JSON.stringify(text)}`);
      if (found !== undefined) assert.ok(text.includes(found.traceId) && text.includes(found.spanId) && found.isRemote);
    }
  });
  assert.ok(taken > CASES / 10 && taken < CASES - CASES / 10, `${taken} of ${CASES} are valid`);
  reportCases('traceparent headers, right and hostile, in each carrier', CASES * Object.keys(RECEIVED).length);
});

const WRITTEN: Record<string, { kind: CarrierKind<never> | undefined; make(): unknown; baggage: boolean }> = {
  record: { kind: undefined, make: () => ({}), baggage: true },
  Headers: { kind: carriers.http, make: () => new Headers(), baggage: true },
  'raw headers': { kind: carriers.http, make: () => ['Host', 'x'], baggage: true },
  'gRPC metadata': { kind: undefined, make: () => new Metadata(), baggage: true },
  'AMQP options': { kind: carriers.amqp, make: () => ({}), baggage: true },
  'stream fields': { kind: carriers.redisStream, make: () => ['job', '1'], baggage: true },
  'a list element': { kind: carriers.redisList, make: () => ({ job: 1 }), baggage: true },
  'an environment': { kind: carriers.environment as never, make: () => ({}), baggage: true },
  'worker data': { kind: carriers.workerData, make: () => ({}), baggage: true },
  annotations: { kind: carriers.annotations({ prefix: 'example.com' }) as never, make: () => ({}), baggage: true },
  'annotations as ids': {
    kind: carriers.annotations({ prefix: 'example.com', form: 'ids' }) as never,
    make: () => ({}),
    baggage: false,
  },
  'a document': { kind: carriers.document({ module: 'm' }) as never, make: () => ({}), baggage: false },
};
const HELD_WITHOUT_FLAGS = new Set(['annotations as ids', 'a document']);

test(`what is written comes back, ids, flags and baggage of every alphabet, through a copy of the carrier too (seed ${SEED})`, () => {
  eachCase((generator) => {
    const span = generator.span();
    const entries: Record<string, { value: string }> = {};
    for (let left = generator.below(6); left > 0; left--) {
      const key = generator.text("abcXYZ019!#$%&'*+-.^_`|~", 1 + generator.below(12));
      entries[key] = { value: generator.text('aZ09 ,;=%"\\\u0000\n😀äあ', generator.below(40)) };
    }
    const context = propagation.setBaggage(trace.setSpanContext(ROOT_CONTEXT, span), propagation.createBaggage(entries));
    for (const [name, { kind, make, baggage }] of Object.entries(WRITTEN)) {
      const carrier = inject(make(), kind as never, context);
      const copies =
        carrier instanceof Headers || carrier instanceof Metadata ? [carrier] : [carrier, JSON.parse(JSON.stringify(carrier))];
      for (const copy of copies) {
        const back = extract(copy, kind as never);
        const { traceId, spanId } = span;
        const withoutFlags = HELD_WITHOUT_FLAGS.has(name);
        const kept = (span.traceFlags & TraceFlags.SAMPLED) !== 0 || !withoutFlags;
        const traceFlags = withoutFlags ? TraceFlags.SAMPLED : span.traceFlags;
        assert.equal({ ...trace.getSpanContext(back) }, kept ? { traceId, spanId, traceFlags, isRemote: true } : {}, name);
        const found = Object.fromEntries(
          (propagation.getBaggage(back)?.getAllEntries() ?? []).map(([key, { value }]) => [key, { value }]),
        );
        assert.equal(found, baggage ? entries : {}, name);
      }
    }
  }, CASES / 5);
});

/** Any value that a program may hand over: nested, hostile, of the wrong type, under the names that we look at. */
function anything(generator: Generator, depth = 0): unknown {
  const names = [
    'traceparent',
    'Traceparent',
    'baggage',
    'tracestate',
    'headers',
    'properties',
    'metadata',
    'annotations',
    'message',
    'trace_id',
    'span_ids',
    'example.com/traceparent',
    'TRACEPARENT',
    '__proto__',
    'get',
    'set',
    'getMap',
    'constructor',
    'x',
  ];
  const leaves: (() => unknown)[] = [
    () => null,
    () => undefined,
    () => Number.NaN,
    () => 0,
    () => 1n,
    () => true,
    () => Symbol('s'),
    () => '',
    () => '{"traceparent":[1]}',
    () => '{broken',
    () => header(generator.span()),
    () => [header(generator.span()), header(generator.span())],
    () => Buffer.from(header(generator.span())),
    () => new Date(Number.NaN),
    () => () => {
      throw new Error('called');
    },
    () => new Map([[names[0], header(generator.span())]]),
    () => 'x'.repeat(70_000),
  ];
  const choice = generator.below(10);
  if (depth > 3 || choice < 4) return generator.of(leaves)();
  if (choice === 4) return Array.from({ length: generator.below(5) }, () => anything(generator, depth + 1));
  const made: Record<string, unknown> = choice === 5 ? Object.create(null) : {};
  for (let left = generator.below(4); left >= 0; left--) {
    const name = generator.of(names);
    if (generator.below(8) === 0)
      Object.defineProperty(made, name, {
        enumerable: true,
        configurable: true,
        get() {
          throw new Error('read');
        },
      });
    else
      Object.defineProperty(made, name, {
        value: anything(generator, depth + 1),
        enumerable: true,
        writable: true,
        configurable: true,
      });
  }
  if (choice === 6) return Object.freeze(made);
  if (choice === 7)
    return new Proxy(made, {
      ownKeys() {
        throw new Error('keys');
      },
    });
  return made;
}

test(`extract, inject and linksTo never throw; an extracted span context is valid or absent (seed ${SEED})`, () => {
  const kinds = [
    undefined,
    ...Object.values(WRITTEN).map(({ kind }) => kind),
    carriers.document({ module: 'm', tracestate: 'x', baggage: ['y', 'z'] }),
  ];
  eachCase((generator) => {
    const carrier = anything(generator);
    const context = trace.setSpanContext(ROOT_CONTEXT, generator.span());
    for (const kind of kinds) {
      const found = trace.getSpanContext(extract(carrier, kind as never));
      if (found !== undefined) assert.ok(isHex(found.traceId, 32) && isHex(found.spanId, 16) && !/^0+$/.test(found.traceId));
      linksTo([carrier], kind as never);
      inject(carrier, kind as never, context);
    }
    assert.equal(Object.keys(Object.prototype), [], 'no prototype was written to');
  });
  reportCases('carriers of any shape, for each kind of carrier', CASES * kinds.length);
});

test(`received baggage is within the limits, without duplicates, and is propagated unchanged (seed ${SEED})`, () => {
  eachCase((generator) => {
    const members = Array.from({ length: generator.below(12) }, () => {
      const key = generator.of(['a', 'b', 'camera.id', 'é', 'a b', '', '__proto__', generator.text('abc', 3)]);
      const value = generator.of(['1', '2', '%zz', '%E2%82%AC', 'x'.repeat(generator.below(5000)), 'a=b', ' spaced ', '"']);
      return `${generator.of(['', ' '])}${key}${generator.of(['=', '=', '=', ' = ', ''])}${value}${generator.of(['', '', ';ttl=1', ';'])}`;
    });
    const text = members.join(',');
    const first = propagation.getBaggage(extract({ baggage: text }));
    const keys = (first?.getAllEntries() ?? []).map(([key]) => key);
    const sizes = (first?.getAllEntries() ?? []).map(([key, { value }]) => key.length + 1 + value.length);
    assert.ok(sizes.reduce((sum, size) => sum + size, 0) <= 8192);
    assert.is(new Set(keys).size, keys.length);
    for (const key of keys) assert.match(key, /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/);
    const sent = inject({}, undefined, propagation.setBaggage(ROOT_CONTEXT, first ?? propagation.createBaggage())) as {
      baggage?: string;
    };
    assert.ok((sent.baggage ?? '').length <= 8192);
    const again = propagation.getBaggage(extract(sent));
    const plain = (baggage: typeof first) => (baggage?.getAllEntries() ?? []).map(([key, { value }]) => [key, value]);
    const fitting = plain(first).filter(([, value]) => encodeURIComponent(value as string).length < 4000);
    for (const entry of fitting)
      assert.ok(
        plain(again).some(([key, value]) => key === entry[0] && value === entry[1]),
        `${entry}`,
      );
  });
});

test.run();
