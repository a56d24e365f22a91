// The fields of bodies and queries: their types, the check that turns what was sent into values, and their JSON schema for
// the OpenAPI document. Ranges and formats (durations, rule text) are checked by the tracing itself, in one place for code
// and hook; here only presence, names and types.

import { describeFound } from '../text/found.js';
import { didYouMean } from '../text/nearest.js';
import { printable } from '../text/printable.js';
import { Refusal } from './refusal.js';

type FieldType = 'boolean' | 'text' | 'duration' | 'count' | 'positive';

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly required?: boolean;
  /** Largest number of a `count`. */
  readonly most?: number;
  /** The only texts that a `text` may be. */
  readonly choices?: readonly string[];
  readonly summary: string;
}

interface TypeRow {
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
  readonly schema: Readonly<Record<string, unknown>>;
}

const isCount = (least: number) => (value: unknown) => Number.isSafeInteger(value) && (value as number) >= least;

export const FIELD_TYPES: Readonly<Record<FieldType, TypeRow>> = {
  boolean: { expected: 'true or false', accepts: (value) => typeof value === 'boolean', schema: { type: 'boolean' } },
  text: { expected: 'a string', accepts: (value) => typeof value === 'string', schema: { type: 'string' } },
  duration: {
    expected: 'a duration such as "10m", or milliseconds',
    accepts: (value) => typeof value === 'string' || typeof value === 'number',
    schema: { oneOf: [{ type: 'string', examples: ['90s', '10m', '2h'] }, { type: 'number' }] },
  },
  count: { expected: 'a whole number from 0', accepts: isCount(0), schema: { type: 'integer', minimum: 0 } },
  positive: { expected: 'a whole number from 1', accepts: isCount(1), schema: { type: 'integer', minimum: 1 } },
};

function unknownName(name: string, fields: readonly Field[], what: string): Refusal {
  const names = fields.map((field) => field.name);
  const shown = printable(name, 64);
  const known = names.length === 0 ? `This route takes no ${what}.` : `Known: ${names.join(', ')}.`;
  return new Refusal('invalid', `Unknown ${what} "${shown}".${didYouMean(name, names)} ${known}`, { field: shown });
}

function checkValue(field: Field, value: unknown): void {
  const { expected, accepts } = FIELD_TYPES[field.type];
  if (!accepts(value)) {
    const message = `"${field.name}" must be ${expected}; found ${describeFound(value)}.`;
    throw new Refusal('invalid', message, { field: field.name });
  }
  if (field.choices !== undefined && !field.choices.includes(value as string)) {
    const message = `"${field.name}" must be one of ${field.choices.join(', ')}; found ${describeFound(value)}.`;
    throw new Refusal('invalid', message, { field: field.name });
  }
  if (field.most !== undefined && (value as number) > field.most) {
    throw new Refusal('invalid', `"${field.name}" must be at most ${field.most}; found ${value}.`, { field: field.name });
  }
}

/** The fields of a body, checked. @throws Refusal (400) that names the first field at fault. */
export function bodyFields(body: Readonly<Record<string, unknown>>, fields: readonly Field[]): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  for (const [name, value] of Object.entries(body)) {
    const field = fields.find((candidate) => candidate.name === name);
    if (field === undefined) throw unknownName(name, fields, 'field');
    checkValue(field, value);
    values.set(name, value);
  }
  const missing = fields.find((field) => field.required && !values.has(field.name));
  if (missing !== undefined) {
    const message = `"${missing.name}" is missing; expected ${FIELD_TYPES[missing.type].expected}.`;
    throw new Refusal('invalid', message, { field: missing.name });
  }
  return values;
}

/** The parameters of a query, checked; numbers are read from their decimal digits. @throws like bodyFields. */
export function queryFields(query: URLSearchParams, fields: readonly Field[]): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  for (const [name, text] of query) {
    const field = fields.find((candidate) => candidate.name === name);
    if (field === undefined) throw unknownName(name, fields, 'query parameter');
    if (values.has(name)) throw new Refusal('invalid', `"${name}" is given twice.`, { field: name });
    const value = field.type === 'count' && /^[0-9]{1,15}$/.test(text) ? Number(text) : text;
    checkValue(field, value);
    values.set(name, value);
  }
  return values;
}
