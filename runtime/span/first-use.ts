// First use of a lazy thenable, shared by all methods that can run it, and the replacement of those methods on the object.

import { defineProperty, getOwnPropertyDescriptor, getPrototypeOf, isExtensible } from '../captured.js';
import type { FollowedCall } from './end/followed.js';

/** The first use of a thenable is the call's; a caller that runs it again does so unobserved. */
export interface FirstUse {
  readonly call: FollowedCall;
  readonly thenable: object;
  started: boolean;
  /** Notes that the use has started; until then the span ends when the thenable is collected. */
  start(): void;
  /** Ends the call with what a run returned: a promise, or a thenable of its own. False for any other value. */
  follow(result: object): boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: a method of any signature
type Method = (this: any, ...args: any[]) => unknown;

/** The method of that name where it is a plain property; a getter is not run. */
export function plainMethod(value: object, name: PropertyKey): Method | undefined {
  for (let holder: object | null = value; holder !== null; holder = getPrototypeOf(holder)) {
    const property = getOwnPropertyDescriptor(holder, name);
    if (property !== undefined) return typeof property.value === 'function' ? (property.value as Method) : undefined;
  }
  return undefined;
}

/** Shadows a method without being seen in a loop over the object. False where that cannot be. */
export function replaceMethod(holder: object, name: PropertyKey, method: Method): boolean {
  const own = getOwnPropertyDescriptor(holder, name);
  if (own !== undefined ? !own.configurable : !isExtensible(holder)) return false;
  defineProperty(method, 'name', { value: typeof name === 'symbol' ? `[${name.description}]` : name });
  const property = { value: method, writable: true, configurable: true, enumerable: own?.enumerable ?? false };
  return defineProperty(holder, name, property);
}
