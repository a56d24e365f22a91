// The OTLP encoder against OpenTelemetry's own serializer: over random spans both requests, decoded by protobufjs, hold the same.
// SPANWRIGHT_SEED repeats a run, SPANWRIGHT_SPANS sets the number of spans.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createTraceState } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { Writer } from 'protobufjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type EncodableSpan, encodeSpans, reuse } from '../../runtime/export/encode.js';
import { EncodeWriter } from '../../runtime/export/encode-writer.js';
import { toHrTime } from '../../runtime/span/time.js';
import { report } from '../evidence.js';
import { SpanGenerator } from './generator.js';
import { exportRequestType } from './messages.js';

const SEED = Number(process.env.SPANWRIGHT_SEED ?? 1);
const SPANS = Number(process.env.SPANWRIGHT_SPANS ?? 24_000);

interface Serializer {
  serializeRequest(spans: never): Uint8Array | undefined;
}

const type = exportRequestType();
const decode = (bytes: Uint8Array | undefined): string => {
  const message = type.decode(bytes as Uint8Array);
  return JSON.stringify(type.toObject(message, { longs: String, bytes: String, defaults: true }), (name, value) => {
    if (name === 'attributes') return (value as { key: string }[]).toSorted((a, b) => (a.key < b.key ? -1 : 1)); // a map: no order
    return typeof value === 'number' ? (Object.is(value, -0) ? '-0' : String(value)) : value;
  });
};

function check(serializer: Serializer, seed: number, spans: number): void {
  const generator = new SpanGenerator(seed);
  let seen = 0;
  while (seen < spans) {
    const batch = generator.batch(40);
    const ours = decode(encodeSpans(batch));
    const theirs = decode(serializer.serializeRequest(batch as never));
    if (ours !== theirs) throw new Error(`${difference(ours, theirs)}\n(SPANWRIGHT_SEED=${seed} repeats this run)`);
    seen += batch.length;
  }
}

function difference(ours: string, theirs: string): string {
  let at = 0;
  while (ours[at] === theirs[at]) at++;
  return `differs from the serializer of OpenTelemetry at ${at}:\n${ours.slice(at - 100, at + 100)}\n${theirs.slice(at - 100, at + 100)}`;
}

const sdk3 = createRequire(join(__dirname, '..', '..', '.cache', 'sdk3', 'package.json'));
const LINES: readonly [string, () => Serializer][] = [
  ['2', () => ProtobufTraceSerializer as never],
  ['3', () => (sdk3('@opentelemetry/otlp-transformer') as { ProtobufTraceSerializer: Serializer }).ProtobufTraceSerializer],
];

for (const [line, load] of LINES) {
  test(`encodes ${SPANS / 2} random spans as the serializer of SDK line ${line} does`, () => {
    const serializer = load();
    const each = Math.ceil(SPANS / 2 / 4);
    for (let run = 0; run < 4; run++) check(serializer, SEED + run, each);
    report({
      part: `random spans, encoded as the serializer of SDK line ${line} does (seed ${SEED})`,
      tried: SPANS / 2,
      survived: SPANS / 2,
      lost: 0,
      unaccounted: 0,
    });
  });
}

const generator = new SpanGenerator(7);
const plain = (change: Partial<EncodableSpan> = {}): EncodableSpan => ({
  ...generator.span(),
  attributes: {},
  constantAttributes: undefined,
  events: [],
  links: [],
  ...change,
});

test('encodes times in milliseconds as the HrTime that is made of them, of spans with constant attributes alone', () => {
  const anywhere = Array.from({ length: 2000 }, (_, at) => ((at * 0.618_033_988_749) % 1) * 4e12);
  const edges = [
    0,
    0.0000005,
    0.9999995,
    999.9999996,
    1_764_460_800_000,
    1_764_460_799_999.9998,
    2 ** 41 - 2 ** -12,
    9_223_372_036_854,
  ];
  for (const ms of [...edges, ...anywhere]) {
    const hours = { startTime: toHrTime(ms), endTime: toHrTime(ms + 0.25) };
    const base = plain({ constantAttributes: Object.freeze({}) });
    const expected = Buffer.from(encodeSpans([{ ...base, ...hours }]));
    assert.ok(expected.equals(encodeSpans([{ ...base, startMs: ms, endMs: ms + 0.25 }])), `${ms}`);
    const foreign = { ...base, ...hours, constantAttributes: undefined };
    const untouched = Buffer.from(encodeSpans([foreign]));
    assert.ok(untouched.equals(encodeSpans([{ ...foreign, startMs: 1, endMs: 2 }])), `${ms}`);
  }
});

