// Lengths of time as people write them: `500ms`, `10s`, `10m`, `24h`, or a plain number of milliseconds.
// Read by the configuration and by leases; both throw the same message for an invalid text.

import { InvalidArgumentError } from '../errors.js';
import { describeFound } from './found.js';

const UNITS = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

export const DURATION_FORMS = 'a duration such as 500ms, 10s, 10m or 24h, or a plain number of milliseconds';

/** Milliseconds, or undefined when `value` is not a duration. Negative and infinite ones are not. */
export function readDuration(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : undefined;
  if (typeof value !== 'string' || value.length > 40) return undefined;
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/u.exec(value);
  const unit = match?.[2] === '' ? 1 : UNITS.get(match?.[2] ?? '');
  return unit === undefined ? undefined : Number(match?.[1]) * unit;
}

/**
 * Milliseconds of a duration given in code or over the wire.
 * @throws InvalidArgumentError naming `field`, when it is not a duration or not within `min` and `max` milliseconds.
 */
export function parseDuration(value: unknown, field: string, range: { min?: number; max?: number } = {}): number {
  const milliseconds = readDuration(value);
  if (milliseconds === undefined) {
    throw new InvalidArgumentError(field, `${field}: found ${show(value)}; expected ${DURATION_FORMS}.`);
  }
  const { min = 0, max = Number.POSITIVE_INFINITY } = range;
  if (milliseconds < min || milliseconds > max) {
    throw new InvalidArgumentError(
      field,
      `${field}: ${show(value)} is out of range; expected ${printDuration(min)} to ${printDuration(max)}.`,
    );
  }
  return milliseconds;
}

/** The shortest form that {@link readDuration} reads back: 600000 is `10m`, 1500 is `1500ms`. */
export function printDuration(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return 'any length';
  for (const [unit, size] of [...UNITS].reverse()) {
    if (milliseconds >= size && milliseconds % size === 0) return `${milliseconds / size}${unit}`;
  }
  return `${milliseconds}ms`;
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80));
  return typeof value === 'number' ? String(value) : describeFound(value);
}
