// The decoder of export requests: the same spans as protobufjs reads, bounded memory for hostile requests, no hang on a broken one.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeSpans } from '../../runtime/export/encode.js';
import { decodeRequest } from '../../viewer/receiver/decode.js';
import { SpanGenerator } from '../export/generator.js';
import { exportRequestType } from '../export/messages.js';
import { field } from '../export/protobuf-fields.js';

const type = exportRequestType();

test('reads ids, names, times and counts of random spans as protobufjs does', () => {
  const generator = new SpanGenerator(7);
  let compared = 0;
  for (let round = 0; round < 90; round += 1) {
    const bytes = encodeSpans(generator.batch(25)) as Uint8Array;
    // biome-ignore lint/suspicious/noExplicitAny: shaped by the table in messages.ts
    const request = type.toObject(type.decode(bytes), { longs: String, arrays: true, defaults: true }) as any;
    // biome-ignore lint/suspicious/noExplicitAny: as above
    const expected = request.resourceSpans.flatMap((group: any) => group.scopeSpans.flatMap((scoped: any) => scoped.spans));
    const found = decodeRequest(bytes);
    assert.is(found.length, expected.length);
    for (const [index, span] of found.entries()) {
      const other = expected[index];
      assert.is(span.traceId, Buffer.from(other.traceId).toString('hex'));
      assert.is(span.parentSpanId, Buffer.from(other.parentSpanId).toString('hex'));
      assert.is(span.name, other.name);
      assert.is(span.startTimeUnixNano, other.startTimeUnixNano);
      assert.is(span.endTimeUnixNano, other.endTimeUnixNano);
      assert.is(span.traceState, other.traceState);
      assert.is(span.flags, other.flags);
      assert.is(span.status.message, other.status?.message ?? '');
      assert.equal(
        span.events.map(({ name }) => name),
        other.events.map(({ name }: { name: string }) => name),
      );
      assert.is(span.links.length, other.links.length);
      assert.equal(
        Object.keys(span.attributes).sort(),
        [...new Set(other.attributes.map(({ key }: { key: string }) => key))].sort(),
      );
      compared += 1;
    }
  }
  assert.ok(compared >= 1000, `only ${compared} spans were compared`);
});

const VALUES: readonly (readonly [name: string, message: unknown, expected: unknown])[] = [
  ['text', { stringValue: 'ü' }, 'ü'],
  ['false', { boolValue: false }, false],
  ['a negative integer', { intValue: -5 }, -5],
  ['the smallest integer, exactly', { intValue: '-9223372036854775808' }, '-9223372036854775808'],
  ['not a number', { doubleValue: Number.NaN }, 'NaN'],
  ['bytes', { bytesValue: Buffer.from('hi') }, 'aGk='],
  ['an array', { arrayValue: { values: [{ intValue: 1 }, {}] } }, [1, null]],
  ['nothing', {}, null],
];

for (const [name, value, expected] of VALUES) {
  test(`an attribute value: ${name}`, () => {
    const request = { resourceSpans: [{ scopeSpans: [{ spans: [{ attributes: [{ key: 'k', value }] }] }] }] };
    const [span] = decodeRequest(type.encode(type.fromObject(request)).finish());
    assert.equal(span?.attributes.k, expected);
  });
}

test('refuses a legal request of 15 MB with 7.8 million empty spans, within 256 MB of memory', () => {
  const spans = Buffer.alloc(15_600_000);
  for (let at = 0; at < spans.length; at += 2) spans[at] = 0x12; // field 2 of ScopeSpans, length 0
  const request = field(1, field(2, spans));
  const before = process.memoryUsage().heapUsed;
  assert.throws(() => decodeRequest(request), /more than 1000000 spans/);
  assert.ok(process.memoryUsage().heapUsed - before < 256e6, 'the refused request stays in memory');
});

for (const [what, path] of [
  ['attributes', [1, 2, 2, 9]],
  ['events', [1, 2, 2, 11]],
  ['links', [1, 2, 2, 13]],
  ['scopes', [1, 2]],
  ['resources', [1]],
  ['attributes of a resource', [1, 1, 1]],
] as const) {
  test(`refuses more empty ${what} than the limit, and accepts fewer`, () => {
    const last = path[path.length - 1] as number;
    const requestOf = (count: number): Buffer => {
      let content: Buffer = Buffer.concat(Array.from({ length: count }, () => field(last, Buffer.alloc(0))));
      for (const number of [...path.slice(0, -1)].reverse()) content = field(number, content);
      return content;
    };
    assert.throws(() => decodeRequest(requestOf(200), 100), /more than 100/);
    assert.not.throws(() => decodeRequest(requestOf(50), 100));
  });
}

test('refuses values nested beyond the limit', () => {
  let value: Buffer = field(1, Buffer.from('deep'));
  for (let depth = 0; depth < 10_000; depth += 1) value = field(5, field(1, value));
  const request = field(1, field(2, field(2, field(9, field(2, value)))));
  assert.throws(() => decodeRequest(request), /nested deeper/);
});

test('a request cut at any byte is refused or read, and never read beyond its end', () => {
  const whole = Buffer.from(encodeSpans(new SpanGenerator(3).batch(4)) as Uint8Array);
  let refused = 0;
  for (let length = 0; length < whole.length; length += 1) {
    try {
      decodeRequest(whole.subarray(0, length));
    } catch (error) {
      assert.is((error as Error).name, 'WireError');
      refused += 1;
    }
  }
  assert.ok(refused > whole.length / 2);
});

test.run();
