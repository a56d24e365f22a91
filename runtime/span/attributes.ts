// Attribute values as OpenTelemetry allows them, within limits. Whatever is handed in, nothing here throws and nothing here
// calls user code other than reading array elements.

import type { Attributes, AttributeValue } from '@opentelemetry/api';

export interface SpanLimits {
  attributeCount: number;
  /** Characters of a string value; Infinity for no limit. */
  attributeLength: number;
  eventCount: number;
  linkCount: number;
}

export const DEFAULT_LIMITS: SpanLimits = { attributeCount: 128, attributeLength: 16_384, eventCount: 128, linkCount: 128 };

/** Longest array kept of an attribute. */
const ARRAY_LIMIT = 1024;

/** The value cut to the limits, or undefined when OpenTelemetry has no place for it. */
export function cleanValue(value: unknown, limits: SpanLimits): AttributeValue | undefined {
  switch (typeof value) {
    case 'string':
      return value.length > limits.attributeLength ? value.slice(0, limits.attributeLength) : value;
    case 'number':
    case 'boolean':
      return value;
    case 'object':
      return Array.isArray(value) ? cleanArray(value, limits) : undefined;
    default:
      return undefined;
  }
}

function cleanArray(values: readonly unknown[], limits: SpanLimits): AttributeValue | undefined {
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
  if (value instanceof Date) {
    const time = Date.prototype.getTime.call(value);
    return Number.isNaN(time) ? undefined : new Date(time).toISOString();
  }
  return cleanValue(value, limits);
}

/** A copy that holds only what is allowed. */
export function cleanAttributes(attributes: Attributes | undefined, limits: SpanLimits): { kept: Attributes; dropped: number } {
  const kept: Attributes = {};
  let count = 0;
  let dropped = 0;
  for (const key in attributes) {
    if (!Object.hasOwn(attributes, key) || key === '') continue;
    const value = cleanValue(attributes[key], limits);
    if (value === undefined) continue;
    if (count >= limits.attributeCount) {
      dropped++;
      continue;
    }
    kept[key] = value;
    count++;
  }
  return { kept, dropped };
}
