// Lines of a log file, a named pipe or standard input, at most 1 MiB each. Used by from-log.ts and collector-log.ts.

import { createReadStream, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { CommandFailure } from '../../cli/command.js';
import { counted } from '../../runtime/text/counted.js';
import { printable } from '../../runtime/text/printable.js';

const LONGEST_LINE = 1024 * 1024;

/**
 * Undefined in place of a line that is too long.
 * @param path standard input when missing or `-`
 * @throws CommandFailure when the log cannot be read
 */
export async function* linesOfLog(path: string | undefined): AsyncGenerator<string | undefined> {
  try {
    yield* linesIn(isStandardInput(path) ? process.stdin : openLog(path));
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(
      `${isStandardInput(path) ? 'standard input' : printable(path, 200)} cannot be read (${(error as NodeJS.ErrnoException).code ?? error}).`,
    );
  }
}

const isStandardInput = (path: string | undefined): path is '-' | undefined => path === undefined || path === '-';

/** @throws CommandFailure for a device, which may never end. A named pipe is read: shells pass `<(command)` as one. */
function openLog(path: string): Readable {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status?.isCharacterDevice() && path !== '/dev/stdin' && path !== '/dev/null')
    throw new CommandFailure(`${printable(path, 200)} cannot be read: it is a device; expected a file or a pipe.`);
  return createReadStream(path);
}

/** Lines without their ends. Nothing is kept of one that is too long. */
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

/** Numbers of skipped lines, so that a log in another form is not taken for one without errors. */
export function unreadLines(counts: readonly (readonly [count: number, what: string])[]): string[] {
  return counts.filter(([count]) => count > 0).map(([count, what]) => `${counted(count, 'line')} ${what}.`);
}
