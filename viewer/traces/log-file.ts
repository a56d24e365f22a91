// Lines of a log file, a named pipe or standard input, of any length. Used by from-log.ts and collector-log.ts.

import { createReadStream, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { CommandFailure } from '../../cli/command.js';
import { printable } from '../../runtime/text/printable.js';

/** Longer lines are not taken for lines of a log. */
const LONGEST_LINE = 1024 * 1024;

/**
 * Undefined in place of a line that is too long.
 * @param path standard input when missing or `-`
 * @throws CommandFailure when the log cannot be read
 */
export async function* linesOfLog(path: string | undefined): AsyncGenerator<string | undefined> {
  try {
    yield* linesIn(path === undefined || path === '-' ? process.stdin : openLog(path));
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(
      `${printable(path ?? 'standard input', 200)} cannot be read (${(error as NodeJS.ErrnoException).code ?? error}).`,
    );
  }
}

/** @throws CommandFailure for a device, which may never end. A named pipe is read: shells pass `<(command)` as one. */
function openLog(path: string): Readable {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status?.isCharacterDevice() && path !== '/dev/stdin' && path !== '/dev/null')
    throw new CommandFailure(`${printable(path, 200)} cannot be read: it is a device; expected a file or a pipe.`);
  return createReadStream(path);
}

/** The lines of a text without the line ends; undefined in place of one that is too long, of which nothing is kept. */
async function* linesIn(input: Readable): AsyncGenerator<string | undefined> {
  let rest = '';
  let tooLong = false;
  for await (const chunk of input.setEncoding('utf8')) {
    const lines = (chunk as string).split(/\r?\n/u);
    const last = lines.pop() as string;
    for (const line of lines) {
      const whole = rest + line;
      yield tooLong || whole.length > LONGEST_LINE ? undefined : whole;
      rest = '';
      tooLong = false;
    }
    tooLong ||= rest.length + last.length > LONGEST_LINE;
    rest = tooLong ? '' : rest + last;
  }
  if (tooLong || rest !== '') yield tooLong ? undefined : rest;
}
