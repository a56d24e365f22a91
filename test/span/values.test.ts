// Values at their bounds: attributes, times, links and the text of errors, by the functions that all sources of them share.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cleanAttributes, cleanValue, cutText, recordValue, type SpanLimits } from '../../runtime/span/attributes.js';
import { addLimitedLink, isLink, isTimeInput, limitedStatus } from '../../runtime/span/event.js';
import { anchorAt, fromTimeInput, toHrTime } from '../../runtime/span/time.js';

const LIMITS: SpanLimits = {
  attributeCount: 128,
  attributeLength: Number.POSITIVE_INFINITY,
  eventCount: 128,
  eventAttributeCount: 2,
  linkAttributeCount: 1,
  linkCount: 2,
  callDepth: 128,
  hides: undefined,
  exceptionLog: undefined,
};

test('a text is cut to the limit, and one character shorter where that would halve a surrogate pair', () => {
  for (const [text, length, expected] of [
    ['abc', 3, 'abc'],
    ['abcd', 3, 'abc'],
    ['ab\u{1f600}', 3, 'ab'],
    ['ab\u{1f600}', 4, 'ab\u{1f600}'],
    ['a\ud800\udc00', 2, 'a'],
    ['a\udbff\udfff', 2, 'a'],
    ['a\ud7ffb', 2, 'a\ud7ff'],
    ['a\udc00b', 2, 'a\udc00'],
  ] as const)
    assert.is(cutText(text, length), expected);
});

test('of an array 1024 elements are kept; one with elements of several types, or of no type of OpenTelemetry, is no value', () => {
  const long = Array.from({ length: 1030 }, (_, index) => index);
  assert.equal(cleanValue(long, LIMITS), long.slice(0, 1024));
  for (const [value, expected] of [
    [
      ['abcdef', 'x'],
      ['abc', 'x'],
    ],
    [
      [null, true, undefined, false],
      [null, true, undefined, false],
    ],
    [[1, 'a'], undefined],
    [[{}], undefined],
    [[1n], undefined],
    [[[1]], undefined],
    [[], []],
    [null, undefined],
    [{ length: 1 }, undefined],
    [Symbol('a'), undefined],
    [1n, undefined],
    [0, 0],
    [false, false],
    ['', ''],
  ] as const)
    assert.equal(cleanValue(value, { attributeLength: 3 }), expected);
});

test('an argument may also be a big integer or a date, and a text is cut to 16,384 characters', () => {
  assert.is(recordValue(12n, LIMITS), '12');
  assert.is(recordValue(new Date(0), LIMITS), '1970-01-01T00:00:00.000Z');
  assert.is(recordValue(new Date(Number.NaN), LIMITS), undefined);
  assert.is(String(recordValue('x'.repeat(20_000), LIMITS)).length, 16_384);
  assert.is(recordValue('abcdef', { ...LIMITS, attributeLength: 4 }), 'abcd');
  assert.is(recordValue({}, LIMITS), undefined);
  assert.is(recordValue(7, LIMITS), 7);
});

test('attributes: own ones with a name and a value, as many as the limit; the rest of those is counted', () => {
  const given = Object.assign(Object.create({ inherited: 1 }) as object, { '': 1, none: undefined, a: 1, b: 'two', c: 3, d: {} });
  Object.defineProperty(given, '__proto__', { value: 1, enumerable: true });
  const { kept, dropped } = cleanAttributes(given as never, 2, LIMITS);
  assert.equal([kept, dropped], [{ a: 1, b: 'two' }, 1]);
  assert.equal(cleanAttributes(undefined, 2, LIMITS), { kept: {}, dropped: 0 });
  const hides = (name: string): boolean => name === 'a';
  assert.equal(cleanAttributes({ a: 1, b: 2 }, 2, { attributeLength: 1, hides }).kept, { a: 'REDACTED', b: 2 });
});

test('a link needs both ids; beyond the limit the oldest is dropped', () => {
  const context = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
  assert.ok(isLink({ context }));
  for (const odd of [{}, { context: { traceId: 'a' } }, { context: { spanId: 'b' } }, undefined, null])
    assert.not(isLink(odd as never));
  const links: never[] = [];
  const dropped = [1, 2, 3].map((a) => addLimitedLink(links, { context, attributes: { a, b: 2 } }, LIMITS));
  assert.equal(dropped, [0, 0, 1]);
  assert.equal(
    links.map(({ attributes, droppedAttributesCount }) => [attributes, droppedAttributesCount]),
    [
      [{ a: 2 }, 1],
      [{ a: 3 }, 1],
    ],
  );
});

test('a status has a message where it is ERROR and the message is a text, cut to the limit', () => {
  const limits = { ...LIMITS, attributeLength: 2 };
  assert.equal(limitedStatus({ code: 2, message: 'abc' }, limits), { code: 2, message: 'ab' });
  assert.equal(limitedStatus({ code: 1, message: 'abc' }, limits), { code: 1 });
  assert.equal(limitedStatus({ code: 2, message: 7 as never }, limits), { code: 2 });
});

test('a time is a number, a date or a pair of numbers', () => {
  for (const time of [0, new Date(0), [1, 2]]) assert.ok(isTimeInput(time));
  for (const odd of [undefined, null, '1', {}, [1], [1, 2, 3], ['1', 2], { time: 1 }]) assert.not(isTimeInput(odd));
});

test('milliseconds become seconds and nanoseconds below 1e9', () => {
  for (const [ms, expected] of [
    [0, [0, 0]],
    [1500, [1, 500_000_000]],
    [999.9999999, [1, 0]],
    [1000, [1, 0]],
    [0.000001, [0, 1]],
    [1999.9999996, [2, 0]],
  ] as const)
    assert.equal(toHrTime(ms), expected);
});

test('times of the process are read by its clock, others as they are; invalid ones become the current time', () => {
  const anchor = Date.now() - performance.now();
  const isNow = (ms: number): boolean => Math.abs(ms - Date.now()) < 1000;
  assert.is(fromTimeInput(5, anchor), anchor + 5);
  assert.is(fromTimeInput(Date.UTC(2020, 1), anchor), Date.UTC(2020, 1));
  assert.is(fromTimeInput(new Date(0), anchor), 0);
  assert.is(fromTimeInput([3, 5e6], anchor), 3005);
  const latest = 2 ** 63 / 1e6;
  assert.is(fromTimeInput([latest / 1000 - 1, 0], anchor), latest - 1000);
  for (const odd of [new Date(Number.NaN), [latest / 1000, 0], [-1, 0], -anchor - 5, 'now', null])
    assert.ok(isNow(fromTimeInput(odd as never, anchor)), String(odd));
});

test('the time of day is read again after more than a second, and not before', () => {
  const at = performance.now() + 1e6;
  const anchor = anchorAt(at);
  assert.ok(Math.abs(anchor + at - Date.now()) < 1000);
  assert.is(anchorAt(at + 1000), anchor);
  assert.is.not(anchorAt(at + 1001), anchor);
  anchorAt(at + 1e6);
});

test.run();
