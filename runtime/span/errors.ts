// Describes a thrown value on a span. Anything can be thrown, also null, frozen objects and objects whose getters
// throw; nothing here throws, and what was thrown is not touched.

import { types } from 'node:util';
import type { Attributes } from '@opentelemetry/api';
import { isArray } from '../captured.js';
import { withoutOwnFrames } from './own-frames.js';

/** Causes and the members of an AggregateError are described this deep and this many. */
const DEPTH = 5;
const MEMBERS = 10;
const TEXT_LENGTH = 16_384;

/**
 * Type and message of what was thrown, each read once, because a getter of the program may be behind it. The stack takes longer to read
 * than both (see stackOfThrown).
 */
export interface Thrown {
  /** `name` of an error, also an empty one. */
  readonly name: string | undefined;
  /** `error.type` and `exception.type`. */
  readonly type: string;
  readonly message: string;
  readonly error: unknown;
}

export function describeThrown(error: unknown): Thrown {
  if (typeof error !== 'object' && typeof error !== 'function') {
    return { name: undefined, type: typeof error, message: primitiveText(error), error };
  }
  if (error === null) return { name: undefined, type: 'null', message: 'null', error };
  const name = textProperty(error, 'name');
  return { name, type: typeName(error, name), message: (textProperty(error, 'message') ?? '').slice(0, TEXT_LENGTH), error };
}

/** The stack with those of the causes; undefined for a value without a stack. */
export function stackOfThrown({ error }: Thrown): string | undefined {
  return (typeof error === 'object' || typeof error === 'function') && error !== null ? stackWithCauses(error) : undefined;
}

/** True for what AbortController and its users throw: a cancellation, no failure. One whose reason is a time-out is a failure. */
export function isCancellation({ name, error }: Thrown): boolean {
  return name === 'AbortError' && !isTimeOut(readProperty(error as object, 'cause'), 1);
}

/** A reason as programs give it: an error or a text that names a time-out, or an error that was caused by one. */
function isTimeOut(reason: unknown, depth: number): boolean {
  if (typeof reason === 'string') return TIME_OUT.test(reason.slice(0, 1024));
  if (typeof reason !== 'object' || reason === null || depth > DEPTH) return false;
  if (TIME_OUT.test(textProperty(reason, 'name') ?? '') || TIME_OUT.test(textProperty(reason, 'code') ?? '')) return true;
  return isTimeOut(readProperty(reason, 'cause'), depth + 1);
}

/** `TimeoutError`, `HeadersTimeoutError`, `ETIMEDOUT`, `UND_ERR_BODY_TIMEOUT`, "timed out", "time-out". */
const TIME_OUT = /time[- ]?out|timed[- ]?out/i;

export function exceptionAttributes(thrown: Thrown): Attributes {
  const attributes: Attributes = { 'exception.type': thrown.type, 'exception.message': thrown.message };
  const stack = stackOfThrown(thrown);
  if (stack !== undefined) attributes['exception.stacktrace'] = stack;
  return attributes;
}

/** A function is described by its name, because its text is its source or the result of its own `toString`. */
function primitiveText(value: unknown): string {
  if (typeof value === 'function') return `[function ${textProperty(value, 'name') ?? ''}]`;
  const whole = typeof value === 'symbol' ? value.toString() : `${value as string}`;
  return whole.slice(0, 1024);
}

/** The class by its own name where it has one; `name` where a plain Error was given one; else `_OTHER`. */
function typeName(error: object, name: string | undefined): string {
  if (name !== undefined && name !== '' && name !== 'Error') return name;
  const made = readProperty(error, 'constructor');
  const className = typeof made === 'function' ? textProperty(made, 'name') : undefined;
  return className || name || '_OTHER';
}

function stackWithCauses(error: object): string | undefined {
  const own = stackOf(error);
  if (own === undefined) return undefined;
  const description: Description = { text: own, seen: new Set([error]) };
  try {
    collect(error, description, 1);
  } catch {
    // a proxy of an array passes isArray() and may throw; the text collected so far is kept
  }
  return description.text.slice(0, TEXT_LENGTH);
}

/** Text collected so far; nothing is read once it is long enough. */
interface Description {
  text: string;
  readonly seen: Set<unknown>;
}

function collect(error: object, description: Description, depth: number): void {
  if (depth > DEPTH) return;
  const members = readProperty(error, 'errors');
  if (isArray(members) && !types.isProxy(members)) {
    for (const member of members.slice(0, MEMBERS)) append('Includes', member, description, depth);
  }
  const cause = readProperty(error, 'cause');
  if (cause !== undefined) append('Caused by', cause, description, depth);
}

function append(how: string, error: unknown, description: Description, depth: number): void {
  if (description.seen.has(error) || description.text.length >= TEXT_LENGTH) return;
  description.seen.add(error);
  if (typeof error !== 'object' || error === null) {
    description.text += `\n${how}: ${primitiveText(error)}`;
    return;
  }
  description.text += `\n${how}: ${stackOf(error) ?? `${typeName(error, textProperty(error, 'name'))}: ${textProperty(error, 'message') ?? ''}`}`;
  collect(error, description, depth + 1);
}

/** The stack as the program sees it, without the frames of the recorder. */
function stackOf(error: object): string | undefined {
  const stack = textProperty(error, 'stack');
  return stack === undefined ? undefined : withoutOwnFrames(stack);
}

function textProperty(from: object, key: string): string | undefined {
  const value = readProperty(from, key);
  return typeof value === 'string' ? value : undefined;
}

/** A property, or undefined when reading it throws. Undefined for a proxy, whose traps are the program's. */
function readProperty(from: object, key: string): unknown {
  if (types.isProxy(from)) return undefined;
  try {
    return (from as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}
