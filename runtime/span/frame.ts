// A recorded call on the stack, and the call of its body.

import { apply } from '../captured.js';
import type { RunOnce } from '../context/active.js';
import type { AnyFunction } from '../site/site.js';
import type { RecordedSpan } from './recorded.js';

/** Outcome of a body. A plain number, so that setting it cannot fail when the stack is full. */
export const OUTCOMES = { NOT_RUN: 0, RETURNED: 1, THREW: 2 } as const;
const { NOT_RUN, RETURNED, THREW } = OUTCOMES;

/** Frames are reused by depth: a synchronous call allocates none. */
export class Frame implements RunOnce {
  span: RecordedSpan | undefined = undefined;
  outcome: (typeof OUTCOMES)[keyof typeof OUTCOMES] = NOT_RUN;
  /** The body's result, or what it threw. */
  value: unknown = undefined;
  /** The call for a context manager of the application, which is given `run`; recordCall() sets and clears it. */
  isRun = true;
  body: AnyFunction | undefined = undefined;
  self: unknown = undefined;
  args: ArrayLike<unknown> | undefined = undefined;

  readonly run = (): unknown => {
    if (this.isRun) return this.value;
    this.isRun = true;
    return callBody(this, this.body as AnyFunction, this.self, this.args as ArrayLike<unknown>);
  };
}

/**
 * The last function before the body. Stores the outcome first, so that no later fault can change it. An error is noted and not thrown
 * again: V8 describes the place of each throw, which takes longer than a span.
 */
export function callBody(frame: Frame, body: AnyFunction, self: unknown, args: ArrayLike<unknown>): unknown {
  try {
    frame.value = apply(body, self, args);
    frame.outcome = RETURNED;
  } catch (error) {
    frame.value = error;
    frame.outcome = THREW;
  }
  return frame.value;
}
