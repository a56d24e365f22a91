// The configuration values that are tables: resource attributes, headers, what to keep, which instrumentations.
// Same contract as types.ts: they read a raw value into its normal form and never throw.

import type { AttributeValue } from '@opentelemetry/api';
import { DURATION_FORMS, readDuration } from '../text/duration.js';
import { describeFound, withoutCredentialsIn } from '../text/found.js';
import { didYouMean } from '../text/nearest.js';
import { percentDecoded } from '../text/percent-decoded.js';
import type { Duration } from '../tracing.js';
import { isTable, isTextList, type Place, type Reading, type ValueType } from './types.js';

export type ResourceAttributes = Readonly<Record<string, AttributeValue>>;

/** `key=value,key=value`, percent-encoded, as OTEL_RESOURCE_ATTRIBUTES and the header variables have it. */
function readPairs(raw: string): Reading<Map<string, string>> {
  const pairs = new Map<string, string>();
  for (const [index, part] of raw.split(',').entries()) {
    if (part.trim() === '') continue;
    const at = part.indexOf('=');
    const key = part.slice(0, Math.max(at, 0)).trim();
    if (key === '') return { fault: `entry ${index + 1} has no "=" after a key; expected key=value,key=value` };
    const [name, value] = [percentDecoded(key), percentDecoded(part.slice(at + 1).trim())];
    if (name === undefined || value === undefined)
      return { fault: `entry ${index + 1} (key "${key}") is not percent-encoded correctly` };
    pairs.set(name, value);
  }
  return { value: pairs };
}

/** Entries of a table. In a file `deployment.environment.name = "x"` makes nested tables, which stand for one dotted key. */
function* entries(table: Record<string, unknown>, place: Place, prefix = ''): Generator<[string, unknown]> {
  for (const [key, value] of Object.entries(table)) {
    if (place === 'file' && isTable(value)) yield* entries(value, place, `${prefix}${key}.`);
    else yield [prefix + key, value];
  }
}

function isAttributeValue(value: unknown): value is AttributeValue {
  if (!Array.isArray(value)) return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
  return value.every((item) => typeof item === typeof value[0] && !Array.isArray(item) && isAttributeValue(item));
}

/** Attributes by key. From the environment all values are strings. */
export function attributes(): ValueType<ResourceAttributes> {
  const expected = 'a table of attributes (strings, finite numbers, booleans, or lists of one of these)';
  return {
    name: 'table of attributes',
    expected,
    read(raw, place) {
      const value: Record<string, AttributeValue> = Object.create(null);
      if (place === 'environment') {
        const pairs = readPairs(String(raw));
        if (!('value' in pairs)) return pairs;
        for (const [key, item] of pairs.value) value[key] = item;
        return { value: Object.freeze(value) };
      }
      if (!isTable(raw)) return { expected };
      for (const [key, item] of entries(raw, place)) {
        if (key === '') return { fault: 'has an attribute with an empty key' };
        if (!isAttributeValue(item))
          return { fault: `has the attribute "${key}" with ${describeFound(item)}; it must be ${expected}` };
        value[key] = item;
      }
      return { value: Object.freeze(value) };
    },
    show: withoutCredentialsIn,
  };
}

