// Results that can be awaited but are not plain promises: subclasses, promises with properties of their own or of another realm,
// and lazy thenables such as query builders. The caller gets the same object. A promise is watched from the side; a lazy thenable
// is never triggered by us: its own `then` is observed, so that the span ends when the user's await does.

import { types } from 'node:util';
import type { Site } from '../site/site.js';
import { fail, succeed } from './outcome.js';
import type { RecordedSpan } from './recorded.js';

type Then = (this: unknown, onFulfilled?: unknown, onRejected?: unknown) => unknown;

/** True when the span will end with the thenable; false when `result` is not one. */
export function observeThenable(span: RecordedSpan, site: Site, self: unknown, result: object): boolean {
  if (types.isProxy(result)) return false;
  if (types.isPromise(result)) {
    watchPromise(span, site, self, result);
    return true;
  }
  const then = findThen(result);
  return then !== undefined && observeThen(span, site, self, result, then);
}

/** The original's handlers are those of the native `then`, so that an overridden `then` is not run for us. */
function watchPromise(span: RecordedSpan, site: Site, self: unknown, promise: Promise<unknown>): void {
  // A handler of ours marks the promise as handled. So that a rejection that nobody else handles still surfaces, the
  // promise's own `then` notes whether somebody did; where nobody has by the time of the rejection, it is raised again.
  const seen = { handled: false };
  noteHandlers(promise, seen);
  Promise.prototype.then.call(
    promise,
    (value: unknown) => succeed(span, site, self, value),
    (error: unknown) => {
      fail(span, site, error);
      if (!seen.handled) void Promise.reject(error);
    },
  );
}

function noteHandlers(promise: Promise<unknown>, seen: { handled: boolean }): void {
  const own = Object.getOwnPropertyDescriptor(promise, 'then');
  if ((own !== undefined && !own.configurable) || !Object.isExtensible(promise)) {
    seen.handled = true;
    return;
  }
  const then = (promise as { then: Then }).then;
  // `await` of a promise whose constructor is the native one does not call its `then`; then nothing can be noted
  if (promise.constructor === Promise) seen.handled = true;
  else
    replaceThen(promise, function noted(this: unknown, onFulfilled, onRejected) {
      if (this === promise) seen.handled = true;
      return Reflect.apply(then, this, [onFulfilled, onRejected]);
    });
}

/** Own or inherited `then` as a plain method; a getter is not run. */
function findThen(value: object): Then | undefined {
  for (let holder: object | null = value; holder !== null; holder = Object.getPrototypeOf(holder)) {
    const property = Object.getOwnPropertyDescriptor(holder, 'then');
    if (property !== undefined) return typeof property.value === 'function' ? (property.value as Then) : undefined;
  }
  return undefined;
}

function observeThen(span: RecordedSpan, site: Site, self: unknown, thenable: object, then: Then): boolean {
  let observed = false;
  return replaceThen(thenable, function observedThen(this: unknown, onFulfilled, onRejected) {
    if (observed || this !== thenable) return Reflect.apply(then, this, [onFulfilled, onRejected]);
    observed = true;
    const fulfilled = (value: unknown) => {
      succeed(span, site, self, value);
      return typeof onFulfilled === 'function' ? onFulfilled(value) : value;
    };
    const rejected = (error: unknown) => {
      fail(span, site, error);
      if (typeof onRejected === 'function') return onRejected(error);
      throw error;
    };
    return Reflect.apply(then, this, [fulfilled, rejected]);
  });
}

/** Shadows `then` without being seen in a loop over the object. False for a frozen or sealed one. */
function replaceThen(thenable: object, then: Then): boolean {
  const own = Object.getOwnPropertyDescriptor(thenable, 'then');
  if (own !== undefined ? !own.configurable : !Object.isExtensible(thenable)) return false;
  Object.defineProperty(thenable, 'then', {
    value: then,
    writable: true,
    configurable: true,
    enumerable: own?.enumerable ?? false,
  });
  return true;
}
