// Runs a callback of the user's (`attributes`, `result`, `parent`, `links`, `expectedErrors`): what it throws is told and goes no
// further, and what it calls is not recorded. A callback that asks an instrumented method of the same object for a value would
// otherwise call itself, by way of that method's own callback, until the stack ends.

import type { AnyFunction, Site } from '../site/site.js';
import { tellFault } from './recorder.js';

/** True while a callback runs: calls made now are transparent. */
export let calling = false;

/** What the callback returned, or undefined when it threw. @param option its name, for the line that tells of a fault */
export function callback(option: string, site: Site, work: AnyFunction, self: unknown, args: ArrayLike<unknown>): unknown {
  const before = calling;
  calling = true;
  try {
    return Reflect.apply(work, self, args);
  } catch (error) {
    tellFault(`${option} of ${site.id}`, error);
    return undefined;
  } finally {
    calling = before;
  }
}
