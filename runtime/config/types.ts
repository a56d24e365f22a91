// The types that a configuration value may have: each says what it expects and reads a raw value from a file, the environment
// or code into its normal form. Read by keys.ts; a type never throws and never shows the value of a secret.

import { InvalidArgumentError } from '../errors.js';
import { parseWhen, printWhen } from '../gate/when.js';
import { DURATION_FORMS, printDuration, readDuration } from '../text/duration.js';
import { withoutSecrets } from '../text/found.js';
import { guessable } from '../text/guessable.js';
import { didYouMean } from '../text/nearest.js';
import type { Duration } from '../tracing.js';

/** Origin of a raw value. Every value from the environment is text. */
export type Place = 'file' | 'environment' | 'code';

/**
 * The normal form, or the error: `fault` in full, or only what was `expected` (the caller adds what was found). `hint` is a
 * sentence for the end of the message.
 */
export type Reading<T> =
  | { readonly value: T }
  | { readonly fault: string; readonly hint?: string }
  | { readonly expected: string; readonly hint?: string };

export interface ValueType<T, Input = T> {
  /** Name of the type in the documentation. */
  readonly name: string;
  /** Description of a valid value, as the end of "must be ...". */
  readonly expected: string;
  read(raw: unknown, place: Place): Reading<T>;
  /** The value as it is shown; default: with the credentials of URLs masked. @param hides true for a name that `redact` covers */
  show?(value: T, hides?: (name: string) => boolean): unknown;
  /** Type of a value given in code; used for inference only. */
  readonly input?: Input;
}

const BOOLEANS = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

export function boolean(): ValueType<boolean> {
  const expected = 'a boolean (true or false)';
  return {
    name: 'boolean',
    expected,
    read(raw, place) {
      const value = place === 'environment' ? BOOLEANS.get(String(raw).toLowerCase()) : raw;
      return typeof value === 'boolean' ? { value } : { expected };
    },
  };
}

/** A boolean, or null where it is not set. */
export function optionalBoolean(): ValueType<boolean | null, boolean> {
  return boolean();
}

/** Text that must not be empty, and must match `pattern` where one is given. */
export function text(pattern?: { form: RegExp; expected: string }): ValueType<string> {
  const expected = pattern?.expected ?? 'a string that is not empty';
  return {
    name: 'string',
    expected,
    read(raw) {
      const value = typeof raw === 'string' ? raw.trim() : '';
      return value !== '' && (!pattern || pattern.form.test(value)) ? { value } : { expected };
    },
  };
}

/** Text; an empty one counts as not set. */
export function optionalText(name = 'string'): ValueType<string | null, string> {
  const expected = 'a string';
  return {
    name,
    expected,
    read: (raw) => (typeof raw === 'string' ? { value: raw.trim() === '' ? null : raw.trim() } : { expected }),
  };
}

