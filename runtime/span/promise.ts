// Native promises that no async function has just created: other code may hold or extend them, or they have a class of their own. The caller
// gets the same object, which is watched without another microtask.

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
import { abandon } from '../open/abandoned.js';
import type { Site } from '../site/site.js';
import { notice } from '../warnings.js';
import type { FollowedCall } from './end/followed.js';

type Handler = ((value: unknown) => unknown) | null | undefined;
/** `more`: a handler of progress, as the promises of Q, jQuery and when.js take it. */
export type Then = (this: unknown, onFulfilled?: Handler, onRejected?: Handler, ...more: unknown[]) => unknown;

interface Watch {
  /** Spanwright's handlers are being attached. */
  attaching: boolean;
  /** A handler other than Spanwright's has been attached. */
  handled: boolean;
  replacement: Then | undefined;
}

/**
 * Every way to attach a handler (`await`, `then`, `catch`, `finally`, Promise.all) reads `constructor` (ECMA-262,
 * SpeciesConstructor and PromiseResolve), so a prototype inserted between a promise and its class sees each. Own properties would do
 * too, but V8 then takes its slow path for all promises of the process.
 */
const watches = new WeakMap<object, Watch>();
/** The inserted prototype, by that of the class. */
const inserted = new WeakMap<object, object>();
/** The prototype of the class, by the inserted one. */
const prototypeOfClass = new WeakMap<object, object>();

/** Inserts the watching prototype, once. Undefined for a frozen promise. */
function insertPrototype(promise: object): Watch | undefined {
  const known = watches.get(promise);
  if (known !== undefined) return known;
  if (!isExtensible(promise)) return undefined;
  const prototype = getPrototypeOf(promise) as object;
  let watching = inserted.get(prototype);
  if (watching === undefined) {
    watching = watchingPrototype(prototype);
    inserted.set(prototype, watching);
    prototypeOfClass.set(watching, prototype);
  }
  setPrototypeOf(promise, watching);
  const watch: Watch = { attaching: false, handled: false, replacement: undefined };
  watches.set(promise, watch);
  return watch;
}

function watchingPrototype(prototype: object): object {
  const watching = createObject(prototype) as object;
  defineOrThrow(watching, 'constructor', {
    configurable: true,
    get(this: object): unknown {
      try {
        const watch = watches.get(this);
        if (watch?.attaching) return CapturedPromise;
        if (watch !== undefined) watch.handled = true;
      } catch {
        // the program attaches its handler all the same
      }
      return reflectGet(prototype, 'constructor', this);
    },
    set(this: object, value: unknown) {
      defineOrThrow(this, 'constructor', { value, writable: true, configurable: true, enumerable: true });
    },
  });
  defineOrThrow(watching, 'then', {
    configurable: true,
    writable: true,
    value: function then(this: object, _onFulfilled?: Handler, _onRejected?: Handler): unknown {
      // biome-ignore lint/complexity/noArguments: as many as were given, and the length of the class's own then()
      return apply(thenOf(this), this, arguments);
    },
  });
  return watching;
}

/**
 * Ends the call when the promise settles. False for a frozen promise.
 *
 * A handler that was attached before the promise was returned cannot be seen, so a rejection that seems unhandled is never raised
 * here: the function may have handled it itself (`p.catch(() => {}); return p;`). One notice for each site reports it.
 */
export function watchPromise(call: FollowedCall, promise: Promise<unknown>): boolean {
  const watch = insertPrototype(promise);
  if (watch === undefined) return false;
  call.span.awaited = promise;
  watch.attaching = true;
  apply(promiseThen, promise, [
    (value: unknown) => {
      try {
        call.fulfil(value);
      } catch (fault) {
        abandon(call.span, `result of ${call.site.id}`, fault);
      }
    },
    (error: unknown) => {
      try {
        call.fail(error);
        nextTick(reportUnhandled, call.site, watch);
      } catch (fault) {
        abandon(call.span, `result of ${call.site.id}`, fault);
      }
    },
  ]);
  watch.attaching = false;
  return true;
}

function reportUnhandled(site: Site, watch: Watch): void {
  if (watch.handled || site.reportedUnhandled) return;
  site.reportedUnhandled = true;
  notice('SPW026', `${site.id} returned the promise; while tracing is off, Node.js reports the rejection`, site.id);
}

/** The `then` of a promise's own class, past the inserted prototype. */
export function thenOf(promise: object): Then {
  const replacement = watches.get(promise)?.replacement;
  if (replacement !== undefined) return replacement;
  const prototype = getPrototypeOf(promise) as object;
  return reflectGet(hasOwn(promise, 'then') ? promise : (prototypeOfClass.get(prototype) ?? prototype), 'then', promise) as Then;
}

/** True for a `then` of the engine, in this realm or another. */
const natives = new WeakMap<object, boolean>([[promiseThen, true]]);

/** True for the `then` of promises: the engine's, or a replacement by the program for all of them. Any other may start work. */
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
  const watch = insertPrototype(promise);
  if (watch !== undefined) watch.replacement = then;
  return watch !== undefined;
}
