// Conditions as people write them: `machineId=m-17 & baggage:tenant=acme,beta & header:x-customer!=4*`. Parsed strictly into plain
// data, and printed back in normal form. User text is never a regular expression.

import { InvalidArgumentError } from '../errors.js';
import type { Condition, ExpectedValue, When } from '../site/condition.js';
import { counted } from '../text/counted.js';
import { describeFound } from '../text/found.js';

const MOST_CHARACTERS = 1000;
const MOST_CONDITIONS = 10;
const MOST_VALUES = 50;

const SOURCES = ['baggage', 'header', 'resource'] as const;
const NAME = /^[\p{L}\p{N}_$][\p{L}\p{N}_$./-]*$/u;
const EXAMPLE = 'for example "machineId=m-17", "baggage:tenant=acme,beta" or "header:x-customer=4*"';

/**
 * Conditions joined by `&`. `%26`, `%2C`, `%2A` and `%25` in a value stand for `&`, `,`, `*` and `%`,
 * and `%3D` for `=` at its start.
 * @throws InvalidArgumentError naming `field` and the condition at fault
 */
export function parseWhen(text: unknown, field = 'when'): When {
  if (typeof text !== 'string')
    throw new InvalidArgumentError(field, `${field}: found ${describeFound(text)}; expected a string.`);
  if (text.length > MOST_CHARACTERS)
    throw new InvalidArgumentError(field, `${field}: ${text.length} characters; at most ${MOST_CHARACTERS} are accepted.`);
  const parts = text.split('&').map((part) => part.trim());
  if (parts.length > MOST_CONDITIONS)
    throw new InvalidArgumentError(field, `${field}: ${parts.length} conditions; at most ${MOST_CONDITIONS} are accepted.`);
  return parts.map((part) => parseCondition(part, field));
}

function parseCondition(text: string, field: string): Condition {
  const at = text.indexOf('=');
  // the value is left out of every message: it may be a secret
  const shown = JSON.stringify(at < 0 ? text.slice(0, 60) : `${text.slice(0, Math.min(at, 60))}=…`);
  if (at <= 0)
    throw new InvalidArgumentError(
      field,
      `${field}: ${shown} compares nothing; expected a name, = or !=, and a value, ${EXAMPLE}.`,
    );
  const negated = text[at - 1] === '!';
  const left = text.slice(0, negated ? at - 1 : at).trim();
  const source = SOURCES.find((candidate) => left.startsWith(`${candidate}:`)) ?? 'value';
  const name = source === 'value' ? left : left.slice(source.length + 1);
  if (!NAME.test(name))
    throw new InvalidArgumentError(
      field,
      `${field}: ${shown} has no valid name; expected the name of an argument or attribute, or one after baggage:, header: or resource:.`,
    );
  if (text[at + 1] === '=')
    throw new InvalidArgumentError(
      field,
      `${field}: ${shown} compares with ==; expected one =; write %3D for a value that begins with =.`,
    );
  if (source === 'value' && name === 'duration')
    throw new InvalidArgumentError(
      field,
      `${field}: the duration is not known before the call has ended; "keep" decides which finished traces are kept.`,
    );
  const values = text
    .slice(at + 1)
    .split(',')
    .map((value) => value.trim());
  if (values.length > MOST_VALUES)
    throw new InvalidArgumentError(
      field,
      `${field}: ${shown} has ${counted(values.length, 'value')}; at most ${MOST_VALUES} are accepted.`,
    );
  const expected = values.map((value) => parseValue(value, shown, field));
  return { source, name: source === 'header' ? name.toLowerCase() : name, negated, expected };
}

function parseValue(value: string, shown: string, field: string): ExpectedValue {
  const open = value.endsWith('*');
  const written = open ? value.slice(0, -1) : value;
  if (value === '')
    throw new InvalidArgumentError(field, `${field}: ${shown} has an empty value; expected text between the commas.`);
  if (written.includes('*'))
    throw new InvalidArgumentError(
      field,
      `${field}: ${shown} has a star inside a value; a star is allowed at the end; write %2A for a literal star.`,
    );
  try {
    const text = decodeURIComponent(written);
    return !open && String(Number(text)) === text ? { text, open, number: Number(text) } : { text, open };
  } catch {
    throw new InvalidArgumentError(field, `${field}: ${shown} has a % that begins no escape; write %25 for the sign itself.`);
  }
}

/** Normal form. @param hides names whose values are shown as `***` */
export function printWhen(when: When, hides?: (name: string) => boolean): string {
  return when
    .map(({ source, name, negated, expected }) => {
      const values = hides?.(name) ? ['***'] : expected.map(({ text, open }) => `${percentEscaped(text)}${open ? '*' : ''}`);
      return `${source === 'value' ? '' : `${source}:`}${name}${negated ? '!=' : '='}${values.join(',')}`;
    })
    .join(' & ');
}

const percentEscaped = (text: string): string =>
  text.replace(/[%&,*]|^[\s=]|\s$/gu, (character) => (character === '*' ? '%2A' : encodeURIComponent(character)));