/** Each protobuf length has its shortest form, because strict decoders refuse longer ones. */
test('encodes a batch of plain spans in no more bytes than OpenTelemetry', () => {
  for (const count of [1, 2, 60, 512]) {
    const batch = Array.from({ length: count }, () => plain({ attributes: { a: 'x'.repeat(count) } }));
    const theirs = (ProtobufTraceSerializer.serializeRequest(batch as never) as Uint8Array).length;
    // without the count of dropped attributes of each resource, which is 0
    assert.is(encodeSpans(batch).length, theirs - 2 * new Set(batch.map(({ resource }) => resource)).size);
  }
});

test('the length of a message has its shortest form, with any number of bytes reserved for it', () => {
  for (const length of [0, 0x7f, 0x80, 0x3fff, 0x4000, 0x1f_ffff, 0x20_0000])
    for (const reserved of [1, 2, 3, 4]) {
      const content = Buffer.alloc(length, 'x');
      const writer = new EncodeWriter();
      const mark = writer.open(reserved);
      writer.raw(content);
      writer.close(mark, reserved);
      assert.ok(Buffer.from(Writer.create().bytes(content).finish()).equals(writer.take()), `${length}, ${reserved} reserved`);
    }
});

test('a boolean is 1 or 0 on the wire, as OpenTelemetry writes it', () => {
  for (const flag of [true, false]) {
    const batch = [plain({ attributes: { flag } })];
    const [ours, theirs] = [encodeSpans(batch), ProtobufTraceSerializer.serializeRequest(batch as never) as Uint8Array].map(
      (bytes) => Buffer.from(bytes).toString('hex').split(Buffer.from('flag').toString('hex'))[1]?.slice(0, 8),
    );
    assert.is(ours, theirs);
    assert.match(ours ?? '', flag ? /01$/ : /00$/);
  }
});

const SPAN_FIELD = (span: EncodableSpan): string => decode(encodeSpans([span]));

test('encodes each member of a span: a change of it changes the request', () => {
  const traceState = createTraceState('a=1');
  const context = { traceId: '0a'.repeat(16), spanId: '0b'.repeat(8), traceFlags: 1, traceState };
  const parent = { traceId: context.traceId, spanId: '0c'.repeat(8), traceFlags: 1, isRemote: false };
  const status = { code: 2, message: 'failed' };
  const resource = { attributes: { a: 1 }, schemaUrl: 'r' };
  const scope = { name: 'scope', version: '1', schemaUrl: 's', attributes: { a: 1 }, droppedAttributesCount: 1 };
  const event = { name: 'e', time: [1, 2] as [number, number], attributes: { a: 1 }, droppedAttributesCount: 1 };
  const link = { context, attributes: { a: 1 }, droppedAttributesCount: 1 };
  const constantAttributes = Object.freeze({ constant: 1 });
  const ownAttributes = { own: 1 };
  const base = plain({
    ...{ kind: 1, spanContext: () => context, parentSpanContext: parent, status, resource, instrumentationScope: scope },
    ...{ attributes: { constant: 1, own: 1 }, constantAttributes, ownAttributes, events: [event], links: [link] },
  });
  const changes: Partial<EncodableSpan>[] = [
    { name: 'other' },
    { kind: 2 },
    { spanContext: () => ({ ...context, traceId: '0d'.repeat(16) }) },
    { spanContext: () => ({ ...context, spanId: '0d'.repeat(8) }) },
    { spanContext: () => ({ ...context, traceFlags: 0 }) },
    { spanContext: () => ({ ...context, traceState: createTraceState('a=2') }) },
    { parentSpanContext: { ...parent, spanId: '0d'.repeat(8) } },
    { parentSpanContext: { ...parent, isRemote: true } },
    { startTime: [5, 6] },
    { endTime: [7, 8] },
    { status: { ...status, code: 1 } },
    { status: { ...status, message: 'changed' } },
    { attributes: { constant: 2 }, constantAttributes: undefined, ownAttributes: undefined },
    { constantAttributes: Object.freeze({ constant: 2 }) },
    { ownAttributes: { own: 2 } },
    ...[{ name: 'f' }, { time: [1, 3] as [number, number] }, { attributes: { a: 2 } }, { droppedAttributesCount: 2 }].map(
      (change) => ({ events: [{ ...event, ...change }] }),
    ),
    ...[{ context: { ...context, spanId: '0d'.repeat(8) } }, { attributes: { a: 2 } }, { droppedAttributesCount: 2 }].map(
      (change) => ({ links: [{ ...link, ...change }] }),
    ),
    { droppedAttributesCount: 9 },
    { droppedEventsCount: 9 },
    { droppedLinksCount: 9 },
    { resource: { ...resource, attributes: { a: 2 } } },
    { resource: { ...resource, schemaUrl: 'other' } },
    ...[{ name: 'other' }, { version: '2' }, { schemaUrl: 'other' }, { attributes: { a: 2 } }, { droppedAttributesCount: 2 }].map(
      (change) => ({ instrumentationScope: { ...scope, ...change } }),
    ),
  ];
  const before = SPAN_FIELD(base);
  for (const change of changes) assert.is.not(SPAN_FIELD({ ...base, ...change }), before, JSON.stringify(change));
});

