// Places inside a plain document, for carriers that keep ids at a path: read without touching prototypes, written with missing objects on
// the way created. Paths are checked when a carrier kind is made, never per document.

import { SpanwrightError } from '../errors.js';

export type DocumentPath = string | readonly string[];

/** Assigning through these keys would change a prototype, and with it other objects. */
const FORBIDDEN = new Set(['__proto__', 'prototype', 'constructor']);

/** @throws SpanwrightError MISUSE naming the option and what was found. */
export function parsePath(path: DocumentPath, option: string): readonly string[] {
  const keys = typeof path === 'string' ? path.split('.') : [...path];
  const bad = keys.length === 0 || keys.some((key) => typeof key !== 'string' || key === '' || FORBIDDEN.has(key));
  if (!bad) return keys;
  throw new SpanwrightError(
    'MISUSE',
    `${option}: found ${JSON.stringify(path)}; expected keys joined by dots, such as "metadata.trace_id", or a list of keys; none empty, none of ${[...FORBIDDEN].join(', ')}.`,
  );
}

export function readPath(document: unknown, path: readonly string[]): unknown {
  let value = document;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

export function writePath(document: object, path: readonly string[], value: unknown): void {
  let holder = document as Record<string, unknown>;
  for (const key of path.slice(0, -1)) {
    const inner = Object.hasOwn(holder, key) ? holder[key] : undefined;
    if (typeof inner === 'object' && inner !== null) holder = inner as Record<string, unknown>;
    else {
      const made: Record<string, unknown> = {};
      holder[key] = made;
      holder = made;
    }
  }
  holder[path[path.length - 1] as string] = value;
}
