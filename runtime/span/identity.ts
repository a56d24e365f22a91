// Trace and span ids. Random bytes come from the operating system in blocks, which are made text a piece at a time: an id is a
// slice of a piece. Pieces are small, because an id keeps the whole text of which it is a slice in memory.

import { randomFillSync } from 'node:crypto';
import { parseInteger } from '../captured.js';

const PIECE = 512;
const block = Buffer.allocUnsafeSlow(PIECE * 32);
let used = block.length;
let text = '';
let position = 0;

function digits(count: number): string {
  if (position + count > text.length) {
    if (used === block.length) {
      randomFillSync(block);
      used = 0;
    }
    text = block.toString('hex', used, used + PIECE);
    used += PIECE;
    position = 0;
  }
  position += count;
  return text.slice(position - count, position);
}

/** 32 lower-case hexadecimal digits, never all zero (W3C Trace Context, section 3.2.2.3). */
export function newTraceId(): string {
  const id = digits(32);
  return id === '00000000000000000000000000000000' ? newTraceId() : id;
}

/** 16 lower-case hexadecimal digits, never all zero. */
export function newSpanId(): string {
  const id = digits(16);
  return id === '0000000000000000' ? newSpanId() : id;
}

/**
 * The randomness of a trace: the last 56 bits of its id as a fraction in [0, 1) (OpenTelemetry, consistent probability
 * sampling). A trace is kept at probability p when this is at least 1 - p, so that every service decides alike.
 */
export function traceRandomness(traceId: string): number {
  return parseInteger(traceId.slice(18, 32), 16) / 2 ** 56;
}
