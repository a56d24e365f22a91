// Clocks, timers and intrinsics of the runtime, captured when the package is loaded. Fake timers (sinon, Jest, Vitest), deleted
// globals and patched intrinsics that come later change neither what is recorded nor when it is sent. Everything on the path of
// a call, and every timer of the runtime, is taken from here. Arguments and results are those of the originals.
//
// Timers and the monotonic clock come from Node.js's modules: Jest may have put fakes in the place of the globals before any module
// is loaded (`fakeTimers.enableGlobally`), and those of jsdom end with their window.

import { performance } from 'node:perf_hooks';
import { guarded } from './fault.js';

// a namespace import would be a copy in the built file
const timers: typeof import('node:timers') = require('node:timers');

export const { apply, construct, defineProperty, get: reflectGet } = Reflect;
const { toString: functionToString } = Function.prototype;

/** True for a function of the engine; those that `bind` returned have no name. */
export function isNative(method: object): boolean {
  return /^function \w+\(\) \{\s*\[native code\]\s*\}$/u.test(apply(functionToString, method, []));
}

/** Monotonic milliseconds, a float. */
export const now: () => number = performance.now.bind(performance);
/** Milliseconds since the epoch. From the monotonic clock where `Date` is a fake already. */
export const wallClock: () => number = isNative(Date.now) ? Date.now : () => performance.timeOrigin + now();
export const CapturedDate: DateConstructor = Date;
export const CapturedPromise: PromiseConstructor = Promise;
export const CapturedWeakRef: WeakRefConstructor = WeakRef;

export const { create: createObject, freeze, is: isSame, keys: keysOf, hasOwn } = Object;
export const { getOwnPropertyDescriptor, getPrototypeOf, isExtensible, isFrozen, setPrototypeOf } = Object;
/** Throws where `defineProperty` returns false. */
export const { defineProperty: defineOrThrow } = Object;
export const { isArray } = Array;

/** The first elements of an array, at most `most`; undefined for accessors and holes. Runs no code of the array's class. */
export function ownElements(list: readonly unknown[], most: number): unknown[] {
  const elements: unknown[] = [];
  for (let at = 0; at < list.length && at < most; at++) elements[at] = getOwnPropertyDescriptor(list, at)?.value;
  return elements;
}
export const { floor, max, min, round } = Math;
export const { getTime } = Date.prototype;
export const { clearTimeout, clearInterval } = timers;
const { setTimeout: after, setInterval: every, setImmediate: soon } = timers;
/** Timers of the runtime: a fault in one is logged and ends no process. */
export const setTimeout = (run: () => void, ms: number): NodeJS.Timeout => after(guarded('a timer', run), ms);
export const setInterval = (run: () => void, ms: number): NodeJS.Timeout => every(guarded('a timer', run), ms);
export const setImmediate = (run: () => void): NodeJS.Immediate => soon(guarded('a timer', run));
export const nextTick: typeof process.nextTick = process.nextTick.bind(process);
export const promisePrototype = Promise.prototype;
/** The `then` of Promise; called with `apply`, because the property of the prototype may be replaced. */
export const promiseThen = Promise.prototype.then;

/** Lets the process end although the timer is pending. Accepts the numbers that browsers and jsdom return. */
export function unref<Timer>(timer: Timer): Timer {
  (timer as { unref?: () => void } | null)?.unref?.();
  return timer;
}
