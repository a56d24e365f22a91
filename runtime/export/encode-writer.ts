// Writes protobuf fields into one reused buffer. Used by encode.ts. A message of unknown length reserves the bytes of its length
// and moves what follows when they were too many or too few, so that every length has its shortest form.

const FIRST_SIZE = 64 * 1024;
/** A buffer above this size is released after the batch. */
const KEPT_SIZE = 1024 * 1024;
/** Up to this length a loop writes ASCII faster than a call into the engine. */
const SHORT_TEXT = 64;
const TWO_32 = 0x1_0000_0000;
const NOTHING = Buffer.alloc(0);

export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH = 2;
export const FIXED32 = 5;

export class EncodeWriter {
  #bytes = NOTHING;
  #at = 0;
  /** The whole of the buffer that was handed over last. */
  #out = NOTHING;

  /** A copy of what was written; the writer starts again. */
  take(): Uint8Array {
    const taken = new Uint8Array(this.#bytes.subarray(0, this.#at));
    this.#at = 0;
    if (this.#bytes.length > KEPT_SIZE) this.#bytes = NOTHING;
    return taken;
  }

  /** Hands over what was written, without a copy. Nothing is written to its buffer before it is given back. */
  handOver(): Uint8Array {
    const out = this.#bytes.subarray(0, this.#at);
    this.#out = this.#bytes;
    this.#bytes = NOTHING;
    this.#at = 0;
    return out;
  }

  /** Writes to the buffer of `out` again, which nobody reads any more. */
  giveBack(out: Uint8Array): void {
    if (this.#out.buffer !== out.buffer) return;
    if (this.#bytes === NOTHING && this.#out.length <= KEPT_SIZE) this.#bytes = this.#out;
    this.#out = NOTHING;
  }

  /** Forgets what was written after an error. */
  reset(): void {
    this.#at = 0;
  }

  tag(field: number, type: number): void {
    this.varint((field << 3) | type);
  }

  /** An unsigned 32-bit integer; what is no such number is written as one. */
  varint(value: number): void {
    this.#reserve(5);
    const bytes = this.#bytes;
    let rest = value >>> 0;
    if (rest < 0x80) {
      bytes[this.#at++] = rest;
      return;
    }
    while (rest > 0x7f) {
      bytes[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[this.#at++] = rest;
  }

  /** A signed 64-bit integer; `value` is an integer of that range. */
  int64(value: number): void {
    if (value >= 0 && value < TWO_32) {
      this.varint(value);
      return;
    }
    this.#reserve(10);
    const negative = value < 0;
    const magnitude = Math.abs(value);
    let low = magnitude >>> 0;
    let high = Math.floor(magnitude / TWO_32) >>> 0;
    if (negative) {
      low = (~low + 1) >>> 0;
      high = (~high + (low === 0 ? 1 : 0)) >>> 0;
    }
    const bytes = this.#bytes;
    while (high > 0 || low > 0x7f) {
      bytes[this.#at++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    bytes[this.#at++] = low;
  }

  fixed32(value: number): void {
    this.#reserve(4);
    this.#word(value);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  /** Nanoseconds since the epoch as fixed64; the product exceeds what a double holds, so it is made of two halves. */
  time(seconds: number, nanoseconds: number): void {
    this.#reserve(8);
    const upper = Math.floor(seconds / 0x1_0000) * 1e9;
    const lower = (seconds % 0x1_0000) * 1e9 + (upper % 0x1_0000) * 0x1_0000 + nanoseconds;
    const high = Math.floor(upper / 0x1_0000) + Math.floor(lower / TWO_32);
    this.#word(lower);
    this.#word(high);
  }

  /** The time that toHrTime() makes of it. */
  milliseconds(since: number): void {
    const seconds = Math.floor(since / 1000);
    this.time(seconds, Math.round((since - seconds * 1000) * 1e6));
  }

  /** Length and bytes of an id in hexadecimal digits. */
  hex(digits: string): void {
    const count = digits.length >> 1;
    this.varint(count);
    this.#reserve(count);
    const bytes = this.#bytes;
    const start = this.#at;
    for (let index = 0; index < count; index++) {
      bytes[start + index] = (digit(digits.charCodeAt(index * 2)) << 4) | digit(digits.charCodeAt(index * 2 + 1));
    }
    this.#at = start + count;
  }

  #word(value: number): void {
    const bytes = this.#bytes;
    const at = this.#at;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
    this.#at = at + 4;
  }

  /** Length and bytes. */
  block(block: Uint8Array): void {
    this.varint(block.length);
    this.raw(block);
  }

  /** Fields that were encoded before, as they are. */
  raw(fields: Uint8Array): void {
    this.#reserve(fields.length);
    this.#bytes.set(fields, this.#at);
    this.#at += fields.length;
  }

  /** Length and UTF-8; a lone surrogate becomes U+FFFD, as in TextEncoder. */
  text(text: string): void {
    if (text.length <= SHORT_TEXT && this.#shortAscii(text)) return;
    const length = Buffer.byteLength(text);
    this.varint(length);
    this.#reserve(length);
    this.#at += this.#bytes.write(text, this.#at, 'utf8');
  }

  /** Opens a message; returns its mark for close(). @param reserved bytes that its length will probably take. */
  open(reserved: number): number {
    this.#reserve(reserved);
    this.#at += reserved;
    return this.#at;
  }

  /** Writes the length before all that was written since the mark. */
  close(mark: number, reserved: number): void {
    const length = this.#at - mark;
    let needed = 1;
    for (let rest = length >>> 7; rest > 0; rest >>>= 7) needed++;
    if (needed !== reserved) {
      this.#reserve(Math.max(0, needed - reserved));
      this.#bytes.copyWithin(mark - reserved + needed, mark, this.#at);
    }
    this.#at = mark - reserved;
    this.varint(length);
    this.#at += length;
  }

  #shortAscii(text: string): boolean {
    this.#reserve(1 + SHORT_TEXT);
    const bytes = this.#bytes;
    const start = this.#at + 1;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) return false;
      bytes[start + index] = code;
    }
    bytes[this.#at] = text.length;
    this.#at = start + text.length;
    return true;
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_SIZE, this.#bytes.length * 2, this.#at + count));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

/** Values of hexadecimal digits by character code. */
const DIGITS = hexDigits();

function hexDigits(): Uint8Array {
  const values = new Uint8Array(256);
  for (const [value, digit] of [...'0123456789abcdef'].entries()) {
    values[digit.charCodeAt(0)] = value;
    values[digit.toUpperCase().charCodeAt(0)] = value;
  }
  return values;
}

function digit(code: number): number {
  return DIGITS[code] ?? 0;
}