test('keeps the bytes of constant attributes: a site is read once', () => {
  let reads = 0;
  const constant = Object.freeze(Object.defineProperty({}, 'site', { enumerable: true, get: () => ++reads })) as { site: number };
  const span = plain({ attributes: { site: 1, own: 'x' }, constantAttributes: constant, ownAttributes: { own: 'x' } });
  const first = SPAN_FIELD(span);
  assert.is(SPAN_FIELD(span), first);
  assert.is(reads, 1);
  assert.match(first, /"key":"site","value":\{"intValue":"1"/u);
});

test('writes a key of both span and site once, with the value of the span', () => {
  const constant = Object.freeze({ key: 'of the site', other: 1 });
  const own = { key: 'own' };
  const text = SPAN_FIELD(plain({ attributes: { ...constant, ...own }, constantAttributes: constant, ownAttributes: own }));
  assert.not.match(text, /of the site/u);
  assert.is(text.split('"own"').length, 2);
});

test('encodes the next batch correctly after a span whose members throw', () => {
  const broken = {
    get() {
      throw new Error('broken');
    },
  };
  const withLinks = Object.defineProperty({ ...plain() }, 'links', broken);
  const constantAttributes = Object.defineProperty({ a: 1 }, 'b', { ...broken, enumerable: true });
  const good = plain({ attributes: { c: 1, d: 2 }, constantAttributes: Object.freeze({ c: 1 }), ownAttributes: { d: 2 } });
  const again = () => ({ ...good, constantAttributes: Object.freeze({ c: 1 }) });
  const before = SPAN_FIELD(good);
  for (const bad of [withLinks, plain({ constantAttributes })]) {
    assert.throws(() => encodeSpans([good, bad]), /broken/u);
    assert.is(SPAN_FIELD(again()), before);
  }
});

test('does not share memory between requests', () => {
  const first = encodeSpans([plain({ name: 'first' })]);
  const copy = Buffer.from(first);
  encodeSpans([plain({ name: 'second' })]);
  assert.ok(copy.equals(first));
});

test('encodes into the memory of a request that was given back, and of the last one only', () => {
  const long = 'x'.repeat(100_000);
  const [first, second] = [encodeSpans([plain({ name: 'first' })]), encodeSpans([plain({ name: long })])];
  const copy = Buffer.from(first);
  reuse(first);
  reuse(second);
  const batch = [plain({ name: 'third' })];
  const third = encodeSpans(batch);
  assert.is(third.buffer, second.buffer);
  assert.is(decode(third), decode(ProtobufTraceSerializer.serializeRequest(batch as never)));
  const fourth = encodeSpans([plain({ name: 'fourth' })]);
  assert.is.not(fourth.buffer, third.buffer);
  reuse(third);
  assert.is.not(encodeSpans([plain({ name: 'fifth' })]).buffer, third.buffer);
  assert.ok(copy.equals(first));
  const large = encodeSpans([plain({ name: 'y'.repeat(2_000_000) })]);
  reuse(large);
  assert.is.not(encodeSpans([plain()]).buffer, large.buffer, 'memory of two megabytes is not kept');
});

test.run();
