// `ot` in tracestate: the randomness that upstream gives explicitly (`rv`), and the threshold of the last decision (`th`), as
// OpenTelemetry's probability sampling defines them. Other fields, and other vendors' members, stay.

import { createTraceState, type TraceState } from '@opentelemetry/api';
import { round } from '../captured.js';
import { traceRandomness } from './identity.js';

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
