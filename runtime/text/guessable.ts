// Recognizes secrets that were not generated at random. Asked where a token or a secret is read, so that it is refused with the reason.

import { counted } from './counted.js';

/** Fewest different characters. Of a million random tokens of 16 digits, fewer than one has three. */
const FEWEST_DIFFERENT = 4;
/** Share of adjacent characters that may have the same distance. */
const MOST_AT_ONE_STEP = 0.75;

/** The pattern that makes a text easy to guess, as a clause without the text; undefined for one without a pattern. */
export function guessable(text: string): string | undefined {
  const different = new Set(text).size;
  if (different < FEWEST_DIFFERENT)
    return `it has ${counted(different, 'different character')}, expected at least ${FEWEST_DIFFERENT}`;
  for (let part = 1; part <= text.length / 2; part++)
    if (text.startsWith(text.slice(part))) return `it repeats its first ${counted(part, 'character')}`;
  for (const step of [-1, 0, 1]) {
    let steps = 0;
    for (let at = 1; at < text.length; at++) if (text.charCodeAt(at) - text.charCodeAt(at - 1) === step) steps++;
    if (steps >= (text.length - 1) * MOST_AT_ONE_STEP)
      return step === 0 ? 'its characters repeat' : 'its characters follow one another, as in "abcdef"';
  }
  return undefined;
}
