// Parts of an export without a connection: protobuf fields, waits that a server asks for, the state in words, failures, and the
// spans of a dump.

import { Writer } from 'protobufjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { exporterState, tracingStatus } from '../../runtime/export/exporter-state.js';
import { ExportTimeout, readFailure } from '../../runtime/export/failures.js';
import { type Dump, FlightSpan, otlpJson, spanIdOf } from '../../runtime/export/flight-spans.js';
import { walk } from '../../runtime/export/protobuf-fields.js';
import { retryAfterMillis } from '../../runtime/export/retry-after.js';
import { retryInfoOf } from '../../runtime/export/retry-info.js';
import type { Site } from '../../runtime/site/site.js';
import { type FlightCall, NO_CALL } from '../../runtime/span/flight-ring.js';
import type { TracingState } from '../../runtime/tracing.js';

test('fields of a message are read by number; those of fixed width are skipped', () => {
  const message = Writer.create()
    .uint32((1 << 3) | 0)
    .uint32(127)
    .uint32((2 << 3) | 0)
    .uint32(128)
    .uint32((3 << 3) | 1)
    .fixed64(1)
    .uint32((4 << 3) | 5)
    .fixed32(1)
    .uint32((500 << 3) | 2)
    .bytes(Buffer.from('abc'))
    .uint32((6 << 3) | 0)
    .uint64(2 ** 53 - 1)
    .uint32((7 << 3) | 2)
    .bytes(Buffer.alloc(0))
    .uint32((8 << 3) | 0)
    .int64(-1)
    .finish();
  assert.equal(
    [...walk(message)].map(([number, value]) => [number, typeof value === 'number' ? value : Buffer.from(value).toString()]),
    [
      [1, 127],
      [2, 128],
      [500, 'abc'],
      [6, 2 ** 53 - 1],
      [7, ''],
      [8, 2 ** 64],
    ],
  );
  assert.equal([...walk(new Uint8Array())], []);
});

for (const [what, hex, message] of [
  ['a number that does not end', '0880', /truncated/],
  ['a number of eleven bytes', `08${'80'.repeat(10)}01`, /more than ten bytes/],
  ['content that is shorter than its length', '0a0361', /truncated/],
  ['eight bytes of which one is missing', `09${'00'.repeat(7)}`, /truncated/],
  ['four bytes of which one is missing', `0d${'00'.repeat(3)}`, /truncated/],
  ['a group', '0b', /field 1 has the unknown wire type 3/],
  ['field 0', '0200', /field 0 has the unknown wire type 2/],
] as const)
  test(`a message with ${what} is refused`, () => {
    assert.throws(
      () => [...walk(Buffer.from(hex, 'hex'))],
      (error: unknown) => error instanceof RangeError && message.test(error.message),
    );
  });

/** `google.rpc.Status` with details. */
const status = (...details: (readonly [type: string, value: Uint8Array])[]): Uint8Array => {
  const writer = Writer.create().uint32(8).uint32(8);
  for (const [type, value] of details)
    writer.uint32((3 << 3) | 2).bytes(Writer.create().uint32(10).string(type).uint32(18).bytes(value).finish());
  return writer.finish();
};
const info = (duration: Uint8Array): Uint8Array => Writer.create().uint32(10).bytes(duration).finish();
const duration = (seconds: number, nanos: number): Uint8Array =>
  Writer.create().uint32(8).uint32(seconds).uint32(16).uint32(nanos).finish();
const RETRY = 'type.googleapis.com/google.rpc.RetryInfo';

test('the wait is that of the first RetryInfo among the details', () => {
  const other = ['type.googleapis.com/google.rpc.DebugInfo', info(duration(9, 9))] as const;
  assert.is(retryInfoOf(status([RETRY, info(duration(3, 500_000_000))])), 3500);
  assert.is(retryInfoOf(status(other, [RETRY, info(duration(1, 0))], [RETRY, info(duration(2, 0))])), 1000);
  assert.is(retryInfoOf(status(other)), undefined);
  assert.is(retryInfoOf(status([RETRY, new Uint8Array()])), 0);
  assert.is(retryInfoOf(Buffer.from('1a', 'hex')), undefined);
  // a field 3 that is a number, and a type that is one
  assert.is(retryInfoOf(Writer.create().uint32(24).uint32(5).finish()), undefined);
  const typeless = Writer.create()
    .uint32(18)
    .bytes(info(duration(1, 0)))
    .finish();
  assert.is(retryInfoOf(Writer.create().uint32(26).bytes(typeless).finish()), undefined);
});

