// Validation of the options of a change made at run time. Every caller (code, hook, CLI, control sources) passes through here, so
// that a bad option has one wording, names its field, and changes nothing.

import { InvalidArgumentError } from '../errors.js';
import type { Capture } from '../site/capture.js';
import type { When } from '../site/condition.js';
import { parseDuration } from '../text/duration.js';
import { describeFound } from '../text/found.js';
import { didYouMean } from '../text/nearest.js';
import type { Duration, Lease, LeaseOptions } from '../tracing.js';
import { parseCapture } from './capture.js';
import { parseRoots, printPatterns } from './rules.js';
import { parseWhen } from './when.js';

const DEFAULT_MS = 10 * 60_000;
const LONGEST_MS = 24 * 60 * 60_000;
const TEXT_LENGTH = 500;

/** The setting of a change and its value. */
export interface Change {
  readonly kind: Lease['kind'];
  readonly value: boolean | string;
}

/** Options in normal form; null where none was given. */
export interface LeaseTerms {
  /** Milliseconds; Infinity for a change that holds until the next one. */
  readonly duration: number;
  readonly reason: string | null;
  readonly actor: string | null;
  readonly maxSpansPerSecond: number | null;
  readonly maxSpans: number | null;
  readonly maxOpenSpans: number | null;
  readonly only: string | null;
  readonly when: When | null;
  readonly capture: Capture | null;
}

export const isOn = ({ kind, value }: Change): boolean => kind === 'enabled' && value === true;
export const isOff = ({ kind, value }: Change): boolean => kind === 'enabled' && value === false;
/** Empty rules or an empty drop list: a request to end the leases of that kind. */
export const isEmpty = ({ value }: Change): boolean => value === '';

const OPTIONS: readonly (keyof LeaseOptions)[] = [
  'for',
  'reason',
  'actor',
  'maxSpansPerSecond',
  'maxSpans',
  'maxOpenSpans',
  'only',
  'when',
  'capture',
];

/** @throws InvalidArgumentError naming the field. */
export function readTerms(change: Change, options: LeaseOptions): LeaseTerms {
  checkTypes(change, options);
  const limits = {
    maxSpansPerSecond: readLimit('maxSpansPerSecond', options.maxSpansPerSecond),
    maxSpans: readLimit('maxSpans', options.maxSpans),
    maxOpenSpans: readLimit('maxOpenSpans', options.maxOpenSpans),
  };
  return {
    duration: readDuration(change, options.for),
    reason: readText('reason', options.reason),
    actor: readText('actor', options.actor),
    // a number of spans must not switch tracing on again
    ...(isOff(change) ? { maxSpansPerSecond: null, maxSpans: null, maxOpenSpans: null } : limits),
    only: readOnly(change, options.only),
    when: readWhen(change, options.when),
    capture: readCapture(change, options.capture),
  };
}

/** Refuses values that a program without types may pass: a flag such as 1 or 'false', and options that are misspelt. */
function checkTypes({ kind, value }: Change, options: LeaseOptions): void {
  if (kind === 'enabled' && typeof value !== 'boolean')
    throw new InvalidArgumentError(kind, `enabled: found ${describeFound(value)}; expected true or false.`);
  checkOptions(options);
  const unknown = Object.keys(options).find((name) => !(OPTIONS as readonly string[]).includes(name));
  if (unknown === undefined) return;
  throw new InvalidArgumentError(
    unknown,
    `Unknown option ${JSON.stringify(unknown.slice(0, 60))}.${didYouMean(unknown, OPTIONS)} Known: ${OPTIONS.join(', ')}.`,
  );
}

/** A Map, an array or a promise would be read as no options. @throws InvalidArgumentError */
export function checkOptions(options: object): void {
  const holdsOptions =
    typeof options === 'object' &&
    options !== null &&
    (Object.keys(options).length > 0 || Object.prototype.toString.call(options) === '[object Object]');
  if (!holdsOptions)
    throw new InvalidArgumentError('options', `options: found ${describeFound(options)}; expected an object that holds them.`);
}

function readDuration(change: Change, value: Duration | undefined): number {
  if (value === undefined || value === null) return isOff(change) ? Number.POSITIVE_INFINITY : DEFAULT_MS;
  const milliseconds = parseDuration(value, 'for');
  if (milliseconds <= 0 || milliseconds > LONGEST_MS) {
    throw new InvalidArgumentError(
      'for',
      `for: ${JSON.stringify(value)} is out of range; a change made at run time holds more than 0 and at most 24h.`,
    );
  }
  return milliseconds;
}

function readLimit(field: string, value: number | undefined): number | null {
  if (value === undefined || value === null) return null;
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError(field, `${field}: found ${describeFound(value)}; expected a whole number of at least 1.`);
  }
  return value;
}

function readOnly(change: Change, only: string | undefined): string | null {
  if (only === undefined || only === null) return null;
  if (!isOn(change)) {
    throw new InvalidArgumentError(
      'only',
      'only: it is valid only when tracing is switched on, because it restricts where traces start.',
    );
  }
  if (typeof only !== 'string') throw new InvalidArgumentError('only', `only: found ${describeFound(only)}; expected a string.`);
  const roots = parseRoots(only, 'only');
  if (roots.length > 0) return printPatterns(roots, '');
  throw new InvalidArgumentError(
    'only',
    `only: ${JSON.stringify(only.slice(0, 60))} names nothing; expected a namespace such as "carbide::api".`,
  );
}

function readWhen(change: Change, when: string | undefined): When | null {
  if (when === undefined || when === null) return null;
  if (isOn(change)) return parseWhen(when);
  throw new InvalidArgumentError(
    'when',
    'when: it is valid only when tracing is switched on, because it restricts which calls start traces.',
  );
}

function readCapture(change: Change, capture: string | undefined): Capture | null {
  if (capture === undefined || capture === null) return null;
  if (isOn(change)) return parseCapture(capture);
  throw new InvalidArgumentError(
    'capture',
    'capture: it is valid only when tracing is switched on, because it selects the values of recorded calls to keep.',
  );
}

/** @throws InvalidArgumentError where it is no string, or a long one */
export function readText(field: string, value: string | undefined): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string')
    throw new InvalidArgumentError(field, `${field}: found ${describeFound(value)}; expected a string.`);
  if (value.length > TEXT_LENGTH) {
    throw new InvalidArgumentError(field, `${field}: ${value.length} characters; at most ${TEXT_LENGTH} are accepted.`);
  }
  return value;
}
