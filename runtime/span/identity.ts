// Trace and span ids. Random bytes come from the operating system in blocks; hexadecimal text is made by table, because ids
// are the dearest part of a span in the SDK.

import { randomFillSync } from 'node:crypto';

const BLOCK = 8192;
const block = Buffer.allocUnsafeSlow(BLOCK);
let position = BLOCK;

const HEX: readonly string[] = Array.from({ length: 65_536 }, (_, value) => value.toString(16).padStart(4, '0'));

function quads(count: number): string {
  if (position + count * 2 > BLOCK) {
    randomFillSync(block);
    position = 0;
  }
  let text = '';
  for (let end = position + count * 2; position < end; position += 2) {
    text += HEX[((block[position] as number) << 8) | (block[position + 1] as number)];
  }
  return text;
}

/** 32 lower-case hexadecimal digits, never all zero (W3C Trace Context, section 3.2.2.3). */
export function newTraceId(): string {
  const id = quads(8);
  return id === '00000000000000000000000000000000' ? newTraceId() : id;
}

/** 16 lower-case hexadecimal digits, never all zero. */
export function newSpanId(): string {
  const id = quads(4);
  return id === '0000000000000000' ? newSpanId() : id;
}

/**
 * The randomness of a trace: the last 56 bits of its id as a fraction in [0, 1) (OpenTelemetry, consistent probability
 * sampling). A trace is kept at probability p when this is at least 1 - p, so that every service decides alike.
 */
export function traceRandomness(traceId: string): number {
  return Number.parseInt(traceId.slice(18, 32), 16) / 2 ** 56;
}
