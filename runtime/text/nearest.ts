// Suggestion for a mistyped name, by edit distance: one wording for configuration keys, options, commands, routes and compile
// errors. Bounded: long words are not compared.

const LONGEST = 64;

/** The nearest of `words`, or undefined when none is near enough to be meant. */
export function nearest(word: string, words: Iterable<string>): string | undefined {
  if (word.length > LONGEST) return undefined;
  let best: string | undefined;
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of words) {
    const distance = editDistance(plain(word), plain(candidate));
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** Returns ` Did you mean "x"?`, or the empty string when no known name is near. */
export function didYouMean(given: string, names: Iterable<string>): string {
  return meant(nearest(given, names));
}

/** The same sentence for a name that is known already. */
export function meant(name: string | undefined): string {
  return name === undefined ? '' : ` Did you mean "${name}"?`;
}

/** Treats `serviceName`, `service-name` and `service_name` as the same word. */
function plain(word: string): string {
  return word.replace(/[-_]/gu, '').toLowerCase();
}

/** Insertions, deletions, substitutions and swaps of adjacent characters (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(at(above, column) + 1, at(current, column - 1) + 1, at(above, column - 1) + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, at(before, column - 2) + 1);
      current.push(cost);
    }
    before = above;
    above = current;
  }
  return at(above, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] as number;
}
