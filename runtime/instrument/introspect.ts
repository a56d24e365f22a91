// What can be seen of a function at run time, for code that no transformer has described: its shape, and its parameter names
// where `args` asks for them. The source text is read once per site, and only where nothing better is known.

import type { AnyFunction, Shape } from '../site/site.js';

const SHAPES: Record<string, Shape> = {
  AsyncFunction: 'async',
  GeneratorFunction: 'generator',
  AsyncGeneratorFunction: 'async generator',
};

/** By the function's own kind. A plain function may return a promise, so it is `unknown`, never `sync`. */
export function shapeOf(body: AnyFunction): Shape {
  const tag = (Object.getPrototypeOf(body) as { [Symbol.toStringTag]?: unknown } | null)?.[Symbol.toStringTag];
  return SHAPES[typeof tag === 'string' ? tag : ''] ?? 'unknown';
}

/** True for a plain `function`, which may be called with `new`. */
export function isConstructible(body: AnyFunction): boolean {
  return Object.hasOwn(body, 'prototype') && shapeOf(body) === 'unknown';
}

/** The key that a member has: a number that it is written as, or that stands in an enum, is a text there. */
export function ownKey(written: string | symbol | number): string | symbol {
  return typeof written === 'number' ? String(written) : written;
}

/** `describe()` for a symbol, the text itself else. */
export function nameText(key: string | symbol): string {
  return typeof key === 'symbol' ? `[${key.description ?? ''}]` : key;
}

/**
 * True for a class, a Proxy of one, and a constructor function that has the prototype of a class; distinguishes `@instrument class X` from
 * `instrument(fn)`. The prototype of a class cannot be assigned, that of a plain function can.
 */
export function isClass(value: AnyFunction): boolean {
  const own = Object.getOwnPropertyDescriptor(value, 'prototype');
  if (own === undefined || shapeOf(value) !== 'unknown') return false;
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

/**
 * Parameter names in order, read from the source text; an empty string for a destructured one. A default value ends the name
 * at its `=`; brackets and quotes inside defaults are passed over.
 */
export function parameterNames(body: AnyFunction): string[] {
  const source = Function.prototype.toString.call(body).replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/gu, '');
  const single = /^(?:async\s+)?([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*=>/u.exec(source);
  if (single !== null) return [single[1] as string];
  const open = source.indexOf('(');
  if (open < 0) return [];
  return topLevelParts(source, open + 1).map((part) => {
    const name = /^(?:\.\.\.)?\s*([\p{ID_Start}$_][\p{ID_Continue}$]*)/u.exec(part.trim());
    return name?.[1] ?? '';
  });
}

function topLevelParts(source: string, from: number): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = '';
  let part = '';
  for (let index = from; index < source.length; index++) {
    const character = source[index] as string;
    if (quote !== '') {
      if (character === '\\') index++;
      else if (character === quote) quote = '';
      continue;
    }
    if (character === '"' || character === "'" || character === '`') quote = character;
    else if ('([{'.includes(character)) depth++;
    else if (')]}'.includes(character)) {
      if (depth === 0) break;
      depth--;
    } else if (character === ',' && depth === 0) {
      parts.push(part);
      part = '';
      continue;
    }
    part += character;
  }
  if (part.trim() !== '') parts.push(part);
  return parts;
}
