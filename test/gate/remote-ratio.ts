// Remote traces that a ratio of one half decides by the randomness of their tracestate (`rv`), else of their id. For set-ups of both kinds.

import { withRemoteContext } from '../../runtime/index.js';

const traceparent = (last: string): string => `00-${'1f'.repeat(9)}${last.repeat(14)}-${'2e'.repeat(8)}-03`;

/** Makes a call below each. @param call records at the ratio 0.5 */
export async function callBelowRemoteTraces(call: () => unknown): Promise<void> {
  for (const [last, ot] of [
    ['0', 'rv:ffffffffffffff;th:c;x:1'],
    ['f', 'rv:00000000000000;th:c'],
    ['f', 'rv:short'],
    ['0', 'x:1'],
  ] as const)
    await withRemoteContext({ traceparent: traceparent(last), tracestate: `a=1,ot=${ot},b=2` }, call);
}

/** `tracestate` of the kept traces: the threshold is that of this decision, other fields stay. */
export const KEPT_TRACESTATES = ['ot=th:8;rv:ffffffffffffff;x:1,a=1,b=2', 'ot=th:8;rv:short,a=1,b=2'];

/** A remote trace that the ratio 0.5 drops, because of its `rv`. */
export const DROPPED = { traceparent: traceparent('f'), tracestate: 'a=1,ot=rv:00000000000000;th:c' };
/**
 * Context that is propagated from there: the randomness and other vendors' members. A threshold is missing, because only a kept trace has
 * one.
 */
export const PASSED_ON = { traceparent: `${DROPPED.traceparent.slice(0, -2)}02`, tracestate: 'ot=rv:00000000000000,a=1' };
