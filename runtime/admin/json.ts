// Parses a request body and, where it is not JSON, reports the line, the column and what was found there. The engine's own
// message names no position for many inputs and quotes the text, which may be a secret, so the place is found here, by a
// walk over the grammar (RFC 8259) that runs only after JSON.parse has refused.

import { printable } from '../text/printable.js';
import { Refusal } from './refusal.js';

const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const WORD = /true|false|null/y;
/** Deeper bodies are refused at that depth; the deepest valid one has two levels. */
const DEEPEST = 32;

class Fault {
  constructor(
    readonly at: number,
    readonly expected: string,
  ) {}
}

function firstFault(text: string): Fault | undefined {
  let at = 0;
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) return false;
    at += match[0].length;
    return true;
  };
  const space = () => take(SPACE);
  const list = (close: string, entry: () => void): void => {
    at += 1;
    space();
    if (text[at] === close) {
      at += 1;
      return;
    }
    for (;;) {
      entry();
      space();
      if (text[at] === close) break;
      if (text[at] !== ',') throw new Fault(at, `"," or "${close}"`);
      at += 1;
      space();
    }
    at += 1;
  };
  const value = (depth: number): void => {
    if (depth > DEEPEST) throw new Fault(at, `at most ${DEEPEST} levels`);
    const member = (): void => {
      if (!take(STRING)) throw new Fault(at, 'a name in double quotes');
      space();
      if (text[at] !== ':') throw new Fault(at, '":"');
      at += 1;
      space();
      value(depth + 1);
    };
    const first = text[at];
    if (first === '{') list('}', member);
    else if (first === '[') list(']', () => value(depth + 1));
    else if (first === '"') {
      if (!take(STRING)) throw new Fault(at, 'a complete string');
    } else if (!take(NUMBER) && !take(WORD)) throw new Fault(at, 'a value');
  };
  try {
    space();
    value(0);
    space();
    return at < text.length ? new Fault(at, 'the end') : undefined;
  } catch (fault) {
    if (fault instanceof Fault) return fault;
    throw fault;
  }
}

function placeInJson(text: string, { at, expected }: Fault): string {
  const before = text.slice(0, at).split('\n');
  const column = (before[before.length - 1] ?? '').length + 1;
  const character = text.codePointAt(at);
  const found = character === undefined ? 'the end of the body' : printable(`"${String.fromCodePoint(character)}"`);
  return `at line ${before.length}, column ${column} (position ${at}): expected ${expected}, found ${found}`;
}

/**
 * The value that `text` holds.
 * @throws Refusal (400) that names the position when `text` is not JSON.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const fault = firstFault(text);
    throw new Refusal('invalid', `The body is not valid JSON${fault === undefined ? '' : ` ${placeInJson(text, fault)}`}.`);
  }
}
