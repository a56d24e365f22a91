// Warnings for patterns that match no site known now, in the answer to the change that names them.

import type { SiteRegistry } from '../site/registry.js';
import { type Pattern, printPattern, subjectOf } from './pattern.js';
import { PatternIndex } from './pattern-index.js';

/** One sentence for each pattern that matches nothing. */
export function unmatchedPatterns(patterns: readonly Pattern[], sites: SiteRegistry): string[] {
  // a span kind is no property of a site alone
  const judged = patterns.filter(({ kind }) => kind !== 'kind');
  const unmatched = new Map(judged.map((pattern) => [printPattern(pattern), pattern]));
  const index = new PatternIndex([...unmatched].map(([text, pattern]) => [pattern, text]));
  for (const site of sites) {
    if (unmatched.size === 0) break;
    index.matches(subjectOf(site), (text) => unmatched.delete(text));
  }
  return [...unmatched.keys()].map(
    (text) => `"${text}" matches none of the ${sites.size} sites known now; sites loaded later are judged when they load.`,
  );
}
