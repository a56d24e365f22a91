// Trace and span ids, and the sampling that goes by them. Random bytes come from the operating system in blocks, which are made text a piece at a
// time: an id is a slice of a piece. Pieces are small, because an id keeps the whole text of which it is a slice in memory. `ot` in
// tracestate holds the randomness that upstream gives explicitly (`rv`) and the threshold of the last decision (`th`), as
// OpenTelemetry's probability sampling defines them. Its other fields, and other vendors' members, stay.

import { randomFillSync } from 'node:crypto';
import { createTraceState, type TraceState } from '@opentelemetry/api';
import { round } from '../captured.js';

/** Of the randomness: 56 bits. */
const DIGITS = 14;
/** Sets the case of a letter, and changes no digit. */
const LOWER_CASE = 0x20;
const MOST_THRESHOLDS = 100;
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

function samplingFields(state: TraceState | undefined): string[] {
  const text = state?.get('ot');
  return text === undefined ? [] : text.split(';');
}

/**
 * The randomness of a trace is the number that the last 56 bits of its id are, or that `rv` gives explicitly (OpenTelemetry, consistent
 * probability sampling). A trace is kept at a ratio when this is at least the ratio's threshold, so that every service decides alike.
 */
export function isWithinRatio(traceId: string, state: TraceState | undefined, ratio: number): boolean {
  const { digits } = thresholdOf(ratio);
  const given = state && samplingFields(state).find((field) => /^rv:[0-9a-f]{14}$/.test(field));
  return given === undefined ? isAtLeast(traceId, 18, digits) : isAtLeast(given, 3, digits);
}

/** Compares digits of either case, from `start` on, with those of a threshold. */
function isAtLeast(text: string, start: number, threshold: string): boolean {
  if (threshold.length > DIGITS) return false;
  for (let at = 0; at < DIGITS; at++) {
    const digit = text.charCodeAt(start + at) | LOWER_CASE;
    const least = threshold.charCodeAt(at);
    if (digit !== least) return digit > least;
  }
  return true;
}

/** The tracestate with the threshold of this decision. */
export function withThreshold(state: TraceState | undefined, ratio: number): TraceState {
  const { text, alone } = thresholdOf(ratio);
  return state === undefined ? alone : withFields(state, text);
}

/** The tracestate of a trace that was kept once more, after its end: the higher threshold holds. */
export function withRaisedThreshold(state: TraceState | undefined, ratio: number): TraceState {
  const before = samplingFields(state).find((field) => field.startsWith('th:'));
  const raised = thresholdOf(ratio).text;
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

interface Threshold {
  /** Hexadecimal, 14 of them; 15 for a ratio so small that nothing is kept. */
  readonly digits: string;
  /** The value of `ot=th:`, which says at which probability a trace was kept. */
  readonly text: string;
  /** Tracestate of a trace that starts here. */
  readonly alone: TraceState;
}

/** By ratio: rules have few, and changes while the service runs may bring others. */
const thresholds = new Map<number, Threshold>();

function thresholdOf(ratio: number): Threshold {
  const known = thresholds.get(ratio);
  if (known !== undefined) return known;
  const digits = BigInt(round((1 - ratio) * 2 ** 56))
    .toString(16)
    .padStart(DIGITS, '0');
  const text = digits.replace(/0+$/u, '') || '0';
  const threshold = { digits, text, alone: withFields(undefined, text) };
  if (thresholds.size >= MOST_THRESHOLDS) thresholds.clear();
  thresholds.set(ratio, threshold);
  return threshold;
}
