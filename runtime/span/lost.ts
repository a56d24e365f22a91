// Ends the spans of results that nobody used: a query builder that was only a part of another, a stream that nobody read. When
// the collector has taken such a result nothing more can happen in the call, and its span ends with the time of the return.

import type { RecordedSpan } from './recorded.js';

interface Held {
  readonly span: RecordedSpan;
  readonly returnedAt: number;
}

const lost = new FinalizationRegistry<Held>(function endLost({ span, returnedAt }) {
  span.end(returnedAt);
});

/**
 * Nothing that `span` refers to may hold `result`.
 * @returns what to call when the result is used: from then on it may be collected while its work goes on
 */
export function endWhenLost(result: object, span: RecordedSpan): () => void {
  const held = { span, returnedAt: span.nowMs() };
  lost.register(result, held, held);
  return () => {
    lost.unregister(held);
  };
}
