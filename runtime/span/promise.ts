// Native promises that are not fresh from an async function: somebody else may hold them, extend them, or have a class of their
// own for them. They come back as the same object and are watched, without a microtask more.

import {
  apply,
  CapturedPromise,
  createObject,
  defineOrThrow,
  getPrototypeOf,
  hasOwn,
  isExtensible,
  isNative,
  nextTick,
  promisePrototype,
  promiseThen,
  reflectGet,
  setPrototypeOf,
} from '../captured.js';
import type { Site } from '../site/site.js';
import { notice } from '../warnings.js';
import type { FollowedCall } from './end/followed.js';
import { reportFault } from './fault.js';

type Handler = ((value: unknown) => unknown) | null | undefined;
type Then = (this: unknown, onFulfilled?: Handler, onRejected?: Handler) => unknown;

interface Watch {
  /** Our own handlers are being attached. */
  attaching: boolean;
  /** Somebody other than us has attached a handler. */
  handled: boolean;
  replacement: Then | undefined;
}

/**
 * Every way to attach a handler (`await`, `then`, `catch`, `finally`, Promise.all) reads `constructor` (ECMA-262,
 * SpeciesConstructor and PromiseResolve), so a prototype put between a promise and its class sees each. Own properties would do
 * too, but V8 then takes its slow path for all promises of the process.
 */
const watches = new WeakMap<object, Watch>();
/** The prototype to put between, by the class's own. */
const between = new WeakMap<object, object>();
/** The class's own prototype, by the one put between. */
const classOf = new WeakMap<object, object>();
const stands = new WeakSet<object>();

function standBetween(promise: object): Watch | undefined {
  const known = watches.get(promise);
  if (known !== undefined) return known;
  if (!isExtensible(promise)) return undefined;
  const prototype = getPrototypeOf(promise) as object;
  let stand = between.get(prototype);
  if (stand === undefined) {
    stand = watchingPrototype(prototype);
    between.set(prototype, stand);
    classOf.set(stand, prototype);
    stands.add(stand);
  }
  setPrototypeOf(promise, stand);
  const watch: Watch = { attaching: false, handled: false, replacement: undefined };
  watches.set(promise, watch);
  return watch;
}

function watchingPrototype(prototype: object): object {
  const stand = createObject(prototype) as object;
  defineOrThrow(stand, 'constructor', {
    configurable: true,
    get(this: object): unknown {
      try {
        const watch = watches.get(this);
        if (watch?.attaching) return CapturedPromise;
        if (watch !== undefined) watch.handled = true;
      } catch {
        // whoever attaches a handler goes on
      }
      return reflectGet(prototype, 'constructor', this);
    },
    set(this: object, value: unknown) {
      defineOrThrow(this, 'constructor', { value, writable: true, configurable: true, enumerable: true });
    },
  });
  defineOrThrow(stand, 'then', {
    configurable: true,
    writable: true,
    value: function then(this: object, onFulfilled?: Handler, onRejected?: Handler): unknown {
      return apply(thenOf(this), this, [onFulfilled, onRejected]);
    },
  });
  return stand;
}

/**
 * Ends the call when the promise settles. False for a frozen promise.
 *
 * A handler that was attached before the promise was returned cannot be seen, so a rejection that seems unhandled is never raised
 * here: the function may have handled it itself (`p.catch(() => {}); return p;`). One notice for each site reports it.
 */
export function watchPromise(call: FollowedCall, promise: Promise<unknown>): boolean {
  const watch = standBetween(promise);
  if (watch === undefined) return false;
  watch.attaching = true;
  apply(promiseThen, promise, [
    (value: unknown) => {
      try {
        call.fulfil(value);
      } catch (fault) {
        reportFault(`result of ${call.site.id}`, fault);
      }
    },
    (error: unknown) => {
      try {
        call.fail(error);
        nextTick(reportUnhandled, call.site, watch);
      } catch (fault) {
        reportFault(`result of ${call.site.id}`, fault);
      }
    },
  ]);
  watch.attaching = false;
  return true;
}

function reportUnhandled(site: Site, watch: Watch): void {
  if (watch.handled || site.reportedUnhandled) return;
  site.reportedUnhandled = true;
  notice('SPW026', `${site.id} returned it; while tracing is off, Node.js decides about it`, site.id);
}

/** What `then` means for a promise, past the prototype that we put between. */
export function thenOf(promise: object): Then {
  const replacement = watches.get(promise)?.replacement;
  if (replacement !== undefined) return replacement;
  const prototype = getPrototypeOf(promise) as object;
  return reflectGet(hasOwn(promise, 'then') ? promise : (classOf.get(prototype) ?? prototype), 'then', promise) as Then;
}

/** Whether a `then` is the engine's, in this realm or another. */
const natives = new WeakMap<object, boolean>([[promiseThen, true]]);

/** True for the `then` of promises: the engine's, or what the program put in its place for all of them. Any other starts work of its own. */
export function isThenOfPromises(then: Then): boolean {
  if (then === promisePrototype.then) return true;
  const known = natives.get(then);
  if (known !== undefined) return known;
  const native = isNative(then);
  natives.set(then, native);
  return native;
}

/** Puts `then` in the place of a promise subclass's own. False for a frozen promise, or one with a `then` as own property. */
export function replacePromiseThen(promise: object, then: Then): boolean {
  if (hasOwn(promise, 'then')) return false;
  const watch = standBetween(promise);
  if (watch !== undefined) watch.replacement = then;
  return watch !== undefined;
}
