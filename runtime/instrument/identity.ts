// Copies the identity of a function to its replacement: name, length, own properties, the prototype that `new` and `instanceof`
// use, the kind of function that frameworks test for, and reflect-metadata.

import type { AnyFunction } from '../site/site.js';
import type { ReflectMetadata } from './metadata.js';

const NEVER_COPIED: readonly PropertyKey[] = ['prototype', 'arguments', 'caller'];

/** Makes `to` look as `from` did when it was decorated. What is put on `to` later stays there. */
export function takeIdentity(from: AnyFunction, to: AnyFunction): void {
  for (const key of Reflect.ownKeys(from)) {
    if (NEVER_COPIED.includes(key)) continue;
    const property = Object.getOwnPropertyDescriptor(from, key) as PropertyDescriptor;
    const own = Object.getOwnPropertyDescriptor(to, key);
    if (own !== undefined && own.value === property.value) continue;
    if (own === undefined || own.configurable) Object.defineProperty(to, key, property);
  }
  takePrototypes(from, to);
  takeMetadata(from, to);
}

/** Instances and generators made through either are of the same kind; AsyncFunction and its like stay recognisable. */
function takePrototypes(from: AnyFunction, to: AnyFunction): void {
  const kind = Object.getPrototypeOf(from) as object | null;
  if (Object.getPrototypeOf(to) !== kind) Object.setPrototypeOf(to, kind);
  const property = Object.getOwnPropertyDescriptor(from, 'prototype');
  if (property === undefined) return;
  const own = Object.getOwnPropertyDescriptor(to, 'prototype');
  if (own === undefined || own.writable) Object.defineProperty(to, 'prototype', property);
  const prototype = property.value as { constructor?: unknown } | undefined;
  if (prototype?.constructor !== from || !Object.hasOwn(prototype, 'constructor')) return;
  Object.defineProperty(prototype, 'constructor', { value: to, writable: true, configurable: true, enumerable: false });
}

function takeMetadata(from: AnyFunction, to: AnyFunction): void {
  const reflect = Reflect as ReflectMetadata;
  if (typeof reflect.getOwnMetadataKeys !== 'function') return;
  for (const key of reflect.getOwnMetadataKeys(from)) reflect.defineMetadata?.(key, reflect.getOwnMetadata?.(key, from), to);
}
