// Attribute values as OpenTelemetry allows them, within limits. For any value, nothing here throws and nothing here
// calls user code other than reading array elements.

import { types } from 'node:util';
import type { Attributes, AttributeValue, Span } from '@opentelemetry/api';
import { apply, CapturedDate, getTime, hasOwn, isArray, min } from '../captured.js';
import { reportFault } from '../fault.js';

/** Limits of a span's content: sizes, redacted names, and the destination of exceptions. */
export interface SpanLimits {
  attributeCount: number;
  /** Characters of a string value; Infinity for no limit. */
  attributeLength: number;
  eventCount: number;
  eventAttributeCount: number;
  linkAttributeCount: number;
  linkCount: number;
  /** Synchronous recorded calls on the stack; deeper ones are transparent. */
  callDepth: number;
  /** True for a parameter name or an attribute key whose value is hidden; undefined when none is. */
  hides: ((name: string) => boolean) | undefined;
  /** Takes exceptions instead of, or besides, span events; undefined for events alone. */
  exceptionLog: ExceptionLog | undefined;
}

export interface ExceptionLog {
  /** The span event is written too. */
  readonly alsoEvents: boolean;
  emit(attributes: Attributes, span: Span): void;
}

/** Stands for the value of what is hidden. */
export const REDACTED = 'REDACTED';

/** Longest array kept of an attribute, and longest text of an argument where no limit is configured. */
const ARRAY_LIMIT = 1024;
const ARGUMENT_LENGTH = 16_384;

/** The value cut to the limits, or undefined when OpenTelemetry has no place for it. */
export function cleanValue(value: unknown, limits: Pick<SpanLimits, 'attributeLength'>): AttributeValue | undefined {
  switch (typeof value) {
    case 'string':
      return cutText(value, limits.attributeLength);
    case 'number':
    case 'boolean':
      return value;
    case 'object':
      return cleanArray(value, limits);
    default:
      return undefined;
  }
}

/** Cuts a text, but not between the two halves of a surrogate pair. */
export function cutText(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}

/** An array whose elements cannot be read, a proxy for example, is no value; of one that is revoked not even the type is known. */
function cleanArray(value: object | null, limits: Pick<SpanLimits, 'attributeLength'>): AttributeValue | undefined {
  try {
    return isArray(value) ? readArray(value, limits) : undefined;
  } catch {
    return undefined;
  }
}

function readArray(values: readonly unknown[], limits: Pick<SpanLimits, 'attributeLength'>): AttributeValue | undefined {
  const kept: unknown[] = [];
  let type: string | undefined;
  for (let index = 0; index < values.length && index < ARRAY_LIMIT; index++) {
    const value = values[index];
    if (value === null || value === undefined) {
      kept.push(value);
      continue;
    }
    type ??= typeof value;
    if (typeof value !== type || (type !== 'string' && type !== 'number' && type !== 'boolean')) return undefined;
    kept.push(cleanValue(value, limits));
  }
  return kept as AttributeValue;
}

/** An argument or result named by the user: also dates and big integers, which have one obvious text. */
export function recordValue(value: unknown, limits: SpanLimits): AttributeValue | undefined {
  if (typeof value === 'bigint') return value.toString();
  // checked for objects only, because the check calls into native code
  if (typeof value === 'object' && types.isDate(value)) {
    const time = apply(getTime, value, []);
    return Number.isNaN(time) ? undefined : new CapturedDate(time).toISOString();
  }
  if (typeof value === 'string') return cutText(value, min(limits.attributeLength, ARGUMENT_LENGTH));
  return cleanValue(value, limits);
}

/** Names the fault of an argument that cannot be read. */
export const UNREADABLE = 'arguments of a span';

/** A copy that holds only what is allowed and can be read. `most` attributes are kept. */
export function cleanAttributes(
  attributes: Attributes | undefined,
  most: number,
  limits: Pick<SpanLimits, 'attributeLength' | 'hides'>,
): { kept: Attributes; dropped: number } {
  const kept: Attributes = {};
  let count = 0;
  let dropped = 0;
  try {
    for (const key in attributes) {
      if (!hasOwn(attributes, key) || key === '' || key === '__proto__') continue;
      const value = limits.hides?.(key) ? REDACTED : cleanValue(attributes[key], limits);
      if (value === undefined) continue;
      if (count >= most) {
        dropped++;
        continue;
      }
      kept[key] = value;
      count++;
    }
  } catch (fault) {
    reportFault(UNREADABLE, fault);
  }
  return { kept, dropped };
}
