// Roots at which traces may start: the configured ones, or those of the leases that switch tracing on; and under which
// conditions.

import { type ArgumentCondition, fulfils, type When } from '../site/condition.js';
import type { Site } from '../site/site.js';
import type { Pattern } from './pattern.js';

/** Roots at which a trace starts only while conditions hold. */
interface ConditionalRoots {
  readonly roots: readonly Pattern[];
  /** See Admission. */
  readonly marks: boolean;
  readonly when: When;
}

export interface Admission {
  readonly roots: readonly Pattern[];
  /** Sites with `root: 'always'` start traces as well. */
  readonly marks: boolean;
  readonly conditional: readonly ConditionalRoots[];
}

/** Terms of a lease that switches tracing on; null: no restriction of that sort. */
export interface AdmittingLease {
  readonly only: readonly Pattern[] | null;
  readonly when: When | null;
}

/** The admission in force: leases are combined, and one without a restriction allows all. */
export function admissionOf(configured: Admission, leases: readonly AdmittingLease[]): Admission {
  if (leases.length === 0) return configured;
  const everywhere = [...configured.roots, ...configured.conditional.flatMap(({ roots }) => roots)];
  const marks = configured.marks || configured.conditional.some((at) => at.marks);
  if (leases.some(({ only, when }) => only === null && when === null)) return { roots: everywhere, marks, conditional: [] };
  return {
    roots: leases.flatMap(({ only, when }) => (when === null && only !== null ? only : [])),
    marks: false,
    conditional: leases.flatMap(({ only, when }) =>
      when === null ? [] : [{ roots: only ?? everywhere, marks: only === null && marks, when }],
    ),
  };
}

/** The value that a site can record under a name. `computed`: nothing is known before the call. */
type NamedValue = { readonly constant: unknown } | 'argument' | 'computed' | undefined;

/** A third-party tracer gives each span attributes of its own, and an `attributes` callback may return any. */
export function namedValue({ attributes, options, scope }: Site, name: string): NamedValue {
  if (options.args?.some(({ key, parameter }) => key === name || parameter === name)) return 'argument';
  if (scope !== undefined || options.attributes !== undefined) return 'computed';
  return Object.hasOwn(attributes, name) ? { constant: attributes[name] } : undefined;
}

/** False: no call of the site fulfils the conditions. */
export function mayFulfil(site: Site, when: When): boolean {
  return when.every((condition) => {
    if (condition.source !== 'value') return true;
    const value = namedValue(site, condition.name);
    return typeof value === 'object' ? fulfils(condition, value.constant) : value !== undefined;
  });
}

/**
 * The first condition on an argument of the site, where all conditions have to hold together. It is checked before anything else of a
 * call, because under a lease most calls fail it.
 */
export function neededArgument(site: Site, alternatives: readonly When[]): ArgumentCondition | undefined {
  const [when] = alternatives;
  if (when === undefined || alternatives.length > 1) return undefined;
  for (const condition of when) {
    if (condition.source !== 'value') continue;
    const { name } = condition;
    const argument = site.options.args?.find(({ key, parameter }) => key === name || parameter === name);
    if (argument !== undefined) return { index: argument.index, condition };
  }
  return undefined;
}
