// From what the user wrote to what the recording path reads. Misuse is an error where the decorator runs, with the site's name:
// what was found, what was expected, the nearest valid name.

import type { Attributes } from '@opentelemetry/api';
import { SpanwrightError } from '../errors.js';
import { KIND_NAMES, type KindName } from '../site/kind.js';
import { INFO, LEVELS, type Level, ROOT_MARKS, type RootMark } from '../site/marks.js';
import type { MarkedParameter, ResolvedOptions } from '../site/options.js';
import { cleanAttributes } from '../span/attributes.js';
import { parseDuration, readDuration } from '../text/duration.js';
import { describeFound } from '../text/found.js';
import { didYouMean } from '../text/nearest.js';
import { notice } from '../warnings.js';
import { ADDED_NAMES, type AddedOptions, type InstrumentOptions, OPTION_NAMES } from './options.js';

/** Limits used before a set-up exists, while code is loaded. */
const UNLIMITED = { attributeLength: Number.POSITIVE_INFINITY, hides: undefined };

type Check = (value: unknown) => boolean;
const isFunction: Check = (value) => typeof value === 'function';
const isText: Check = (value) => typeof value === 'string' && value !== '';
const isFlag: Check = (value) => typeof value === 'boolean';
const isRecord: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Check of each option, and the words for a valid value. */
const FORMS: Record<(typeof OPTION_NAMES)[number], readonly [Check, string]> = {
  name: [isText, 'a string that is not empty'],
  namespace: [isText, 'a string that is not empty'],
  kind: [
    (value) => KIND_NAMES.includes(value as KindName) || KIND_NAMES[value as number] !== undefined,
    `one of ${KIND_NAMES.join(', ')}`,
  ],
  attributes: [(value) => isFunction(value) || isRecord(value), 'a record of attributes or a function that returns one'],
  args: [(value) => Array.isArray(value) || isRecord(value), 'parameter names, or a record from parameter name to attribute key'],
  result: [isFunction, 'a function from the result to attributes'],
  root: [
    (value) => isFlag(value) || ROOT_MARKS.includes(value as RootMark),
    `${ROOT_MARKS.map((mark) => `"${mark}"`).join(', ')}, true or false`,
  ],
  level: [(value) => LEVELS.includes(value as Level), `one of ${LEVELS.join(', ')}`],
  parent: [isFunction, 'a function from the arguments to a parent'],
  link: [(value) => value === 'same-trace', '"same-trace"'],
  links: [isFunction, 'a function from the arguments to links'],
  expectedErrors: [(value) => Array.isArray(value) || isFunction(value), 'a list of error classes or a predicate'],
  longRunning: [isFlag, 'true or false'],
  until: [(value) => value === 'end', '"end"'],
  minDuration: [(value) => readDuration(value) !== undefined, 'milliseconds, or a string such as "50ms"'],
};

/** @throws SpanwrightError MISUSE naming the site, the option, and what was expected. */
export function checkInstrumentOptions(
  options: InstrumentOptions,
  where: string,
  names: readonly (keyof typeof FORMS)[] = OPTION_NAMES,
): void {
  for (const key of Object.keys(options)) {
    const form = names.includes(key as keyof typeof FORMS) ? FORMS[key as keyof typeof FORMS] : undefined;
    if (form === undefined)
      throw instrumentMisuse(where, `unknown option "${key}".${didYouMean(key, names)} Known: ${names.join(', ')}.`);
    const value = options[key as keyof InstrumentOptions];
    if (value !== undefined && !form[0](value))
      throw instrumentMisuse(where, `option "${key}": found ${describeFound(value)}; expected ${form[1]}.`);
  }
}

/** The same for `instrument.attributes`, which must name something to add. @param marked parameters with `@record` */
export function checkAddedOptions(options: AddedOptions, where: string, marked: number): void {
  checkInstrumentOptions(options, where, ADDED_NAMES);
  if (options.args === undefined && options.attributes === undefined && marked === 0)
    throw instrumentMisuse(
      where,
      'instrument.attributes names nothing to add; expected args, attributes, or @record on a parameter.',
    );
}

