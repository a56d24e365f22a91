// Names of sites: the namespace of a file from its place below the root directory, and the namespace and
// names of a function from what encloses it. Pure functions of their arguments, so that names are the same in every host.

import type { SiteRecord } from '../../runtime/site/site.js';

export interface NamingRules {
  /** First part of every namespace; empty for none. */
  readonly root: string;
  readonly separator: string;
  readonly spanName: 'short' | 'qualified';
}

/** Scopes that enclose a function, from the file inward. */
export interface Enclosure {
  /** Names of classes, functions and TypeScript namespaces. */
  readonly segments: readonly string[];
  /** These scopes, as places in the source. */
  readonly scopes: readonly Scope[];
  /** The innermost scope, if it is a class or an object literal: the first half of a span name. */
  readonly owner: string | null;
}

/** A scope that adds a segment. */
export interface Scope {
  /** A class or an object literal. */
  readonly owner: boolean;
  /** Offset of its end, which identifies it. */
  readonly end: number;
}

export const TOP_LEVEL: Enclosure = { segments: [], scopes: [], owner: null };

/** Name of a member of a class or an object literal. */
export function insideOwner({ segments, scopes }: Enclosure, name: string, { end }: { end: number }): Enclosure {
  return { segments: [...segments, name], scopes: [...scopes, { owner: true, end }], owner: name };
}

/** Name of a function or a TypeScript namespace around others; an anonymous one adds nothing. */
export function insideScope({ segments, scopes }: Enclosure, name: string | undefined, { end }: { end: number }): Enclosure {
  if (name === undefined) return { segments, scopes, owner: null };
  return { segments: [...segments, name], scopes: [...scopes, { owner: false, end }], owner: null };
}

const EXTENSION = /\.[cm]?[jt]sx?$/;

/** `@acme/billing` is `acme::billing`. */
export function rootOfPackage(name: string, separator: string): string {
  return name
    .replace(/^@/, '')
    .split('/')
    .filter((part) => part !== '')
    .map((part) => segment(part, separator))
    .join(separator);
}

/**
 * Segments of a file: one for each directory and one for the stem.
 * @param relative path from the root directory with forward slashes; steps out of it (`..`) are left out.
 */
export function segmentsOfFile(relative: string, separator: string): string[] {
  const parts = relative.split('/').filter((part) => part !== '' && part !== '.' && part !== '..');
  const stem = (parts.pop() ?? '').replace(EXTENSION, '');
  if (stem !== 'index' && stem !== '') parts.push(stem);
  return parts.map((part) => segment(part, separator));
}

/** One part of a namespace: what would end it in a rule (separator, space, `,` `=` `*`) becomes `_`. */
function segment(text: string, separator: string): string {
  return text
    .split(separator)
    .join('_')
    .replace(/[\s,=*:]/gu, '_');
}

/** The names in a site's record. */
export function namesOf(
  file: readonly string[],
  enclosure: Pick<Enclosure, 'segments' | 'owner'>,
  functionName: string,
  rules: NamingRules,
): Pick<SiteRecord, 'namespace' | 'function' | 'name' | 'separator'> {
  const { separator, spanName } = rules;
  const inner = enclosure.segments.map((name) => segment(name, separator));
  const namespace = [rules.root, ...file, ...inner].filter((part) => part !== '').join(separator);
  const short = enclosure.owner === null ? functionName : `${enclosure.owner}.${functionName}`;
  const qualified = namespace === '' ? functionName : `${namespace}${separator}${functionName}`;
  const names = { namespace, function: functionName, name: spanName === 'short' ? short : qualified };
  return separator === '::' ? names : { ...names, separator };
}
