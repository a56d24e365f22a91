// Results that can be awaited and are not native promises, or are promises whose class gives `then` a meaning of its own: query
// builders above all. Spanwright never runs them. The caller gets the same object, whose `then` and other ways to run it (runs.ts)
// are observed: the span ends when the caller's first use has settled, and the work that it does is active inside the span.

import { types } from 'node:util';
import type { Context } from '@opentelemetry/api';
import { apply } from '../captured.js';
import { activeContext, withContext } from '../context/active.js';
import { reportFault } from '../fault.js';
import { abandon, abandoned } from '../open/abandoned.js';
import { endWhenUnused, type FollowedCall } from './end/followed.js';
import { type FirstUse, plainMethod, replaceMethod } from './first-use.js';
import { isThenOfPromises, replacePromiseThen, type Then, thenOf, watchPromise } from './promise.js';
import { observeRuns } from './runs.js';

/** A local binding, because reading an imported one can be a call of a getter, for which a full stack has no room. */
const faulty = abandoned;

/** True when the span will end with the thenable; false when `result` is not one, or must not be changed. */
export function observeThenable(call: FollowedCall, result: object): boolean {
  const then = types.isPromise(result) ? thenOf(result) : plainMethod(result, 'then');
  if (then === undefined) return false;
  if (types.isPromise(result) && isThenOfPromises(then as Then)) return watchPromise(call, result);
  let forget: (() => void) | undefined;
  const use: FirstUse = {
    call,
    thenable: result,
    started: false,
    start() {
      this.started = true;
      forget?.();
    },
    follow: (outcome) => observeThenable(call, outcome),
  };
  const observed = observedThen(use, then as Then);
  if (!(types.isPromise(result) && replacePromiseThen(result, observed)) && !replaceMethod(result, 'then', observed))
    return false;
  forget = endWhenUnused(result, call.span);
  observeRuns(use);
  return true;
}

function observedThen(use: FirstUse, then: Then): Then {
  const { call } = use;
  return function then_(this, onFulfilled, onRejected, ...more): unknown {
    let consumer: Context;
    try {
      if (use.started || this !== use.thenable) return apply(then, this, [onFulfilled, onRejected, ...more]);
      use.start();
      consumer = activeContext();
    } catch (fault) {
      call.span.isAbandoned = true;
      faulty.any = true;
      reportFault(`use of the result of ${call.site.id}`, fault);
      return apply(then, this, [onFulfilled, onRejected, ...more]);
    }
    const fulfilled = (value: unknown): unknown => {
      try {
        call.fulfil(value);
      } catch (fault) {
        abandon(call.span, `result of ${call.site.id}`, fault);
      }
      return typeof onFulfilled === 'function' ? withContext(consumer, onFulfilled, undefined, [value]) : value;
    };
    const rejected = (error: unknown): unknown => {
      try {
        call.fail(error);
      } catch (fault) {
        abandon(call.span, `result of ${call.site.id}`, fault);
      }
      if (typeof onRejected === 'function') return withContext(consumer, onRejected, undefined, [error]);
      throw error;
    };
    try {
      return call.inside(then, this, [fulfilled, rejected, ...more]);
    } catch (error) {
      try {
        call.fail(error);
      } catch {
        // nothing is called here, because the stack is full
        call.span.isAbandoned = true;
        faulty.any = true;
      }
      throw error;
    }
  };
}