/** Parameters of a function, as far as they are known. */
interface KnownParameters {
  /** Names in order; undefined where they are not needed. */
  readonly names: readonly string[] | undefined;
  /** Read from the source text, which a bundler may have minified. */
  readonly guessed: boolean;
  /** Those with `@record`. */
  readonly marked: readonly MarkedParameter[];
}

/** @throws SpanwrightError MISUSE for a name in `args` that the transformer's record of the parameters lacks. */
export function resolveOptions(options: InstrumentOptions, parameters: KnownParameters, where: string): ResolvedOptions {
  const args = options.args === undefined ? undefined : resolveArgs(options.args, parameters, where);
  const recorded = parameters.marked.map(({ index, key }) => {
    const parameter = parameters.names?.[index] ?? '';
    if (key === undefined && parameter === '')
      throw instrumentMisuse(where, `@record: parameter ${index + 1} has no name; expected an attribute key, @record('key').`);
    return { index, parameter, key: key ?? parameter };
  });
  return {
    adds: undefined,
    attributes: typeof options.attributes === 'function' ? (options.attributes as ResolvedOptions['attributes']) : undefined,
    args: recorded.length === 0 ? args : [...(args ?? []), ...recorded],
    result: options.result as ResolvedOptions['result'],
    root: options.root === true,
    rootMark: typeof options.root === 'string' ? options.root : 'may',
    level: options.level === undefined ? INFO : LEVELS.indexOf(options.level),
    parent: options.parent as ResolvedOptions['parent'],
    linked: options.link === 'same-trace',
    links: options.links as ResolvedOptions['links'],
    expected: resolveExpected(options.expectedErrors),
    longRunning: options.longRunning ?? false,
    untilEnd: options.until === 'end',
    minDuration: options.minDuration === undefined ? 0 : parseDuration(options.minDuration, 'minDuration'),
  };
}

/** Options of a function that only adds to the span in which it is called: it starts no trace. */
export function resolveAdded(options: AddedOptions, parameters: KnownParameters, where: string): ResolvedOptions {
  return { ...resolveOptions(options, parameters, where), adds: constantAttributes(options), rootMark: 'never' };
}

/** The constant part of `attributes`, without values that OpenTelemetry cannot represent. */
export function constantAttributes(options: InstrumentOptions): Attributes {
  return typeof options.attributes === 'object'
    ? cleanAttributes(options.attributes, Number.POSITIVE_INFINITY, UNLIMITED).kept
    : {};
}

function resolveArgs(
  args: NonNullable<InstrumentOptions['args']>,
  { names, guessed }: KnownParameters,
  where: string,
): ResolvedOptions['args'] {
  const entries = Array.isArray(args)
    ? args.map((name: string) => [name, name] as const)
    : Object.entries(args as Record<string, string>);
  if (names === undefined) return undefined;
  return entries.flatMap(([name, key]) => {
    const index = names.indexOf(name);
    if (index >= 0) return [{ index, parameter: name, key }];
    const named = names.filter((known) => known !== ''); // destructured ones have none
    const what = `args: there is no parameter "${name}".${didYouMean(name, named)} Parameters: ${named.join(', ') || 'none'}.`;
    if (!guessed) throw instrumentMisuse(where, what);
    notice(
      'SPW039',
      `@instrument on ${where}: ${what} Names in minified code are lost unless the transformer ran (docs/bundles.md)`,
    );
    return [];
  });
}

function resolveExpected(expected: InstrumentOptions['expectedErrors']): ResolvedOptions['expected'] {
  if (expected === undefined) return undefined;
  if (typeof expected === 'function') return expected as (error: unknown) => boolean;
  const classes = [...(expected as readonly (abstract new (...args: never) => unknown)[])];
  return (error) => classes.some((expectedClass) => error instanceof expectedClass);
}

function instrumentMisuse(where: string, what: string): SpanwrightError {
  return new SpanwrightError('MISUSE', `${where === 'startSpan()' ? '' : '@instrument on '}${where}: ${what}`);
}
