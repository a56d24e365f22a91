// Reads the arguments that several recipes share: trace ids, lengths of time, lists of services.

import { type Invocation, UsageError } from '../../cli/command.js';
import { DURATION_FORMS, readDuration } from '../../runtime/text/duration.js';
import { printable } from '../../runtime/text/printable.js';

const DEFAULT_LIMIT = 20;
const MOST_ROWS = 1500;

/** 32 hexadecimal digits; Jaeger prints ids without leading zeros, so those may be missing. @throws UsageError */
export function readTraceId(text: string): string {
  const id = text.toLowerCase();
  if (/^[0-9a-f]{16,32}$/.test(id) && !/^0+$/.test(id)) return id.padStart(32, '0');
  throw new UsageError(
    `"${printable(text, 80)}" is not a trace id; expected 32 hexadecimal digits, such as those after trace_id in a log.`,
  );
}

/** Milliseconds of an option. @throws UsageError */
export function durationOption<Fallback extends number | undefined>(
  { options }: Invocation,
  name: string,
  fallback: Fallback,
): number | Fallback {
  const given = options.get(name);
  if (given === undefined) return fallback;
  const milliseconds = readDuration(given);
  if (milliseconds !== undefined) return milliseconds;
  throw new UsageError(`--${name}: found "${printable(String(given), 60)}"; expected ${DURATION_FORMS}.`);
}

/** @throws UsageError */
export function limitOption({ options }: Invocation): number {
  const limit = Number(options.get('limit') ?? DEFAULT_LIMIT);
  if (limit >= 1 && limit <= MOST_ROWS) return limit;
  throw new UsageError(`--limit: found ${limit}; expected 1 to ${MOST_ROWS}.`);
}

export function listOption({ options }: Invocation, name: string): string[] {
  const given = options.get(name);
  return typeof given !== 'string'
    ? []
    : [
        ...new Set(
          given
            .split(',')
            .map((part) => part.trim())
            .filter(Boolean),
        ),
      ];
}
