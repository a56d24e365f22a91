// Hint at the end of a diagnostic about an unknown name: the nearest known name, or all of them.

import { didYouMean } from '../../runtime/text/nearest.js';

/** @param kind what the names are, in the plural: `options`, `parameters` */
export function suggestion(name: string, known: readonly string[], kind: string): string {
  const hint = didYouMean(name, known);
  if (hint !== '') return hint.trim();
  return known.length === 0 ? `There are no ${kind}.` : `Its ${kind}: ${known.join(', ')}.`;
}