/** Headers that HTTP/2 refuses (RFC 9113, section 8.2.2), or that would state a wrong length of the message. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/** gRPC metadata and HTTP header names and values. Values are secrets and are never shown. */
export function headers(): ValueType<Readonly<Record<string, string>>> {
  const expected = 'a table of strings by header name';
  return {
    name: 'table of strings',
    expected,
    read(raw, place) {
      let pairs: Iterable<[string, unknown]>;
      if (place === 'environment') {
        const reading = readPairs(String(raw));
        if (!('value' in reading)) return reading;
        pairs = reading.value;
      } else if (isTable(raw)) pairs = Object.entries(raw);
      else return { expected };
      const value: Record<string, string> = Object.create(null);
      let at = 0;
      for (const [key, item] of pairs) {
        const name = key.toLowerCase();
        at += 1;
        // not shown: in `Authorization: Basic dTpw==` the secret is in front of the "="
        if (!/^[a-z0-9!#$%&'*+.^_|~-]+$/u.test(name)) return { fault: `entry ${at} has a name that is not a header name` };
        if (OF_THE_CONNECTION.has(name)) return { fault: `has the header "${name}", which the connection sets itself` };
        if (typeof item !== 'string' || !/^[\x20-\x7e]*$/u.test(item)) {
          return { fault: `has the header "${name}" with a value that is not a string of printable ASCII characters` };
        }
        value[name] = item;
      }
      return { value: Object.freeze(value) };
    },
  };
}

/** Which finished traces are kept: all with errors, all slower than a time, and a share of the rest. */
export interface Keep {
  /** Every trace in which a span failed. */
  readonly errors: boolean;
  /** Every trace whose local root took at least this many milliseconds. Null: time does not matter. */
  readonly slowerThan: number | null;
  /** Share of the other traces, decided on the trace id. */
  readonly ratio: number;
  /** Ended spans that may wait for the decision, in all. */
  readonly maxSpans: number;
  /** Traces that may wait for the decision. */
  readonly maxTraces: number;
}
/** Which finished traces are kept, as code gives it. */
export interface KeepInput {
  /** Keep every trace in which a span failed. Default `true`. */
  errors?: boolean;
  /** Keep every trace whose local root took at least this long. Default: time does not matter. */
  slowerThan?: Duration;
  /** Share of the other traces, 0 to 1, decided on the trace id. Default `0`. */
  ratio?: number;
  /** Ended spans that may wait for the decision, in all. Default 20,000. */
  maxSpans?: number;
  /** Traces that may wait for the decision. Default 2,000. */
  maxTraces?: number;
}

const isPositiveInteger = (value: unknown): boolean =>
  Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= 1_000_000;

const KEEP_FIELDS = [
  { file: 'errors', code: 'errors', expected: 'a boolean (true or false)', fits: (value: unknown) => typeof value === 'boolean' },
  {
    file: 'slower_than',
    code: 'slowerThan',
    expected: DURATION_FORMS,
    fits: (value: unknown) => readDuration(value) !== undefined,
  },
  {
    file: 'ratio',
    code: 'ratio',
    expected: 'a number from 0 to 1',
    fits: (value: unknown) => typeof value === 'number' && value >= 0 && value <= 1,
  },
  { file: 'max_spans', code: 'maxSpans', expected: 'an integer from 1 to 1000000', fits: isPositiveInteger },
  { file: 'max_traces', code: 'maxTraces', expected: 'an integer from 1 to 1000000', fits: isPositiveInteger },
] as const;

export function keep(): ValueType<Keep | null, KeepInput> {
  const expected = 'a table with errors, slower_than, ratio, max_spans and max_traces';
  return {
    name: 'table',
    expected,
    read(raw, place) {
      if (!isTable(raw)) return { expected };
      const name = place === 'file' ? 'file' : 'code';
      const found = new Map<string, unknown>();
      for (const [key, value] of Object.entries(raw)) {
        const field = KEEP_FIELDS.find((row) => row[name] === key);
        if (!field) {
          const known = KEEP_FIELDS.map((row) => row[name]);
          return { fault: `has the unknown key "${key}"`, hint: didYouMean(key, known) };
        }
        if (value === undefined) continue;
        if (!field.fits(value)) return { fault: `has ${key} with ${describeFound(value)}; it must be ${field.expected}` };
        found.set(field.code, value);
      }
      const slower = found.get('slowerThan');
      return {
        value: Object.freeze({
          errors: (found.get('errors') as boolean | undefined) ?? true,
          slowerThan: slower === undefined ? null : (readDuration(slower) as number),
          ratio: (found.get('ratio') as number | undefined) ?? 0,
          maxSpans: (found.get('maxSpans') as number | undefined) ?? 20_000,
          maxTraces: (found.get('maxTraces') as number | undefined) ?? 2000,
        }),
      };
    },
  };
}

/** Instrumentation packages to enable, with their options. A list of names enables each without options. */
export type Instrumentations = Readonly<Record<string, Readonly<Record<string, unknown>> | boolean>>;

export function instrumentations(): ValueType<Instrumentations, readonly string[] | Instrumentations> {
  const expected = 'a list of names, or a table from name to true, false or a table of options';
  return {
    name: 'list or table',
    expected,
    read(raw, place) {
      const value: Record<string, Record<string, unknown> | boolean> = Object.create(null);
      const list =
        place === 'environment'
          ? String(raw)
              .split(',')
              .map((name) => name.trim())
              .filter(Boolean)
          : raw;
      if (isTextList(list)) {
        for (const name of list) value[name] = true;
      } else if (isTable(raw)) {
        for (const [name, item] of Object.entries(raw)) {
          if (typeof item !== 'boolean' && !isTable(item)) {
            return { fault: `has "${name}" with ${describeFound(item)}; it must be true, false or a table of options` };
          }
          value[name] = item;
        }
      } else return { expected };
      return { value: Object.freeze(value) };
    },
  };
}
