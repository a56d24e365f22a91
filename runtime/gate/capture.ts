// Values that a lease captures, in the notation `args, result, this.rackId`. Parsed strictly, printed back in normal form.

import { InvalidArgumentError } from '../errors.js';
import type { Capture } from '../site/capture.js';
import { describeFound } from '../text/found.js';
import type { Pattern } from './pattern.js';

/** A capture and the patterns of its sites; null: every site. */
export interface CaptureAt {
  readonly only: readonly Pattern[] | null;
  readonly capture: Capture;
}

const MOST_CHARACTERS = 500;
const FIELD = /^this\.([\p{L}\p{N}_$]+)$/u;

/** @throws InvalidArgumentError naming the part at fault */
export function parseCapture(text: unknown, field = 'capture'): Capture {
  if (typeof text !== 'string' || text.length > MOST_CHARACTERS)
    throw new InvalidArgumentError(
      field,
      `${field}: found ${typeof text === 'string' ? `${text.length} characters` : describeFound(text)}; expected a string of at most ${MOST_CHARACTERS} characters.`,
    );
  const parts = text.split(',').map((part) => part.trim());
  const unknown = parts.find((part) => !['args', 'result', 'this'].includes(part) && !FIELD.test(part));
  if (unknown !== undefined)
    throw new InvalidArgumentError(
      field,
      `${field}: ${JSON.stringify(unknown.slice(0, 60))} cannot be captured; expected args, result, this or this.<field>, separated by commas.`,
    );
  const fields = parts.flatMap((part) => FIELD.exec(part)?.[1] ?? []);
  return {
    args: parts.includes('args'),
    result: parts.includes('result'),
    self: parts.includes('this') ? 'all' : [...new Set(fields)],
  };
}

export function printCapture({ args, result, self }: Capture): string {
  const fields = self === 'all' ? ['this'] : self.map((field) => `this.${field}`);
  return [...(args ? ['args'] : []), ...(result ? ['result'] : []), ...fields].join(', ');
}

/** The union of the captures; undefined without any. */
export function unitedCapture(captures: readonly Capture[]): Capture | undefined {
  const [first, ...others] = captures;
  return others.reduce<Capture | undefined>(
    (all, next) =>
      all && {
        args: all.args || next.args,
        result: all.result || next.result,
        self: all.self === 'all' || next.self === 'all' ? 'all' : [...new Set([...all.self, ...next.self])],
      },
    first,
  );
}