test('Retry-After has up to six digits, or a date', () => {
  assert.equal(
    ['1', '999999', '', 'soon', undefined].map((header) => retryAfterMillis(header)),
    [1000, 999_999_000, undefined, undefined, undefined],
  );
  assert.is(retryAfterMillis(new Date(0).toUTCString()), 0);
});

test('the state in words', () => {
  const state = (change: object, counts: object = {}): TracingState =>
    ({
      built: true,
      recording: true,
      exportedBy: 'spanwright',
      ...change,
      spans: { exported: 0, dropped: 0, failed: 0, ...counts },
    }) as never;
  assert.equal(
    [{ built: false }, {}, { recording: false }].map((change) => tracingStatus(state(change))),
    ['no exporter', 'recording', 'off'],
  );
  for (const [change, counts, expected] of [
    [{ exportedBy: 'none' }, { failed: 1 }, 'none'],
    [{ exportedBy: 'sdk' }, { failed: 1 }, 'by your SDK'],
    [{}, { failed: 1, exported: 5 }, 'losing spans'],
    [{}, { dropped: 1, exported: 5 }, 'losing spans'],
    [{}, { exported: 1 }, 'delivering'],
    [{}, {}, 'nothing sent yet'],
  ] as const)
    assert.is(exporterState(state(change, counts)), expected);
});

test('a failure has the text of its details, else its message, and the remedy of its status', () => {
  for (const [error, text] of [
    [{ code: 14, details: '', message: 'm' }, 'm'],
    [{ code: 14, details: 'd', message: 'm' }, 'd'],
    [{ code: 14 }, '[object Object]'],
    [7, '7'],
    ['text', 'text'],
  ] as const)
    assert.is(readFailure(error).text, text);
  const remedy = (code: number): string | undefined => readFailure({ code }).remedy;
  for (const [codes, text] of [
    [[3, 400], /does not understand the spans/],
    [[5, 12, 404], /no OTLP trace service/],
    [[7, 16, 401, 403], /refuses our credentials/],
    [[8, 413, 429], /no capacity left/],
    [[502, 503, 504], /accepts no requests now/],
    [[4], /no answer in time/],
    [[13], /a proxy before it failed/],
    [[14], /no Collector listens there/],
  ] as const)
    for (const code of codes) assert.match(String(remedy(code)), text);
  for (const code of [0, 1, 10, 11, 15, 500, 99]) assert.is(remedy(code), undefined);
  assert.match(String(readFailure(new ExportTimeout(5)).remedy), /no answer in time/);
  assert.is(readFailure({ code: 429, retryAfterMillis: 7 }).retryAfter, 7);
  assert.is(readFailure({ code: 13, retryAfterMillis: 7 }).retry, false);
  assert.is(readFailure({ code: 8, retryAfterMillis: 7 }).retry, true);
  assert.not('retryAfter' in readFailure({ code: 13 }));
});

const SITE = {
  spanName: 'site',
  kind: 2,
  options: { args: [{ key: 'first' }, { key: 'second' }] },
} as unknown as Site;
const call = (change: Partial<FlightCall> = {}): FlightCall => ({
  ...{ call: 10, site: SITE, parent: NO_CALL, root: 10, start: 5, end: 8.5, failed: false, detail: undefined },
  ...change,
});
const dump = (calls: Iterable<FlightCall>, change: Partial<Dump> = {}): Dump => ({
  calls,
  reason: 'asked',
  process: '0123456789abcdef',
  at: 20,
  anchor: 1000,
  resource: { attributes: { 'service.name': 's' } } as unknown as Dump['resource'],
  scope: { name: 'scope', version: '1' },
  constantOf: () => ({ constant: true, first: 'hidden by the own one' }),
  ...change,
});
const detail = (change: object): NonNullable<FlightCall['detail']> => ({
  values: undefined,
  error: undefined,
  under: undefined,
  bytes: 0,
  ...change,
});

