// `spanwright traces from-log`: from the error lines of a log to their traces. Counts what it could not read. For each trace it shows what the backend has.

import { EXIT, type Invocation, UsageError } from '../../cli/command.js';
import { type Column, shortDuration, table } from '../../cli/table.js';
import { counted } from '../../runtime/text/counted.js';
import { printable } from '../../runtime/text/printable.js';
import { limitOption } from './arguments.js';
import { backendOf } from './backend.js';
import { linesOfLog, unreadLines } from './log-file.js';
import { type LogLine, RANKS, rankOf, readLogLine, type Unread } from './log-line.js';
import { type TraceRow, traceRow } from './search.js';

interface Found extends LogLine {
  /** Lines with this trace. */
  readonly lines: number;
  readonly trace: TraceRow | null;
}

async function readLines(
  path: string | undefined,
  least: number,
  limit: number,
): Promise<{ found: Map<string, LogLine & { lines: number }>; read: number; unread: Record<Unread, number> }> {
  const found = new Map<string, LogLine & { lines: number }>();
  const unread: Record<Unread, number> = { noTrace: 0, noLevel: 0, tooLong: 0 };
  let count = 0;
  for await (const text of linesOfLog(path)) {
    if (text?.trim() === '') continue;
    count++;
    const line = text === undefined ? 'tooLong' : readLogLine(text);
    if (typeof line === 'string') {
      unread[line]++;
      continue;
    }
    if (rankOf(Number(line.level) || line.level) < least) continue;
    const before = found.get(line.traceId);
    found.delete(line.traceId); // the newest come last
    found.set(line.traceId, { ...(before ?? line), lines: (before?.lines ?? 0) + 1 });
    if (found.size > limit) found.delete(found.keys().next().value as string);
  }
  return { found, read: count, unread };
}

const COLUMNS: readonly Column<Found>[] = [
  { title: 'TIME', of: ({ time }) => time },
  { title: 'LEVEL', of: ({ level }) => level },
  { title: 'TRACE', of: ({ traceId }) => traceId },
  { title: 'LINES', of: ({ lines }) => lines, number: true },
  { title: 'TOOK', of: ({ trace }) => (trace === null ? 'not there' : shortDuration(trace.durationMs)), number: true },
  { title: 'ROOT', of: ({ trace }) => (trace === null ? '' : `${trace.service}: ${trace.root}`) },
  { title: 'MESSAGE', of: ({ message }) => message, most: 120 },
];

export async function runFromLog(invocation: Invocation): Promise<number> {
  const { arguments: words, options, out, err, colours } = invocation;
  const level = String(options.get('level') ?? 'error').toLowerCase();
  const least = RANKS.get(level);
  if (least === undefined)
    throw new UsageError(`--level: found "${printable(level, 60)}"; expected one of ${[...RANKS.keys()].join(', ')}.`);
  const backend = backendOf(invocation);
  const { found, read, unread } = await readLines(words[0], least, limitOption(invocation));
  const rows: Found[] = [];
  for (const line of [...found.values()].reverse()) {
    const spans = await backend.trace(line.traceId);
    rows.push({ ...line, trace: spans === undefined ? null : traceRow(spans) });
  }
  if (options.has('json')) {
    out(JSON.stringify({ lines: rows, read, unread }));
    return EXIT.done;
  }
  if (rows.length === 0) err(`None of ${counted(read, 'line')} is of level ${level} or above and has a trace_id.`);
  else for (const text of table(COLUMNS, rows, colours)) out(text);
  const { noTrace, noLevel, tooLong } = unread;
  for (const text of unreadLines([
    [noLevel, 'with a trace id and no level that can be read'],
    [noTrace, 'without a trace id'],
    [tooLong, 'too long to be read'],
  ]))
    err(text);
  if (rows.some(({ trace }) => trace !== null)) err('One of them whole: spanwright traces show TRACE');
  return EXIT.done;
}
