// Description of a value that was found where another was expected, for error messages: one vocabulary for the configuration,
// the options of the decorator, and the admin hook. Shows at most a short part of the value, and no credentials of a URL.

import { printable } from './printable.js';

/**
 * For example `the string "yes"`, `the number 3`, `an array`, `null`.
 * @param secret true: the type only
 */
export function describeFound(value: unknown, secret = false): string {
  if (value === null || value === undefined) return String(value);
  const type = typeof value;
  if (type === 'object') return describeObject(value);
  if (secret || type === 'function' || type === 'symbol') return `a ${type}`;
  if (type === 'string') return `the string ${JSON.stringify(printable(withoutCredentials(value as string), 80))}`;
  return `the ${type} ${String(value)}`;
}

/** Kinds that have words of their own. */
const KINDS = new Map([
  ['Array', 'an array'],
  ['Date', 'a date'],
  ['Object', 'an object'],
]);

function describeObject(value: unknown): string {
  try {
    const kind = Object.prototype.toString.call(value).slice(8, -1);
    return KINDS.get(kind) ?? `an object of the kind ${printable(kind, 40)}`;
  } catch {
    return 'an object'; // a proxy that is revoked, or whose handler throws
  }
}

const MASK = '***';

/** Replaces the user and password of a URL, also of one without a scheme or with blanks in the password, by `***`. */
function withoutCredentials(value: string): string {
  return value
    .replace(/\/\/[^\n]*(?:@|%40)/giu, `//${MASK}@`)
    .replace(/^(https?:\/?)(?!\/)[^\n]*(?:@|%40)/iu, `$1${MASK}@`)
    .replace(/^(?!https?:)[^\s/:@]+:(?!\/\/)[^\n]*(?:@|%40)/iu, `${MASK}@`);
}

/** Replaces the credentials of an address, and its query and fragment, which may hold keys. */
export function withoutSecrets(address: string): string {
  return withoutCredentials(address)
    .replace(/^[^/\n]*(?:@|%40)/u, `${MASK}@`)
    .replace(/([?#]).+$/su, `$1${MASK}`);
}

/** An address that is refused, as messages quote it. */
export function shownAddress(address: string): string {
  return printable(withoutSecrets(address), 100);
}

/**
 * A value of the configuration with each string in it by {@link withoutCredentials}.
 * @param hides true for the name of a property whose value is masked as a whole
 */
export function withoutCredentialsIn(value: unknown, hides: (name: string) => boolean = () => false): unknown {
  if (typeof value === 'string') return withoutCredentials(value);
  if (Array.isArray(value)) return value.map((item) => withoutCredentialsIn(item, hides));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, hides(key) ? MASK : withoutCredentialsIn(inner, hides)]),
  );
}
