// logfmt: `level=info msg="two words" trace_id=...`. A value is quoted when its end would be ambiguous; inside quotes,
// escapes are those of JSON, which the readers of logfmt (Loki, humanlog, go-logfmt) take.

import { describeError, printJson } from './json.js';

/** Characters that a bare value must not contain: space, quotes, `=`, backslash, control characters, and anything that is no plain text. */
const NEEDS_QUOTES = /[\s="\\\p{Cc}\p{Cf}\p{Surrogate}\u2028\u2029\ufffd]/u;
/** Characters that a key must not contain. */
const NOT_IN_KEYS = /[\s="\\\p{Cc}\p{Cf}\p{Surrogate}\ufffd]/gu;
const ESCAPED = /["\\\p{Cc}\p{Cf}\p{Surrogate}\u2028\u2029\ufffd]/gu;
const SHORT: Record<string, string> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * One line of logfmt, without a line break, in the order of the fields. Undefined and functions are left out; objects are JSON.
 * @example formatLogfmt({ level: 'info', msg: 'node drained', node: 'n1' }) // level=info msg="node drained" node=n1
 */
export function formatLogfmt(fields: object): string {
  const pairs: string[] = [];
  for (const [key, value] of Object.entries(fields)) {
    const text = readable(value);
    if (text === undefined) continue;
    pairs.push(`${key.replace(NOT_IN_KEYS, '_') || '_'}=${quoted(text)}`);
  }
  return pairs.join(' ');
}

/** Logging must not fail: an unreadable value, such as a revoked proxy, is named as such. */
function readable(value: unknown): string | undefined {
  try {
    return logfmtValue(value);
  } catch {
    return '[unreadable]';
  }
}

function logfmtValue(value: unknown): string | undefined {
  if (value === null) return 'null';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'null' : value.toISOString();
  if (value instanceof Error) return printJson(describeError(value));
  if (typeof value === 'object') return printJson(value);
  return value === undefined || typeof value === 'function' || typeof value === 'symbol' ? undefined : String(value);
}

function quoted(text: string): string {
  if (text !== '' && !NEEDS_QUOTES.test(text)) return text;
  return `"${text.replace(ESCAPED, escapeInLogfmt)}"`;
}

function escapeInLogfmt(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  let text = '';
  for (let at = 0; at < character.length; at++) text += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  return text;
}
