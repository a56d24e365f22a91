// Native promises as results. A plain one is replaced by its successor; one that is more than plain (a subclass, properties of
// its own) stays the same object and is watched, without taking the "unhandled rejection" from whoever forgot to handle it.

import { types } from 'node:util';
import type { RecordedCall } from './call.js';

type Handler = ((value: unknown) => unknown) | null | undefined;
type Then = (this: unknown, onFulfilled?: Handler, onRejected?: Handler) => unknown;

/** Prototypes of Promise, of this realm and others, by whether they are untouched. */
const plain = new WeakMap<object, boolean>([[Promise.prototype, true]]);

/** A native promise, of any realm, that nobody has extended. */
export function isPlainPromise(value: object): boolean {
  return hasPlainPrototype(value) && Reflect.ownKeys(value).every(isOfNode);
}

/** Node 20 and 22 note the async context on each promise by symbols of their own; nobody's program has put them there. */
const OF_NODE = new Set(['async_id_symbol', 'trigger_async_id_symbol', 'kResourceStore', 'destroyed']);

function isOfNode(key: string | symbol): boolean {
  return typeof key === 'symbol' && OF_NODE.has(key.description ?? '');
}

/** As isPlainPromise(), for the promise of an async function, which is fresh and has no properties. */
export function hasPlainPrototype(value: object): boolean {
  if (!types.isPromise(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Promise.prototype || (prototype !== null && isIntrinsic(prototype));
}

function isIntrinsic(prototype: object): boolean {
  let answer = plain.get(prototype);
  if (answer === undefined) {
    const then = Object.getOwnPropertyDescriptor(prototype, 'then')?.value;
    answer = typeof then === 'function' && /\{\s*\[native code\]\s*\}$/u.test(Function.prototype.toString.call(then));
    plain.set(prototype, answer);
  }
  return answer;
}

/** True when a promise's own class does not say otherwise what `then` means. */
export function hasNativeThen(promise: object): boolean {
  for (let holder: object | null = promise; holder !== null; holder = Object.getPrototypeOf(holder)) {
    if (stands.has(holder)) continue;
    if (Object.hasOwn(holder, 'then')) return holder !== promise && isIntrinsic(holder);
  }
  return false;
}

interface Watch {
  /** Our own handlers are being attached. */
  attaching: boolean;
  /** Somebody other than us has attached a handler. */
  handled: boolean;
  raised: boolean;
  replacement: Then | undefined;
}

/**
 * Every way to attach a handler (`await`, `then`, `catch`, `finally`, Promise.all) reads `constructor` (ECMA-262,
 * SpeciesConstructor and PromiseResolve), so a prototype put between a promise and its class sees each. Own properties would do
 * too, but V8 then takes its slow path for all promises of the process.
 */
const watches = new WeakMap<object, Watch>();
const between = new WeakMap<object, object>();
const stands = new WeakSet<object>();

function standBetween(promise: object): Watch | undefined {
  const known = watches.get(promise);
  if (known !== undefined) return known;
  if (!Object.isExtensible(promise)) return undefined;
  const prototype = Object.getPrototypeOf(promise) as object;
  let stand = between.get(prototype);
  if (stand === undefined) {
    stand = watchingPrototype(prototype);
    between.set(prototype, stand);
    stands.add(stand);
  }
  Object.setPrototypeOf(promise, stand);
  const watch: Watch = { attaching: false, handled: false, raised: false, replacement: undefined };
  watches.set(promise, watch);
  return watch;
}

function watchingPrototype(prototype: object): object {
  const stand = Object.create(prototype) as object;
  Object.defineProperty(stand, 'constructor', {
    configurable: true,
    get(this: object): unknown {
      const watch = watches.get(this);
      if (watch?.attaching) return Promise;
      if (watch !== undefined) watch.handled = true;
      return Reflect.get(prototype, 'constructor', this);
    },
    set(this: object, value: unknown) {
      Object.defineProperty(this, 'constructor', { value, writable: true, configurable: true, enumerable: true });
    },
  });
  Object.defineProperty(stand, 'then', {
    configurable: true,
    writable: true,
    value: function then(this: object, onFulfilled?: Handler, onRejected?: Handler): unknown {
      const own = watches.get(this)?.replacement ?? (Reflect.get(prototype, 'then', this) as Then);
      return Reflect.apply(own, this, [onFulfilled, onRejected]);
    },
  });
  return stand;
}

/**
 * Ends the call when the promise settles. A rejection that nobody has handled when the microtasks have run is raised again, as
 * node would have; the `promise` that its listeners are given is then another one. False for a frozen promise.
 */
export function watchPromise(call: RecordedCall, promise: Promise<unknown>): boolean {
  const watch = standBetween(promise);
  if (watch === undefined) return false;
  watch.attaching = true;
  Promise.prototype.then.call(
    promise,
    (value: unknown) => call.succeed(value),
    (error: unknown) => {
      call.fail(error);
      process.nextTick(function raiseUnhandled() {
        if (watch.handled || watch.raised) return;
        watch.raised = true;
        void Promise.reject(error);
      });
    },
  );
  watch.attaching = false;
  return true;
}

/** Puts `then` in the place of a promise subclass's own. False for a frozen promise, or one with a `then` as own property. */
export function replacePromiseThen(promise: object, then: Then): boolean {
  if (Object.hasOwn(promise, 'then')) return false;
  const watch = standBetween(promise);
  if (watch !== undefined) watch.replacement = then;
  return watch !== undefined;
}
