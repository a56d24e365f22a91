// Trace and span ids, and the sampling that goes by them. Random bytes come from the operating system in blocks, which are made text a piece at a
// time: an id is a slice of a piece. Pieces are small, because an id keeps the whole text of which it is a slice in memory. `ot` in
// tracestate holds the randomness that upstream gives explicitly (`rv`) and the threshold of the last decision (`th`), as
// OpenTelemetry's probability sampling defines them. Its other fields, and other vendors' members, stay.

import { randomFillSync } from 'node:crypto';
import { createTraceState, type TraceState } from '@opentelemetry/api';
import { parseInteger, round } from '../captured.js';

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
function traceRandomness(traceId: string): number {
  return parseInteger(traceId.slice(18, 32), 16) / 2 ** 56;
}

function samplingFields(state: TraceState | undefined): string[] {
  const text = state?.get('ot');
  return text === undefined ? [] : text.split(';');
}

/** Decides by the randomness that `rv` gives explicitly, else by the trace id. */
export function isWithinRatio(traceId: string, state: TraceState | undefined, ratio: number): boolean {
  const given = samplingFields(state).find((field) => /^rv:[0-9a-f]{14}$/.test(field));
  return traceRandomness(given === undefined ? traceId : given.slice(3).padStart(32, '0')) >= 1 - ratio;
}

/** The tracestate with the threshold of this decision. */
export function withThreshold(state: TraceState | undefined, ratio: number): TraceState {
  return withFields(state, samplingThreshold(ratio));
}

/** The tracestate of a trace that was kept once more, after its end: the higher threshold holds. */
export function withRaisedThreshold(state: TraceState | undefined, ratio: number): TraceState {
  const before = samplingFields(state).find((field) => field.startsWith('th:'));
  const raised = samplingThreshold(ratio);
  return state !== undefined && before !== undefined && before.slice(3).padEnd(14, '0') >= raised.padEnd(14, '0')
    ? state
    : withFields(state, raised);
}

function withFields(state: TraceState | undefined, threshold: string): TraceState {
  return (state ?? createTraceState()).set('ot', [`th:${threshold}`, ...othersThanThreshold(state)].join(';'));
}

/** The tracestate of a trace that is not kept: others still decide by its randomness, and by no threshold. */
export function withoutThreshold(state: TraceState | undefined): TraceState | undefined {
  const others = othersThanThreshold(state);
  return others.length === 0 ? state?.unset('ot') : state?.set('ot', others.join(';'));
}

const othersThanThreshold = (state: TraceState | undefined): string[] =>
  samplingFields(state).filter((field) => field !== '' && !field.startsWith('th:'));

/** The value of `ot=th:`, which says at which probability a trace was kept. */
function samplingThreshold(ratio: number): string {
  const threshold = BigInt(round((1 - ratio) * 2 ** 56));
  return threshold.toString(16).padStart(14, '0').replace(/0+$/u, '') || '0';
}
