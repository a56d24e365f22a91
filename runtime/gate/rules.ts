// The three text settings of recording: roots, rules and drop. Parsed strictly into plain data, printed back in normal form, and evaluated
// once per site when they change, never per call.

import { InvalidArgumentError } from '../errors.js';
import { INFO, LEVELS, type Level } from '../site/marks.js';
import { describeFound } from '../text/found.js';
import { MAX_RULE_ENTRIES, MAX_RULE_TEXT, type Pattern, type PatternKind, parsePattern, printPattern } from './pattern.js';

/**
 * A pattern and the probability that a trace begun under it is kept: 1 is `on`, 0 is `off` (transparent). Sites of a more detailed level
 * than the rule's are off too.
 */
export interface Rule {
  readonly pattern: Pattern;
  readonly ratio: number;
  /** Index in LEVELS. */
  readonly level: number;
}

/** Smallest ratio that 56 bits of a trace id can distinguish; a smaller one would keep no trace. */
const SMALLEST_RATIO = 2 ** -56;

const ROOT_KINDS: readonly PatternKind[] = ['all', 'namespace', 'place', 'scope', 'kind'];
const RULE_KINDS: readonly PatternKind[] = ['all', 'namespace', 'place', 'scope'];
const DROP_KINDS: readonly PatternKind[] = ['namespace', 'place', 'scope', 'name'];

/** `*`, `none`, or patterns separated by commas. @throws InvalidArgumentError naming the token. */
export function parseRoots(text: string | readonly string[], field = 'roots'): readonly Pattern[] {
  const tokens = split(text, field);
  if (tokens.length === 1 && tokens[0] === 'none') return [];
  return tokens.map((token) => parsePattern(token, field, ROOT_KINDS));
}

/** `carbide::db=off, carbide::api=0.1, carbide::bmc=debug, *=on`. @throws InvalidArgumentError naming the token. */
export function parseRules(text: string | readonly string[], field = 'rules'): readonly Rule[] {
  return split(text, field).map((token) => {
    const at = token.lastIndexOf('=');
    if (at <= 0) {
      throw new InvalidArgumentError(
        field,
        `${field}: "${token}" has no verdict; expected <pattern>=on, =off, =debug, =trace or =<ratio from 0 to 1>.`,
      );
    }
    const pattern = parsePattern(token.slice(0, at).trim(), field, RULE_KINDS);
    return { pattern, ...parseVerdict(token.slice(at + 1).trim(), token, field) };
  });
}

/** Patterns separated by commas. @throws InvalidArgumentError naming the token. */
export function parseDrop(text: string | readonly string[], field = 'drop'): readonly Pattern[] {
  return split(text, field).map((token) => parsePattern(token, field, DROP_KINDS));
}

function parseVerdict(verdict: string, token: string, field: string): Omit<Rule, 'pattern'> {
  const level = LEVELS.indexOf(verdict as Level);
  if (level !== -1) return { ratio: 1, level };
  return { ratio: parseRatio(verdict, token, field), level: INFO };
}

function parseRatio(verdict: string, token: string, field: string): number {
  if (verdict === 'on') return 1;
  if (verdict === 'off') return 0;
  const ratio = /^(?:\d+\.?\d*|\.\d+)$/u.test(verdict) ? Number(verdict) : Number.NaN;
  if (!(ratio === 0 || (ratio >= SMALLEST_RATIO && ratio <= 1))) {
    throw new InvalidArgumentError(
      field,
      `${field}: "${token}": "${verdict}" is not a verdict; expected on, off, ${LEVELS.join(', ')} or a ratio from 0 to 1.`,
    );
  }
  return ratio;
}

function split(text: string | readonly string[], field: string): string[] {
  if (typeof text !== 'string' && !(Array.isArray(text) && text.every((item) => typeof item === 'string')))
    throw new InvalidArgumentError(field, `${field}: found ${describeFound(text)}; expected a string or an array of strings.`);
  const whole = typeof text === 'string' ? text : text.join(',');
  if (whole.length > MAX_RULE_TEXT) {
    throw new InvalidArgumentError(field, `${field}: ${whole.length} characters; at most ${MAX_RULE_TEXT} are accepted.`);
  }
  const tokens = whole
    .split(/[,\n]/u)
    .map((token) => token.trim())
    .filter((token) => token !== '');
  if (tokens.length > MAX_RULE_ENTRIES) {
    throw new InvalidArgumentError(field, `${field}: ${tokens.length} entries; at most ${MAX_RULE_ENTRIES} are accepted.`);
  }
  return tokens;
}

/** Shortest decimal form that is read back, never with an exponent. */
function printRatio(ratio: number): string {
  const shortest = String(ratio);
  return shortest.includes('e') ? ratio.toFixed(20).replace(/0+$/u, '') : shortest;
}

/** Keeps the last of several rules for one pattern, in their original order. */
export function withoutOverruled(rules: readonly Rule[]): readonly Rule[] {
  const last = new Map<string, Rule>();
  for (const rule of rules) {
    const pattern = printPattern(rule.pattern);
    last.delete(pattern);
    last.set(pattern, rule);
  }
  return [...last.values()];
}

export function printPatterns(patterns: readonly Pattern[], empty: string): string {
  return patterns.length === 0 ? empty : patterns.map(printPattern).join(', ');
}

/** Normal form: one entry per pattern (the last one given), verdict as `on`, `off`, a level but for `info`, or the shortest number. */
export function printRules(rules: readonly Rule[]): string {
  return withoutOverruled(rules)
    .map((rule) => `${printPattern(rule.pattern)}=${printVerdict(rule)}`)
    .join(', ');
}

function printVerdict({ ratio, level }: Rule): string {
  if (level !== INFO) return LEVELS[level] as Level;
  return ratio === 1 ? 'on' : ratio === 0 ? 'off' : printRatio(ratio);
}
