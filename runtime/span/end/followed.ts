// Contract between a recorded call and what follows its result to the end: promises, thenables, streams, iterators, observables.

import type { Context } from '@opentelemetry/api';
import type { AnyFunction, Site } from '../../site/site.js';
import type { RecordedSpan } from '../recorded.js';

/** A recorded call whose span ends with its result. Each method ends the span at most once and never throws. */
export interface FollowedCall {
  readonly span: RecordedSpan;
  readonly site: Site;
  /** The context of the call's own work; consumers keep theirs. */
  readonly context: Context;
  succeed(value: unknown): void;
  /** The promised value arrived; with `until: 'end'` it may go on. */
  fulfil(value: unknown): void;
  fail(error: unknown): void;
  /** Runs a part of the call's work that its consumer started. */
  inside(work: AnyFunction, self: unknown, args: ArrayLike<unknown>): unknown;
}

interface Returned {
  readonly span: RecordedSpan;
  at: number;
}

const unused = new FinalizationRegistry<Returned>(function endUnused({ span, at }) {
  span.end(at);
});

/**
 * Ends the span when an unused result is collected: a query builder that was only a part of another, a stream
 * that nobody read. Nothing more can happen in the call then, and its span ends with the time of the return. Nothing that `span`
 * refers to may hold `result`.
 * @returns a function to call when the result is used: from then on it may be collected while its work goes on
 */
export function endWhenUnused(result: object, span: RecordedSpan): () => void {
  const returned = { span, at: span.nowMs() };
  unused.register(result, returned, returned);
  return () => {
    unused.unregister(returned);
  };
}

/**
 * The same for an iterator that may be left half-way: its span ends with the time of the last step.
 * @returns a function to call after each step
 */
export function endWhenLeft(iterator: object, span: RecordedSpan): () => void {
  const returned = { span, at: span.nowMs() };
  unused.register(iterator, returned);
  return () => {
    returned.at = span.nowMs();
  };
}