/** A name as HTTP allows it for headers (RFC 9110, token), in lower case; empty: not set. */
export function optionalToken(what: string): ValueType<string | null, string> {
  const expected = `${what}, of letters, digits and hyphens`;
  return {
    name: 'string',
    expected,
    read(raw) {
      const value = typeof raw === 'string' ? raw.trim().toLowerCase() : undefined;
      if (value === '') return { value: null };
      return value !== undefined && /^[\w!#$%&'*+.^`|~-]{1,100}$/u.test(value) ? { value } : { expected };
    },
  };
}

/** Text that is never shown, of at least `least` characters; empty: not set. */
export function optionalSecret(least: number): ValueType<string | null, string> {
  const expected = `a string of at least ${least} characters`;
  return {
    name: 'string',
    expected,
    read(raw) {
      if (raw === '') return { value: null };
      const secret = typeof raw === 'string' ? raw.trim() : '';
      if (secret.length < least) return { expected };
      const pattern = guessable(secret);
      return pattern === undefined ? { value: secret } : { expected: `${expected} without a pattern (${pattern})` };
    },
  };
}

/**
 * An address. Its user, password, query and fragment are masked here, at the entry, so that no later part can show them; an address
 * that needs one of them is refused anyway, with headers as the remedy.
 */
export function optionalAddress(): ValueType<string | null, string> {
  const { name, expected, read } = optionalText();
  return {
    name,
    expected,
    read(raw, place) {
      const reading = read(raw, place);
      return 'value' in reading && reading.value !== null ? { value: withoutSecrets(reading.value) } : reading;
    },
  };
}

/** A URL with one of the schemes and without secrets, for which `headers` is the key. */
export function optionalServer(schemes: readonly string[], headers: string): ValueType<string | null, string> {
  const address = optionalAddress();
  const expected = `a URL with ${schemes.map((scheme) => `${scheme}://`).join(', ')}, without user, query and fragment (${headers} takes secrets)`;
  const isServer = (value: string): boolean =>
    URL.canParse(value) && !value.includes('***') && schemes.includes(new URL(value).protocol.slice(0, -1));
  return {
    name: 'URL',
    expected,
    read(raw, place) {
      const reading = address.read(raw, place);
      if (!('value' in reading)) return { expected };
      return reading.value === null || isServer(reading.value) ? reading : { fault: `must be ${expected}` };
    },
  };
}

/** Milliseconds. `environmentMin` is the higher floor that a specification sets for its variable. */
export function duration(range: {
  min: number;
  max: number;
  environmentMin?: number;
  environmentMax?: number;
}): ValueType<number, Duration> {
  const limits = (place: Place): [number, number] =>
    place === 'environment' ? [range.environmentMin ?? range.min, range.environmentMax ?? range.max] : [range.min, range.max];
  const describe = ([min, max]: [number, number]): string =>
    `${DURATION_FORMS}, from ${printDuration(min)} to ${printDuration(max)}`;
  return {
    name: 'duration',
    expected: describe([range.min, range.max]),
    read(raw, place) {
      const [min, max] = limits(place);
      const value = readDuration(raw);
      return value !== undefined && value >= min && value <= max ? { value } : { expected: describe([min, max]) };
    },
  };
}

export function integer(range: { min: number; max: number }): ValueType<number> {
  const expected = `an integer from ${range.min} to ${range.max}`;
  return {
    name: `integer, ${range.min} to ${range.max}`,
    expected,
    read(raw, place) {
      const value = place === 'environment' && /^[+-]?\d{1,15}$/u.test(String(raw)) ? Number(raw) : raw;
      const fits = typeof value === 'number' && Number.isInteger(value) && value >= range.min && value <= range.max;
      return fits ? { value } : { expected };
    },
  };
}

/** An integer, or null where it is not set. */
export function optionalInteger(range: { min: number; max: number }): ValueType<number | null, number> {
  return integer(range);
}

export function choice<const T extends string>(values: readonly T[]): ValueType<T> {
  const expected = `one of ${values.map((value) => `"${value}"`).join(', ')}`;
  return {
    name: values.map((value) => `\`${value}\``).join(' or '),
    expected,
    read(raw, place) {
      const written = typeof raw === 'string' ? raw.trim() : undefined;
      const word = place === 'environment' ? written?.toLowerCase() : written;
      const value = values.find((candidate) => candidate === word);
      if (value !== undefined) return { value };
      return { expected, ...(word !== undefined && { hint: didYouMean(word, values) }) };
    },
  };
}

/**
 * One of `words`, or some of `known`, as text with commas or as a list; in normal form text, in the order of `known`.
 * @param choices `words` stand for a whole list (`all`, `none`); `others` ends the message about an unknown name
 */
export function nameList(
  known: readonly string[],
  { words, others }: { words: readonly string[]; others?: string },
): ValueType<string, string | readonly string[]> {
  const quoted = (list: readonly string[]): string => list.map((name) => `"${name}"`).join(', ');
  const expected = `${quoted(words)}, or some of ${quoted(known)}`;
  return {
    name: 'string or list',
    expected,
    read(raw) {
      const list = typeof raw === 'string' ? raw.split(',') : raw;
      if (!isTextList(list)) return { expected };
      const found = list.map((name) => name.trim()).filter((name) => name !== '');
      if (found.length === 0) return { expected };
      const unknown = found.find((name) => !words.includes(name) && !known.includes(name));
      if (unknown !== undefined) {
        return {
          fault: `has ${JSON.stringify(unknown)}; expected ${quoted([...words, ...known])}${others === undefined ? '' : `; ${others}`}`,
          hint: didYouMean(unknown, known),
        };
      }
      if (found.includes('none') && found.length > 1)
        return { fault: 'has "none" beside other names; "none" must be the only one' };
      const word = words.find((name) => found.includes(name));
      return { value: word ?? known.filter((name) => found.includes(name)).join(', ') };
    },
  };
}

/** Patterns as text, or as a list of texts; `parse` and `print` are those of the gate, so that both agree on every token. */
export function patterns<T>(
  parse: (text: string, field: string) => T,
  print: (parsed: T) => string,
): ValueType<string, string | readonly string[]> {
  const expected = 'a string, or a list of strings';
  return {
    name: 'string or list',
    expected,
    read(raw) {
      const whole = typeof raw === 'string' ? raw : isTextList(raw) ? raw.join(', ') : undefined;
      if (whole === undefined) return { expected };
      try {
        return { value: print(parse(whole, FIELD)) };
      } catch (error) {
        if (!(error instanceof InvalidArgumentError)) throw error;
        return { fault: error.message.replace(`${FIELD}: `, '') };
      }
    },
    // the `:` and `@` of `scope:@acme/db` are not those of a URL with credentials
    show: (value) => value,
  };
}
const FIELD = 'value';

/** Conditions of roots as text, in normal form; null: none. */
export function conditions(): ValueType<string | null, string | null> {
  const type = patterns(parseWhen, (when) => printWhen(when));
  return {
    name: 'string',
    expected: 'a string',
    read(raw, place) {
      if (raw === null) return { value: null };
      return typeof raw === 'string' ? type.read(raw, place) : { expected: 'a string' };
    },
    show: (value, hides) => (value === null ? null : printWhen(parseWhen(value), hides)),
  };
}

export function isTextList(raw: unknown): raw is readonly string[] {
  return Array.isArray(raw) && raw.every((item) => typeof item === 'string');
}

/** A table of a file, or a plain object of code; not a list, a date or an instance of a class. */
export function isTable(raw: unknown): raw is Record<string, unknown> {
  if (typeof raw !== 'object' || raw === null) return false;
  const prototype = Object.getPrototypeOf(raw);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}
