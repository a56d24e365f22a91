// Results that can be awaited and are not native promises, or are promises whose class gives `then` a meaning of its own: query
// builders above all. They are never triggered by us. The caller gets the same object, whose `then` is observed: the span ends
// when what the user set off has settled, and the work that it does is active inside the span.

import { types } from 'node:util';
import { activeContext, withContext } from '../context/active.js';
import type { FollowedCall } from './end/followed.js';
import { endWhenUnused } from './end/followed.js';
import { isNativeThen, replacePromiseThen, thenOf, watchPromise } from './promise.js';

type Handler = ((value: unknown) => unknown) | null | undefined;
type Then = (this: unknown, onFulfilled?: Handler, onRejected?: Handler) => unknown;

/** Whether the thenable has been set off; until then its span ends when it is lost. */
interface Use {
  forget: (() => void) | undefined;
}

/** True when the span will end with the thenable; false when `result` is not one, or must not be changed. */
export function observeThenable(call: FollowedCall, result: object): boolean {
  const then = types.isPromise(result) ? thenOf(result) : findThen(result);
  if (then === undefined) return false;
  if (types.isPromise(result) && isNativeThen(then)) return watchPromise(call, result);
  const use: Use = { forget: undefined };
  const observed = observedThen(call, result, then, use);
  if (!(types.isPromise(result) && replacePromiseThen(result, observed)) && !replaceThen(result, observed)) return false;
  use.forget = endWhenUnused(result, call.span);
  return true;
}

/** `then` where it is a plain method; a getter is not run. What a proxy answers is what an `await` would see. */
function findThen(value: object): Then | undefined {
  if (types.isProxy(value)) {
    const then = Reflect.get(value, 'then');
    return typeof then === 'function' ? then : undefined;
  }
  for (let holder: object | null = value; holder !== null; holder = Object.getPrototypeOf(holder)) {
    const property = Object.getOwnPropertyDescriptor(holder, 'then');
    if (property !== undefined) return typeof property.value === 'function' ? (property.value as Then) : undefined;
  }
  return undefined;
}

/** The first use is the call's; whoever triggers a builder a second time runs it a second time, unobserved. */
function observedThen(call: FollowedCall, thenable: object, then: Then, use: Use): Then {
  let used = false;
  return function then_(this: unknown, onFulfilled?: Handler, onRejected?: Handler): unknown {
    if (used || this !== thenable) return Reflect.apply(then, this, [onFulfilled, onRejected]);
    used = true;
    use.forget?.();
    const consumer = activeContext();
    const fulfilled = (value: unknown): unknown => {
      call.fulfil(value);
      return typeof onFulfilled === 'function' ? withContext(consumer, onFulfilled, undefined, [value]) : value;
    };
    const rejected = (error: unknown): unknown => {
      call.fail(error);
      if (typeof onRejected === 'function') return withContext(consumer, onRejected, undefined, [error]);
      throw error;
    };
    try {
      return call.inside(then, this, [fulfilled, rejected]);
    } catch (error) {
      call.fail(error);
      throw error;
    }
  };
}

/** Shadows `then` without being seen in a loop over the object. False where that cannot be. */
function replaceThen(thenable: object, then: Then): boolean {
  const own = Object.getOwnPropertyDescriptor(thenable, 'then');
  if (own !== undefined ? !own.configurable : !Object.isExtensible(thenable)) return false;
  Object.defineProperty(then, 'name', { value: 'then', configurable: true });
  const property = { value: then, writable: true, configurable: true, enumerable: own?.enumerable ?? false };
  // a proxy may take the property and answer with its own all the same
  return Reflect.defineProperty(thenable, 'then', property) && Reflect.get(thenable, 'then') === then;
}
