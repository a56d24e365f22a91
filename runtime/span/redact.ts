// Names whose values are not to be seen: parameters and attribute keys, hidden when they are captured, so that a secret never
// reaches a processor. Read by the configuration; asked once for each attribute, with a bounded memory of answers.

import { InvalidArgumentError } from '../errors.js';

const MOST_NAMES = 200;
const LONGEST_NAME = 200;
const REMEMBERED = 2000;
const NAME = /^[\p{L}\p{N}_$.*:/-]+$/u;

/** Names separated by commas. @throws InvalidArgumentError naming the token */
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
    throw new InvalidArgumentError(field, `${field}: found ${found}; expected a name of letters, digits and _ $ . - : / or *.`);
  }
  return [...new Set(names)];
}

export function printRedact(names: readonly string[]): string {
  return names.join(', ');
}

/** The test for the names of `text`; undefined when there are none. */
export function hiddenNames(text: string): ((name: string) => boolean) | undefined {
  const names = parseRedact(text);
  if (names.length === 0) return undefined;
  const answers = new Map<string, boolean>();
  return function hides(name) {
    let answer = answers.get(name);
    if (answer === undefined) {
      const key = name.toLowerCase();
      const parts = [key, ...key.split('.')];
      answer = names.some((hidden) => parts.some((part) => matches(part, hidden)));
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
