// Properties of a function that are visible at run time, for code that no transformer has described.

import type { AnyFunction, Shape } from '../site/site.js';

const SHAPES: Record<string, Shape> = {
  AsyncFunction: 'async',
  GeneratorFunction: 'generator',
  AsyncGeneratorFunction: 'async generator',
};

/** Shape by the function's own kind. A plain function may return a promise, so it is `unknown`, never `sync`. */
export function shapeOfFunction(body: AnyFunction): Shape {
  const tag = (Object.getPrototypeOf(body) as { [Symbol.toStringTag]?: unknown } | null)?.[Symbol.toStringTag];
  return SHAPES[typeof tag === 'string' ? tag : ''] ?? 'unknown';
}

/** True for a plain `function`, which may be called with `new`. */
export function isConstructible(body: AnyFunction): boolean {
  return Object.hasOwn(body, 'prototype') && shapeOfFunction(body) === 'unknown';
}

/** The property key of a member. A numeric name, also one from an enum, is a string there. */
export function ownKey(written: string | symbol | number): string | symbol {
  return typeof written === 'number' ? String(written) : written;
}

/** Text of a property key: the key itself, or for a symbol its description in brackets. */
export function nameText(key: string | symbol): string {
  return typeof key === 'symbol' ? `[${key.description ?? ''}]` : key;
}

/**
 * True for a class, a Proxy of one, and a constructor function that has the prototype of a class; distinguishes `@instrument class X` from
 * `instrument(fn)`. The prototype of a class cannot be assigned, that of a plain function can.
 */
export function isClass(value: AnyFunction): boolean {
  const own = Object.getOwnPropertyDescriptor(value, 'prototype');
  if (own === undefined || shapeOfFunction(value) !== 'unknown') return false;
  if (!own.writable) return true;
  const original: unknown = own.value?.constructor;
  return (
    typeof original === 'function' &&
    original !== value &&
    Object.getOwnPropertyDescriptor(original, 'prototype')?.writable === false
  );
}

/** The name of the class that `target` is, or is the prototype or an instance of. */
export function ownerName(target: unknown): string | undefined {
  if (typeof target === 'function') return target.name || undefined;
  const made = typeof target === 'object' && target !== null ? (target as { constructor?: unknown }).constructor : undefined;
  return typeof made === 'function' ? made.name || undefined : undefined;
}
