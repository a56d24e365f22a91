// Warnings for patterns and names that fit no site known now, in the answer to the change that has them.

import type { When } from '../site/condition.js';
import type { SiteRegistry } from '../site/registry.js';
import { didYouMean } from '../text/nearest.js';
import { namedValue } from './admission.js';
import { type Pattern, printPattern } from './pattern.js';
import { PatternIndex } from './pattern-index.js';

/** One sentence for each pattern that matches nothing. */
export function unmatchedPatterns(patterns: readonly Pattern[], sites: SiteRegistry): string[] {
  // a kind is not checked, because spans of third-party instrumentation have kinds too
  const judged = patterns.filter(({ kind }) => kind !== 'kind');
  const unmatched = new Map(judged.map((pattern) => [printPattern(pattern), pattern]));
  const index = new PatternIndex([...unmatched].map(([text, pattern]) => [pattern, text]));
  for (const site of sites) {
    if (unmatched.size === 0) break;
    index.matches(site, (text) => unmatched.delete(text));
  }
  return [...unmatched.keys()].map(
    (text) => `"${text}" matches no known site (of ${sites.size}); sites loaded later are judged when they load.`,
  );
}

/** One sentence for each name in the conditions that no known site records and the resource lacks. */
export function unrecordedNames(when: When, sites: SiteRegistry, resource: () => Readonly<Record<string, unknown>>): string[] {
  return [...unrecordedValues(when, sites), ...namesBesideResource(when, resource)];
}

function namesBesideResource(when: When, resource: () => Readonly<Record<string, unknown>>): string[] {
  const named = when.flatMap(({ source, name }) => (source === 'resource' ? [name] : []));
  if (named.length === 0) return [];
  const known = Object.keys(resource());
  return named
    .filter((name) => !known.includes(name))
    .map((name) => `The resource of this process has no "${name}".${didYouMean(name, known)} No call fulfils the condition.`);
}

function unrecordedValues(when: When, sites: SiteRegistry): string[] {
  const missing = new Set(when.flatMap(({ source, name }) => (source === 'value' ? [name] : [])));
  const known = new Set<string>();
  let computing = 0;
  for (const site of sites) {
    if (missing.size === 0) return [];
    for (const { key, parameter } of site.options.args ?? []) known.add(key).add(parameter);
    for (const key of Object.keys(site.attributes)) known.add(key);
    for (const name of missing) {
      const value = namedValue(site, name);
      if (value === 'computed') computing++;
      else if (value !== undefined) missing.delete(name);
    }
  }
  const rest =
    computing === 0
      ? 'No call fulfils the condition until a site that records it is loaded.'
      : 'The condition is compared with attributes that are computed at the call or set by third-party instrumentation.';
  return [...missing].map(
    (name) => `"${name}" is recorded by no known site (of ${sites.size}).${didYouMean(name, known)} ${rest}`,
  );
}
