// Patterns of request paths, as lists of segments: nothing of the user's or the request's becomes a regular expression.

import { SpanwrightError } from '../../errors.js';
import { percentDecoded } from '../../text/percent-decoded.js';

export interface PathPattern {
  /** Text stands for itself; undefined for any one segment. */
  readonly segments: readonly (string | undefined)[];
  /** Which segment is the value. */
  readonly value: number;
}

const PARAMETER = /^(?::\w+|\{\w+\})$/u;
const MAX_PATH = 8192;

/**
 * `/cameras/:id` or `/cameras/{id}`, with one parameter; it fits the path and everything below it.
 * @throws SpanwrightError MISUSE
 */
export function parsePathPattern(path: string, key: string): PathPattern {
  const parts = path.split('/').slice(1);
  const parameters = parts.flatMap((part, index) => (PARAMETER.test(part) ? [index] : []));
  const bad = parts.some((part) => part === '' || (part !== '*' && !PARAMETER.test(part) && /[*:{}?#]/u.test(part)));
  if (!path.startsWith('/') || bad || parameters.length !== 1) {
    throw new SpanwrightError(
      'MISUSE',
      `baggage.declare(): ${JSON.stringify(key)}: path ${JSON.stringify(path)}; expected segments with one parameter, such as "/cameras/:id".`,
    );
  }
  return {
    segments: parts.map((part) => (part === '*' || PARAMETER.test(part) ? undefined : part)),
    value: parameters[0] as number,
  };
}

/** The value that a URL's path has, decoded; undefined when the pattern does not fit. */
export function valueInPath({ segments, value }: PathPattern, url: string): string | undefined {
  if (url.length > MAX_PATH) return undefined;
  const path = url.replace(/^[a-z]+:\/\/[^/?#]*/iu, '').split(/[?#]/u, 1)[0] as string;
  const parts = path.split('/').slice(1);
  if (parts.length < segments.length) return undefined;
  for (const [index, segment] of segments.entries()) if (segment !== undefined && segment !== parts[index]) return undefined;
  return percentDecoded(parts[value] as string) || undefined;
}
