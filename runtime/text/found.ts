// Description of a value that was found where another was expected, for error messages: one vocabulary for the configuration,
// the options of the decorator, and the admin hook. Shows at most a short part of the value, and no credentials of a URL.

import { printable } from './printable.js';

/**
 * For example `the string "yes"`, `the number 3`, `an array`, `null`.
 * @param secret true: the type only
 */
export function describeFound(value: unknown, secret = false): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Date) return 'a date';
  const type = typeof value;
  if (type === 'object') return 'an object';
  if (secret || type === 'function' || type === 'symbol') return `a ${type}`;
  if (type === 'string') return `the string ${JSON.stringify(printable(withoutCredentials(value as string), 80))}`;
  return `the ${type} ${String(value)}`;
}

/** Replaces the user and password of a URL, also of one without a scheme, by `***`. */
export function withoutCredentials(value: string): string {
  return value.replace(/\/\/\S*@/gu, '//***@').replace(/^[^\s/:@]+:(?!\/\/)\S*@/u, '***@');
}
