// One declared key of baggage: its valid values, its place in a request, and its use. Read once, when the key is declared. Values
// of any origin are checked without throwing.

import { SpanwrightError } from '../../errors.js';
import { isMember, TOKEN } from './member.js';
import { type PathPattern, parsePathPattern } from './path-pattern.js';

/** How a key is declared. Without `values`, `pattern` or `validate` any text of at most `maxLength` characters is valid. */
export interface BaggageKey<Value extends string = string> {
  /** The only valid values. */
  values?: readonly Value[];
  /** Pattern that the whole value must match. */
  pattern?: RegExp;
  validate?: (value: string) => boolean;
  /** Default 256. */
  maxLength?: number;
  /** Values are compared and kept in lower case. */
  lowerCase?: boolean;
  /** Value that get() returns, and the middleware sets, without a valid value. */
  default?: NoInfer<Value>;
  /** The value becomes an attribute of every span recorded under it: `true` under the key's own name, text under that name. */
  attribute?: boolean | string;
  /** Header of a request that has the value. */
  header?: string;
  /** Path of a request that has the value, at its start: `/cameras/:id`; `*` stands for any one segment. */
  path?: string | readonly string[];
  /** Decides if the value that an upstream service sent stays (`keep`, the default) when the request has another one. */
  upstream?: 'keep' | 'replace';
}

export interface ResolvedKey {
  readonly name: string;
  readonly attribute: string | undefined;
  readonly header: string | undefined;
  readonly paths: readonly PathPattern[];
  readonly keeps: boolean;
  readonly default: string | undefined;
  /** The value in its normal form, undefined when it is not valid. */
  accept(value: unknown): string | undefined;
}

/** Any valid key, for baggage without declarations. */
export function acceptable(name: string, value: unknown): value is string {
  return typeof value === 'string' && isMember(name, value);
}

/** @throws SpanwrightError MISUSE naming the key and what is wrong with its declaration. */
export function resolveKey(name: string, key: BaggageKey): ResolvedKey {
  if (!TOKEN.test(name) || name === '__proto__')
    throw baggageMisuse(name, 'is not a key', "a token of HTTP: letters, digits and any of !#$%&'*+-.^_`|~");
  if (key.header !== undefined && !TOKEN.test(key.header))
    throw baggageMisuse(name, `header ${JSON.stringify(key.header)}`, 'the name of a header');
  const lower = key.lowerCase === true;
  const values = key.values === undefined ? undefined : new Set<string>(key.values);
  // whole and without state: a pattern with the flag g would remember where it stopped
  const pattern =
    key.pattern === undefined ? undefined : new RegExp(`^(?:${key.pattern.source})$`, key.pattern.flags.replace(/[gym]/gu, ''));
  const { maxLength = 256, validate } = key;
  const accept = (value: unknown): string | undefined => {
    if (typeof value !== 'string') return undefined;
    const text = lower ? value.toLowerCase() : value;
    if (text.length > maxLength || !acceptable(name, text)) return undefined;
    if (values !== undefined && !values.has(text)) return undefined;
    if (pattern !== undefined && !pattern.test(text)) return undefined;
    try {
      return validate === undefined || validate(text) === true ? text : undefined;
    } catch {
      return undefined;
    }
  };
  if (key.default !== undefined && accept(key.default) === undefined)
    throw baggageMisuse(name, `default ${JSON.stringify(key.default)}`, 'a value that the declaration allows');
  return {
    name,
    accept,
    default: key.default,
    attribute: key.attribute === true ? name : key.attribute || undefined,
    header: key.header?.toLowerCase(),
    paths: [key.path ?? []].flat().map((path) => parsePathPattern(path, name)),
    keeps: key.upstream !== 'replace',
  };
}

function baggageMisuse(name: string, found: string, expected: string): SpanwrightError {
  return new SpanwrightError('MISUSE', `baggage.declare(): ${JSON.stringify(name)}: ${found}; expected ${expected}.`);
}
