// What a span says of something that was thrown. Anything can be thrown, also null, frozen objects and objects whose getters
// throw; nothing here throws, and what was thrown is not touched.

import type { Attributes } from '@opentelemetry/api';

/** Causes and the members of an AggregateError are told this deep and this many. */
const DEPTH = 5;
const MEMBERS = 10;
const TEXT_LENGTH = 16_384;

export interface Thrown {
  /** `error.type` and `exception.type`. */
  readonly type: string;
  readonly message: string;
  readonly stack: string | undefined;
}

export function describeThrown(error: unknown): Thrown {
  if (typeof error !== 'object' && typeof error !== 'function') {
    return { type: typeof error, message: primitiveText(error), stack: undefined };
  }
  if (error === null) return { type: 'null', message: 'null', stack: undefined };
  return { type: typeName(error), message: (text(error, 'message') ?? '').slice(0, TEXT_LENGTH), stack: stackWithCauses(error) };
}

/** A cancellation, not a failure: what AbortController and its users throw. */
export function isCancellation(error: unknown): boolean {
  return typeof error === 'object' && error !== null && read(error, 'name') === 'AbortError';
}

export function exceptionAttributes(thrown: Thrown): Attributes {
  const attributes: Attributes = { 'exception.type': thrown.type, 'exception.message': thrown.message };
  if (thrown.stack !== undefined) attributes['exception.stacktrace'] = thrown.stack;
  return attributes;
}

function primitiveText(value: unknown): string {
  const whole = typeof value === 'symbol' ? value.toString() : `${value as string}`;
  return whole.slice(0, 1024);
}

/** The class by its own name where it has one; `name` where a plain Error was given one; `_OTHER` as the last word. */
function typeName(error: object): string {
  const name = text(error, 'name');
  if (name !== undefined && name !== '' && name !== 'Error') return name;
  const made = read(error, 'constructor');
  const className = typeof made === 'function' ? text(made, 'name') : undefined;
  return className || name || '_OTHER';
}

function stackWithCauses(error: object): string | undefined {
  const own = text(error, 'stack');
  if (own === undefined) return undefined;
  const parts = [own];
  const seen = new Set<unknown>([error]);
  collect(error, parts, seen, 1);
  return parts.join('\n').slice(0, TEXT_LENGTH);
}

function collect(error: object, parts: string[], seen: Set<unknown>, depth: number): void {
  if (depth > DEPTH) return;
  const members = read(error, 'errors');
  if (Array.isArray(members)) {
    for (const member of members.slice(0, MEMBERS)) tell('Includes', member, parts, seen, depth);
  }
  const cause = read(error, 'cause');
  if (cause !== undefined) tell('Caused by', cause, parts, seen, depth);
}

function tell(how: string, error: unknown, parts: string[], seen: Set<unknown>, depth: number): void {
  if (seen.has(error)) return;
  seen.add(error);
  if (typeof error !== 'object' || error === null) {
    parts.push(`${how}: ${primitiveText(error)}`);
    return;
  }
  parts.push(`${how}: ${text(error, 'stack') ?? `${typeName(error)}: ${text(error, 'message') ?? ''}`}`);
  collect(error, parts, seen, depth + 1);
}

function text(from: object, key: string): string | undefined {
  const value = read(from, key);
  return typeof value === 'string' ? value : undefined;
}

/** A property, or undefined when reading it throws. */
function read(from: object, key: string): unknown {
  try {
    return (from as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}
