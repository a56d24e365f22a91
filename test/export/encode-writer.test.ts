// The writer of protobuf fields against protobufjs, with each field at the end of its memory and behind it.

import { Writer } from 'protobufjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EncodeWriter, FIXED32, FIXED64, LENGTH, VARINT } from '../../runtime/export/encode-writer.js';

const SIZE = 64 * 1024;
const KEPT = 1024 * 1024;

interface Field {
  readonly write: (writer: EncodeWriter) => void;
  readonly expected: (writer: Writer) => Writer;
}

const varint = (value: number): Field => ({ write: (w) => w.varint(value), expected: (w) => w.uint32(value) });
const int64 = (value: number): Field => ({ write: (w) => w.int64(value), expected: (w) => w.int64(value) });
const text = (value: string): Field => ({ write: (w) => w.text(value), expected: (w) => w.string(value) });
const hex = (digits: string): Field => ({ write: (w) => w.hex(digits), expected: (w) => w.bytes(Buffer.from(digits, 'hex')) });
const bytes = (count: number): Buffer => Buffer.alloc(count, 'b');
/** A message of `count` bytes, for whose length so many were reserved. */
const message = (count: number, reserved: number): Field => ({
  write(w) {
    const mark = w.open(reserved);
    w.raw(bytes(count));
    w.close(mark, reserved);
  },
  expected: (w) => w.bytes(bytes(count)),
});

const TWO_32 = 2 ** 32;
const FIELDS: readonly Field[] = [
  ...[0, 1, 0x7f, 0x80, 0x3fff, 0x4000, 0x1f_ffff, 0x20_0000, 0xfff_ffff, 0x1000_0000, TWO_32 - 1].map(varint),
  ...[0, 5, TWO_32 - 1, TWO_32, TWO_32 + 1, 2 ** 35, 2 ** 42 - 1, 2 ** 49, 2 ** 53 - 1].flatMap((n) => [int64(n), int64(-n)]),
  ...[0, 1, TWO_32 - 1].map((value): Field => ({ write: (w) => w.fixed32(value), expected: (w) => w.fixed32(value) })),
  ...[0, -1.5, Number.NaN, 1e300].map((value): Field => ({ write: (w) => w.double(value), expected: (w) => w.double(value) })),
  ...['', 'a', 'x'.repeat(63), 'x'.repeat(64), 'x'.repeat(65), 'x'.repeat(127), 'x'.repeat(128)].map(text),
  ...['\u007f', '\u0080', 'a\u00e9', '\u20ac', '\u{1f600}', `${'x'.repeat(63)}\u20ac`].map(text),
  ...['', '00', '0123456789abcdef', 'ABCDEF', 'ff'.repeat(16)].map(hex),
  { write: (w) => w.block(bytes(200)), expected: (w) => w.bytes(bytes(200)) },
  ...[0, 0x7f, 0x80, 0x3fff, 0x4000].flatMap((count) => [1, 2, 3, 4].map((reserved) => message(count, reserved))),
  { write: (w) => w.tag(3, FIXED64), expected: (w) => w.uint32((3 << 3) | 1) },
  { write: (w) => w.tag(16, LENGTH), expected: (w) => w.uint32((16 << 3) | 2) },
  { write: (w) => w.tag(1, VARINT), expected: (w) => w.uint32(8) },
  { write: (w) => w.tag(1, FIXED32), expected: (w) => w.uint32(8 | 5) },
];

test('each field is that of protobufjs, also where the memory ends within it', () => {
  for (const [at, { write, expected }] of FIELDS.entries()) {
    const encoded = Buffer.from(expected(Writer.create()).finish());
    const { length } = encoded;
    for (const left of new Set([0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 64, 65, 66, length - 1, length, length + 1, 2 * length])) {
      if (left < 0 || left > SIZE) continue;
      const writer = new EncodeWriter();
      writer.raw(bytes(SIZE - left));
      write(writer);
      write(writer);
      const written = Buffer.from(writer.take());
      assert.ok(written.subarray(0, SIZE - left).equals(bytes(SIZE - left)), `field ${at}, ${left} bytes left: before it`);
      const rest = written.subarray(SIZE - left);
      assert.ok(
        rest.equals(Buffer.concat([encoded, encoded])),
        `field ${at}, ${left} bytes left: ${rest.toString('hex').slice(0, 80)}`,
      );
    }
  }
});

test('nanoseconds since the epoch are exact in 64 bits', () => {
  for (const [seconds, nanoseconds] of [
    [0, 0],
    [0, 1],
    [4, 294_967_295],
    [4, 294_967_296],
    [0xffff, 999_999_999],
    [0x1_0000, 0],
    [1_767_000_000, 123_456_789],
    [9_000_000_000, 999_999_999],
  ] as const) {
    const writer = new EncodeWriter();
    writer.raw(bytes(SIZE - 7));
    writer.time(seconds, nanoseconds);
    const read = Buffer.from(writer.take()).readBigUInt64LE(SIZE - 7);
    assert.is(read, BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds));
  }
});

test('what is no digit is 0', () => {
  const writer = new EncodeWriter();
  writer.hex('g1\u01002');
  assert.equal([...writer.take()], [2, 1, 2]);
});

test('the memory starts with 64 KiB, doubles, and fits what is larger', () => {
  const sizeAfter = (...counts: number[]): number => {
    const writer = new EncodeWriter();
    for (const count of counts) writer.raw(bytes(count));
    return writer.handOver().buffer.byteLength;
  };
  assert.equal([sizeAfter(1), sizeAfter(SIZE), sizeAfter(SIZE, 1), sizeAfter(10 * SIZE)], [SIZE, SIZE, 2 * SIZE, 10 * SIZE]);
});

test('memory is written to again once it was given back, up to a mebibyte, and a copy leaves it with the writer', () => {
  for (const [count, isKept] of [
    [KEPT, true],
    [KEPT + 1, false],
  ] as const) {
    const writer = new EncodeWriter();
    writer.raw(bytes(count));
    const out = writer.handOver();
    assert.is(out.length, count);
    writer.giveBack(out);
    writer.raw(bytes(1));
    const again = writer.handOver();
    assert.is(again.buffer === out.buffer, isKept);
    assert.is(again.length, 1);
    writer.raw(bytes(count));
    assert.is(writer.take().length, count);
    writer.raw(bytes(1));
    assert.is(writer.handOver().buffer.byteLength, isKept ? KEPT : SIZE);
  }
});

test('only the memory that was handed over last is taken back, once, and not while other is written to', () => {
  const writer = new EncodeWriter();
  const next = (): Uint8Array => {
    writer.raw(bytes(1));
    return writer.handOver();
  };
  const [first, second] = [next(), next()];
  writer.giveBack(first);
  const third = next();
  assert.not([first.buffer, second.buffer].includes(third.buffer));
  writer.giveBack(third);
  assert.is(next().buffer, third.buffer);
  writer.raw(Buffer.from('kept'));
  writer.giveBack(third);
  assert.is(Buffer.from(writer.handOver()).toString(), 'kept');
  writer.giveBack(third);
  assert.is.not(next().buffer, third.buffer);
});

test('what was written before an error is forgotten', () => {
  const writer = new EncodeWriter();
  writer.raw(bytes(3));
  writer.reset();
  writer.varint(7);
  assert.equal([...writer.take()], [7]);
  assert.equal([...writer.take()], []);
});

test.run();
