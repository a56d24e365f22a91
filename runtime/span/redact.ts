// Names whose values are not to be seen: parameters and attribute keys, hidden when they are captured, so that a secret never reaches a
// processor. Read by the configuration; evaluated once for each attribute, with a bounded memory of answers.

import { InvalidArgumentError } from '../errors.js';
import { namesSecret } from './secret-names.js';

const MOST_NAMES = 200;
const LONGEST_NAME = 200;
const REMEMBERED = 2000;
const NAME = /^!?[\p{L}\p{N}_$.*:/-]+$/u;

/** Stands for the names in secret-names.ts. */
const DEFAULT = 'default';

/** Patterns that apply without a configuration. */
export const DEFAULT_REDACT = DEFAULT;

/**
 * Names separated by commas, in normal form. The default names are part of every list that is not empty, unless it has `!default`; an
 * empty list hides nothing.
 * @throws InvalidArgumentError naming the token
 */
export function parseRedact(text: string, field = 'redact'): readonly string[] {
  const names = text
    .split(/[,\n]/u)
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  if (names.length > MOST_NAMES)
    throw new InvalidArgumentError(field, `${field}: ${names.length} names; at most ${MOST_NAMES} are accepted.`);
  for (const name of names) {
    if (name.length <= LONGEST_NAME && NAME.test(name)) continue;
    const found = JSON.stringify(name.slice(0, 40));
    throw new InvalidArgumentError(
      field,
      `${field}: found ${found}; expected a name of letters, digits and _ $ . - : / or *, after ! for an exception.`,
    );
  }
  if (names.length === 0) return [];
  const first = names.includes(`!${DEFAULT}`) ? [] : [DEFAULT];
  return [...new Set([...first, ...names])];
}

export function printRedact(names: readonly string[]): string {
  return names.join(', ');
}

/** The test for the names of `text`; undefined without any. */
export function hiddenNames(text: string): ((name: string) => boolean) | undefined {
  const names = parseRedact(text);
  const defaults = names.includes(DEFAULT);
  const hidden = names.filter((name) => name !== DEFAULT && !name.startsWith('!'));
  const exceptions = names.filter((name) => name.startsWith('!')).map((name) => name.slice(1));
  if (!defaults && hidden.length === 0) return undefined;
  const answers = new Map<string, boolean>();

  function answerFor(name: string): boolean {
    const key = name.toLowerCase();
    const parts = [key, ...key.split('.')];
    const isNamed = (patterns: readonly string[]) => patterns.some((pattern) => parts.some((part) => matches(part, pattern)));
    return !isNamed(exceptions) && (isNamed(hidden) || (defaults && namesSecret(name)));
  }
  return function hides(name) {
    let answer = answers.get(name);
    if (answer === undefined) {
      answer = answerFor(name);
      if (answers.size >= REMEMBERED) answers.clear();
      answers.set(name, answer);
    }
    return answer;
  };
}

/** `*` stands for any text, also none. Linear: each piece between stars is looked for once, from left to right. */
function matches(text: string, pattern: string): boolean {
  const pieces = pattern.split('*');
  const first = pieces[0] as string;
  const last = pieces[pieces.length - 1] as string;
  if (pieces.length === 1) return text === pattern;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let from = first.length;
  const end = text.length - last.length;
  for (const piece of pieces.slice(1, -1)) {
    const at = text.indexOf(piece, from);
    if (at < 0 || at + piece.length > end) return false;
    from = at + piece.length;
  }
  return true;
}