test('a call of a dump is a span with the ids of its numbers', () => {
  const root = new FlightSpan(call(), dump([]));
  assert.equal(root.spanContext(), { traceId: '0123456789abcdef000000000000000a', spanId: '012345670000000a', traceFlags: 1 });
  assert.is(root.parentSpanContext, undefined);
  assert.equal(
    [root.name, root.kind, root.startTime, root.endTime, root.duration],
    ['site', 2, [1, 5e6], [1, 8_500_000], [0, 3_500_000]],
  );
  assert.equal(root.attributes, { constant: true, first: 'hidden by the own one', 'spanwright.flight.reason': 'asked' });
  assert.equal(root.status, { code: 0 });
  assert.ok(root.ended);
  assert.equal([root.links, root.events], [[], []]);
  assert.equal([root.droppedAttributesCount, root.droppedEventsCount, root.droppedLinksCount], [0, 0, 0]);
  assert.equal([root.instrumentationScope.name, root.resource.attributes], ['scope', { 'service.name': 's' }]);

  const child = new FlightSpan(call({ call: 255, parent: 10 }), dump([]));
  assert.is(child.spanContext().traceId, root.spanContext().traceId);
  assert.equal(child.parentSpanContext, root.spanContext());
  assert.equal([child.spanContext().spanId, spanIdOf('0123456789abcdef', 255)], ['01234567000000ff', '01234567000000ff']);
  assert.not('spanwright.flight.reason' in child.attributes);
  const under = { traceId: 'b'.repeat(32), spanId: 'c'.repeat(16), traceFlags: 1 };
  assert.is(new FlightSpan(call({ parent: 10 }), dump([]), under).parentSpanContext, under);

  const kept = new FlightSpan(call({ parent: 10 }), dump([], { traceId: 'd'.repeat(32) }));
  assert.is(kept.spanContext().traceId, 'd'.repeat(32));
  assert.is(kept.attributes['spanwright.flight.reason'], 'asked');

  const open = new FlightSpan(call({ end: undefined }), dump([]));
  assert.equal([open.endTime, open.duration, open.attributes['spanwright.flight.open']], [[1, 20e6], [0, 15e6], true]);
});

test('a call of a dump has its arguments and its error', () => {
  const failed = (change: object) => new FlightSpan(call({ failed: true, detail: detail(change) }), dump([]));
  const span = failed({ values: ['a', undefined, 'without a key'], error: { type: 'TypeError', message: 'half \ud83d' } });
  assert.equal(span.ownAttributes, { first: 'a', 'error.type': 'TypeError', 'spanwright.flight.reason': 'asked' });
  assert.equal(span.status, { code: 2, message: 'half \ufffd' });
  assert.equal(failed({}).status, { code: 2, message: '' });
  assert.equal(failed({ values: [undefined, 0] }).ownAttributes, { second: 0, 'spanwright.flight.reason': 'asked' });
});

test('the text of a dump is OTLP JSON, in pieces of 500 spans', () => {
  for (const count of [0, 1, 499, 500, 501, 1001]) {
    const counted: number[] = [];
    const calls = Array.from({ length: count }, (_, at) => call({ call: at }));
    const pieces = [...otlpJson(dump(calls), (spans) => counted.push(spans))];
    const spans = JSON.parse(pieces.join('')).resourceSpans[0].scopeSpans[0].spans as { spanId: string }[];
    assert.equal(
      spans.map(({ spanId }) => spanId),
      calls.map((each) => spanIdOf('0123456789abcdef', each.call)),
    );
    const full = Array.from({ length: Math.floor(count / 500) }, () => 500);
    assert.equal(counted, count % 500 === 0 ? full : [...full, count % 500]);
    assert.is(pieces.length, counted.length + 2);
  }
  const values = [1, 1.5, true, 'text', Number.NaN, ['a', 1], 2 ** 53, 'half \ud83d'];
  const args = values.map((_, at) => ({ key: `k${at}` }));
  const site = { ...SITE, options: { args } } as unknown as Site;
  const [text] = [[...otlpJson(dump([call({ site, parent: 10, call: 11, detail: detail({ values }) })]), () => {})].join('')];
  const [resourceSpans] = JSON.parse(text as string).resourceSpans;
  assert.equal(resourceSpans.resource, { attributes: [{ key: 'service.name', value: { stringValue: 's' } }] });
  assert.equal(resourceSpans.scopeSpans[0].scope, { name: 'scope', version: '1' });
  const [{ attributes, ...span }] = resourceSpans.scopeSpans[0].spans;
  assert.equal(span, {
    traceId: '0123456789abcdef000000000000000a',
    spanId: '012345670000000b',
    parentSpanId: '012345670000000a',
    flags: 1,
    name: 'site',
    kind: 3,
    startTimeUnixNano: '1005000000',
    endTimeUnixNano: '1008500000',
    status: { code: 0 },
  });
  assert.equal(
    attributes.slice(2).map(({ value }: { value: unknown }) => value),
    [
      { intValue: '1' },
      { doubleValue: 1.5 },
      { boolValue: true },
      { stringValue: 'text' },
      { doubleValue: 'NaN' },
      { arrayValue: { values: [{ stringValue: 'a' }, { intValue: '1' }] } },
      { doubleValue: 2 ** 53 },
      { stringValue: 'half \ufffd' },
    ],
  );
});

test.run();
