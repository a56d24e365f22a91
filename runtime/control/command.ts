// Document of a control source: at most one command for each of the three settings, with a revision and the time that is left.
// Sources are files and stores that others write, so every field is checked here before anything is changed.

import { InvalidArgumentError } from '../errors.js';
import { parseDuration } from '../text/duration.js';
import type { Lease, LeaseOptions } from '../tracing.js';

/** Setting that a command changes. */
export type Setting = Lease['kind'];
export const SETTINGS: readonly Setting[] = ['enabled', 'rules', 'drop'];

/** A change for all replicas. */
export interface ReplicaCommand extends LeaseOptions {
  readonly setting: Setting;
  /** The flag, or the rule text; null ends what the source has set before. */
  readonly value: boolean | string | null;
}

/** A command as a source holds it now. */
export interface HeldCommand {
  readonly command: ReplicaCommand;
  /** Of two commands for one setting, the one with the higher revision applies. */
  readonly revision: number;
  /** Milliseconds that the command still holds, by the clock of the source; Infinity for one without end. */
  readonly remaining: number;
}

/** Duration of a command that names none. */
export const USUAL_TIME = '10m';
const LONGEST = 24 * 60 * 60_000;

/** Switching off without a duration holds until the next switch on. */
export const isEndless = ({ setting, value, for: time }: ReplicaCommand): boolean =>
  setting === 'enabled' && value === false && time === undefined;

/** Milliseconds that a command holds; Infinity without end. @throws InvalidArgumentError naming `for` unless it is 1 ms to 24 h. */
export function timeOf(command: ReplicaCommand): number {
  if (isEndless(command)) return Number.POSITIVE_INFINITY;
  return parseDuration(command.for ?? USUAL_TIME, 'for', { min: 1, max: LONGEST });
}

/** Most characters of a command: rules are at most 8192. */
export const MOST_TEXT = 16 * 1024;

const EXPECTED: Readonly<Record<Setting, readonly [type: string, words: string]>> = {
  enabled: ['boolean', 'true or false'],
  rules: ['string', 'a string'],
  drop: ['string', 'a string'],
};

/** Fields of a command besides its value, with the type that each must have; ranges are checked by the lease itself. */
const FIELDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['for', ['string', 'number']],
  ['reason', ['string']],
  ['actor', ['string']],
  ['only', ['string']],
  ['when', ['string']],
  ['capture', ['string']],
  ['maxSpansPerSecond', ['number']],
  ['maxSpans', ['number']],
  ['maxOpenSpans', ['number']],
]);
export const COMMAND_FIELDS: ReadonlySet<string> = new Set(FIELDS.keys());
/** Fields that are valid only when tracing is switched on; a document may have them beside other settings. */
const ENABLING = ['only', 'when', 'capture'] as const;

/** The fields that a document of one setting may have, as in the body of the admin hook's route. */
export const fieldsFor = (setting: Setting): ReadonlySet<string> =>
  new Set([setting, ...FIELDS.keys()].filter((name) => setting === 'enabled' || !ENABLING.includes(name as never)));

/** @throws InvalidArgumentError naming `setting` unless the value is one that the setting can have, or null. */
export function checkValue(setting: Setting, value: unknown): boolean | string | null {
  const [type, words] = EXPECTED[setting];
  const found: string = typeof value;
  if (value === null || found === type) return value as boolean | string | null;
  throw new InvalidArgumentError(setting, `"${setting}" must be ${words}, or null; found ${found}.`);
}

/** The lease options among `fields`. @throws InvalidArgumentError for a type that a field cannot have. */
export function leaseOptions(fields: Readonly<Record<string, unknown>>): LeaseOptions {
  const options: Record<string, unknown> = {};
  for (const [name, types] of FIELDS) {
    const value = fields[name];
    if (value === undefined || value === null) continue;
    if (!types.includes(typeof value))
      throw new InvalidArgumentError(name, `"${name}" must be a ${types.join(' or a ')}; found ${typeof value}.`);
    options[name] = value;
  }
  return options;
}

/** The object in `text`. @throws InvalidArgumentError when it is no JSON object, or has a field that is not known. */
export function readObject(text: string, known: ReadonlySet<string>): Record<string, unknown> {
  if (text.length > MOST_TEXT)
    throw new InvalidArgumentError('text', `${text.length} characters; at most ${MOST_TEXT} are accepted.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('text', 'it is not valid JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidArgumentError('text', 'it must be a JSON object.');
  const unknown = Object.keys(value).find((name) => !known.has(name));
  if (unknown === undefined) return value as Record<string, unknown>;
  const shown = JSON.stringify(unknown.slice(0, 60));
  throw new InvalidArgumentError(unknown, `unknown field ${shown}. Known: ${[...known].join(', ')}.`);
}

/** A command for each setting, with null where `document` does not name it. @throws InvalidArgumentError naming the field. */
export function commandsIn(document: Readonly<Record<string, unknown>>): ReplicaCommand[] {
  const options = leaseOptions(document);
  const others = Object.fromEntries(Object.entries(options).filter(([name]) => !ENABLING.includes(name as never)));
  return SETTINGS.map((setting) => {
    const value = document[setting] === undefined ? null : checkValue(setting, document[setting]);
    return { setting, value, ...(setting === 'enabled' ? options : others) };
  });
}
