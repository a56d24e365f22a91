// Clocks, timers and intrinsics of the runtime, captured when the package is loaded. Fake timers (sinon, Jest, Vitest), deleted
// globals and patched intrinsics that come later change neither what is recorded nor when it is sent. Everything on the path of
// a call, and every timer of the runtime, is taken from here. Arguments and results are those of the originals.

const { performance } = globalThis;

/** Monotonic milliseconds, a float. */
export const now: () => number = performance.now.bind(performance);
/** Milliseconds since the epoch, an integer. */
export const wallClock: () => number = Date.now;
export const CapturedDate: DateConstructor = Date;

export const { apply, construct, defineProperty, get: reflectGet } = Reflect;
export const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate, queueMicrotask } = globalThis;
export const nextTick: typeof process.nextTick = process.nextTick.bind(process);
/** The `then` of Promise; called with `apply`, because the property of the prototype may be replaced. */
export const promiseThen = Promise.prototype.then;

/** Lets the process end although the timer is pending. Accepts the numbers that browsers and jsdom return. */
export function unref<Timer>(timer: Timer): Timer {
  (timer as { unref?: () => void } | null)?.unref?.();
  return timer;
}
