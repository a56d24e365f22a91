// Reader of protobuf's wire format, as much as OTLP needs. Called by decode.ts. Reads in place, copies nothing but strings, and never
// reads beyond the end of its message. Every record that the decoder creates is charged to a budget, so that a small request cannot
// expand into a gigabyte of objects: an empty span takes two bytes on the wire and several hundred in memory.

/** The bytes are not a valid message, or hold more records than a receiver accepts. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** Number of records that one request may still create. */
export class Budget {
  constructor(
    private left: number,
    readonly most = left,
  ) {}

  spend(): void {
    this.left -= 1;
    if (this.left < 0) throw new WireError(`the request holds more than ${this.most} spans, attributes, events and links`);
  }
}

/** One field of a message: its number and its wire type. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

export class WireReader {
  #at: number;
  readonly #end: number;
  /** Number of the field that {@link next} found. */
  field = 0;
  #type = VARINT;

  constructor(
    readonly bytes: Buffer,
    start = 0,
    end = bytes.length,
  ) {
    this.#at = start;
    this.#end = end;
  }

  /** Moves to the next field; false at the end of the message. */
  next(): boolean {
    if (this.#at >= this.#end) return false;
    const tag = this.#small();
    this.field = tag >>> 3;
    this.#type = tag & 7;
    if (this.field === 0) throw new WireError('a field has the number 0');
    return true;
  }

  skip(): void {
    if (this.#type === VARINT) this.varint();
    else if (this.#type === FIXED64) this.#take(8);
    else if (this.#type === FIXED32) this.#take(4);
    else if (this.#type === LENGTH) this.#take(this.#small());
    else throw new WireError(`wire type ${this.#type} is not supported`);
  }

  message(): WireReader {
    const [start, end] = this.#slice();
    return new WireReader(this.bytes, start, end);
  }

  string(): string {
    const [start, end] = this.#slice();
    return this.bytes.toString('utf8', start, end);
  }

  /** Bytes in hexadecimal or base64. */
  encoded(encoding: 'hex' | 'base64'): string {
    const [start, end] = this.#slice();
    return this.bytes.toString(encoding, start, end);
  }

  /** An unsigned number of 64 bits. */
  varint(): bigint {
    if (this.#type !== VARINT) throw new WireError(`field ${this.field} has wire type ${this.#type}, expected a number`);
    const start = this.#at;
    let low = 0;
    // Up to 28 bits fit a JavaScript integer shift; longer ones are rare.
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt(low);
    }
    this.#at = start;
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new WireError('a number is longer than 64 bits');
  }

  uint32(): number {
    return Number(BigInt.asUintN(32, this.varint()));
  }

  fixed64(): string {
    return this.bytes.readBigUInt64LE(this.#fixed(FIXED64, 8)).toString();
  }

  fixed32(): number {
    return this.bytes.readUInt32LE(this.#fixed(FIXED32, 4));
  }

  double(): number {
    return this.bytes.readDoubleLE(this.#fixed(FIXED64, 8));
  }

  #fixed(type: number, size: number): number {
    if (this.#type !== type) throw new WireError(`field ${this.field} has wire type ${this.#type}, expected ${type}`);
    return this.#take(size);
  }

  #slice(): [start: number, end: number] {
    if (this.#type !== LENGTH) throw new WireError(`field ${this.field} has wire type ${this.#type}, expected bytes`);
    const size = this.#small();
    const start = this.#take(size);
    return [start, start + size];
  }

  /** Skips `size` bytes and returns where they start. */
  #take(size: number): number {
    const start = this.#at;
    if (size > this.#end - start) throw new WireError('a field is longer than its message');
    this.#at = start + size;
    return start;
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new WireError('the message ends within a number');
    return this.bytes[this.#at++] as number;
  }

  /** A tag or a length, of at most 32 bits. */
  #small(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 35; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (value >= 2 ** 32) break;
        return value;
      }
    }
    throw new WireError('a tag or length is longer than 32 bits');
  }
}
