// Patterns of roots, rules and drop lists, as data. User text is never a regular expression: a namespace pattern is a prefix
// cut at segments, a scope or name pattern is exact or ends in `*`.

import { InvalidArgumentError } from '../errors.js';
import { KIND_NAMES, type KindName } from '../site/kind.js';

export type PatternKind = 'all' | 'namespace' | 'scope' | 'name' | 'kind' | 'place';

export interface Pattern {
  readonly kind: PatternKind;
  /** The pattern without the kind's marker, and without a trailing separator or star. */
  readonly text: string;
  /** For scope and name: the text is a prefix. */
  readonly open: boolean;
}

const MARKERS: Record<string, PatternKind> = { 'scope:': 'scope', 'name:': 'name', 'kind:': 'kind' };
/** A file and a line, as editors and stack traces have them: `src/power.ts:42`, the line of the function's name. */
const PLACE = /^[^\s*=,:]+\.[cm]?[jt]sx?:[1-9]\d*$/;
const WORD = /[\p{L}\p{N}_$@-]/u;

/** Longest rule text accepted, and most entries in it: rules come from people and over the wire. */
export const MAX_RULE_TEXT = 8192;
export const MAX_RULE_ENTRIES = 512;

/** @throws InvalidArgumentError naming `field` and the token. */
export function parsePattern(token: string, field: string, kinds: readonly PatternKind[]): Pattern {
  const pattern = readPattern(token, field);
  if (!kinds.includes(pattern.kind)) {
    throw new InvalidArgumentError(
      field,
      `${field}: "${token}" is a ${pattern.kind} pattern, which is not possible here; possible are ${describeKinds(kinds)}.`,
    );
  }
  return pattern;
}

function readPattern(token: string, field: string): Pattern {
  if (token === '*') return { kind: 'all', text: '', open: true };
  for (const [marker, kind] of Object.entries(MARKERS)) {
    if (!token.startsWith(marker)) continue;
    const open = kind !== 'kind' && token.endsWith('*');
    const text = open ? token.slice(marker.length, -1) : token.slice(marker.length);
    if (kind === 'kind' && !KIND_NAMES.includes(text as KindName)) {
      throw new InvalidArgumentError(field, `${field}: "${token}": unknown span kind; expected one of ${KIND_NAMES.join(', ')}.`);
    }
    if (text === '' && !open) throw new InvalidArgumentError(field, `${field}: "${token}" names nothing after "${marker}".`);
    refuseStar(text, token, field);
    return { kind, text, open };
  }
  if (PLACE.test(token)) return { kind: 'place', text: token.replace(/^\.\//, ''), open: false };
  const text = token.replace(/(?:::|[.:/])(?:\*)?$/u, '').replace(/(?:::|[.:/])$/u, '');
  if (text === '' || !WORD.test(text[0] as string)) {
    throw new InvalidArgumentError(
      field,
      `${field}: "${token}" is not a namespace; expected segments such as "carbide::api", "*", or ${Object.keys(MARKERS).join(', ')} and a name.`,
    );
  }
  refuseStar(text, token, field);
  return { kind: 'namespace', text, open: true };
}

function refuseStar(text: string, token: string, field: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  const bad = /[*\s=,\u0000-\u001f\u007f]/u.exec(text);
  if (bad) {
    throw new InvalidArgumentError(
      field,
      `${field}: "${token}" holds ${JSON.stringify(bad[0])}; a pattern is a prefix cut at segments, a star is allowed alone or at the end.`,
    );
  }
}

function describeKinds(kinds: readonly PatternKind[]): string {
  const texts: Record<PatternKind, string> = {
    all: '*',
    namespace: 'a namespace prefix',
    scope: 'scope:<name>',
    name: 'name:<span name>',
    kind: 'kind:<span kind>',
    place: '<file>:<line>',
  };
  return kinds.map((kind) => texts[kind]).join(', ');
}

/** Normal form, as printed back. */
export function printPattern(pattern: Pattern): string {
  if (pattern.kind === 'all') return '*';
  if (pattern.kind === 'namespace' || pattern.kind === 'place') return pattern.text;
  return `${pattern.kind}:${pattern.text}${pattern.open ? '*' : ''}`;
}

/** True when `prefix` is `namespace` or ends in it at the end of a segment: `carbide` fits `carbide::x`, never `carbidex`. */
export function isNamespacePrefix(prefix: string, namespace: string): boolean {
  if (!namespace.startsWith(prefix)) return false;
  return namespace.length === prefix.length || !isWordAt(namespace, prefix.length);
}

/** True when the character at `index` belongs to a segment. */
export function isWordAt(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  // nearly every segment ends in `:`, `.` or `/`, and nearly every character is a letter; a regular expression is used for the rest only
  if (code === COLON || code === DOT || code === SLASH) return false;
  if ((code >= LOWER_A && code <= LOWER_Z) || (code >= UPPER_A && code <= UPPER_Z)) return true;
  return WORD.test(String.fromCodePoint(text.codePointAt(index) as number));
}

const COLON = 58;
const DOT = 46;
const SLASH = 47;
const LOWER_A = 97;
const LOWER_Z = 122;
const UPPER_A = 65;
const UPPER_Z = 90;

/** Subject of a pattern: a site, or a span of a third-party tracer. */
export interface Subject {
  /** Namespace, separator and function. Undefined for a third-party span without `code.namespace`. */
  readonly qualified: string | undefined;
  readonly scope: string | undefined;
  readonly spanName: string;
  /** File and line of the function's name, for a site whose source the transformer saw. */
  readonly place?: string | undefined;
}

/**
 * How exactly the pattern fits: -1 not at all, 0 for `*`, else the length of what it names; with equal lengths a scope or name is
 * more specific than a namespace, and a whole text more than a prefix, so that no two patterns tie.
 */
export function specificity(pattern: Pattern, subject: Subject): number {
  switch (pattern.kind) {
    case 'all':
      return 0;
    case 'namespace':
      return subject.qualified !== undefined && isNamespacePrefix(pattern.text, subject.qualified) ? pattern.text.length : -1;
    case 'scope':
      return subject.scope !== undefined && fits(pattern, subject.scope) ? exactness(pattern) : -1;
    case 'name':
      return fits(pattern, subject.spanName) ? exactness(pattern) : -1;
    // one line of one file is more exact than any name
    case 'place':
      return subject.place === pattern.text ? Number.MAX_SAFE_INTEGER : -1;
    case 'kind':
      return -1;
  }
}

function exactness(pattern: Pattern): number {
  return pattern.text.length + (pattern.open ? 0.25 : 0.5);
}

function fits(pattern: Pattern, text: string): boolean {
  return pattern.open ? text.startsWith(pattern.text) : text === pattern.text;
}
