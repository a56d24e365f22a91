// `spanwright traces from-log`: from the error lines of a log to their traces. Reads JSON lines (pino's numbers as levels too), logfmt, and
// text in which a trace id and the word of a level stand; counts what it could not read. For each trace it says what the backend has.

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { CommandFailure, EXIT, type Invocation, UsageError } from '../../cli/command.js';
import { type Column, spoken, table } from '../../cli/table.js';
import { TRACE_FIELD_PATTERNS } from '../../runtime/logs/derived-fields.js';
import { printable } from '../../runtime/text/printable.js';
import { limitOption } from './arguments.js';
import { backendOf } from './backend.js';
import { type TraceRow, traceRow } from './search.js';

/** What is longer is not a line of a log that was written for people or programs. */
const LONGEST_LINE = 1024 * 1024;

const TRACE_ID = new RegExp(TRACE_FIELD_PATTERNS.trace_id);
/** Other names and forms of it: `traceId: ...`, `trace.id=...`, `traceparent=00-...-...-01`, Spring's `[app,trace,span]`. */
const OTHER_TRACE_ID =
  /(?:\btrace[._-]?id"?\s*[:=]\s*"?|\btraceparent"?\s*[:=]\s*"?[0-9a-f]{2}-|\[[^\s,[\]]*,)([0-9a-f]{32})(?![0-9a-f])/iu;
/** A level that stands alone in a line of text, in capitals or in brackets. */
const LEVEL_WORD =
  /(?:^|[\s|[(<])(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|SEVERE|FATAL|CRITICAL|PANIC|EMERG|ALERT)(?=$|[\s|\])>:,])|[[(<](trace|debug|info|notice|warn|warning|error|err|fatal|critical)[\])>]/u;
const TIME = /^\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)/u;

const RANKS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    trace: 10,
    debug: 20,
    info: 30,
    warn: 40,
    warning: 40,
    notice: 30,
    error: 50,
    err: 50,
    severe: 50,
    fatal: 60,
    critical: 60,
    panic: 60,
    emerg: 60,
    alert: 60,
  }),
);

interface Line {
  readonly time: string;
  readonly level: string;
  readonly traceId: string;
  readonly message: string;
}
interface Found extends Line {
  /** Lines with this trace. */
  readonly lines: number;
  readonly trace: TraceRow | null;
}

type Fields = Readonly<Record<string, unknown>>;
const first = (fields: Fields, ...names: string[]): unknown =>
  names.map((name) => fields[name]).find((value) => value !== undefined);

function fieldsOf(line: string): Fields {
  if (line.startsWith('{')) {
    try {
      return JSON.parse(line) as Fields;
    } catch {
      // A cut line: its ids may still be read as text.
    }
  }
  const fields: Record<string, unknown> = Object.create(null);
  for (const [, key, quoted, plain] of line.matchAll(/([A-Za-z_][\w.]*)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g)) {
    fields[key as string] = quoted ?? plain;
  }
  return fields;
}

function rankOf(level: unknown): number {
  return typeof level === 'number' ? level : (RANKS.get(String(level).toLowerCase()) ?? 0);
}

/** Why a line says nothing of a trace. */
type Unread = 'noTrace' | 'noLevel' | 'tooLong';

function readLog(text: string): Line | Unread {
  if (text.length > LONGEST_LINE) return 'tooLong';
  const traceId = (TRACE_ID.exec(text) ?? OTHER_TRACE_ID.exec(text))?.[1]?.toLowerCase();
  if (traceId === undefined || /^0+$/u.test(traceId)) return 'noTrace';
  const fields = fieldsOf(text);
  const error = first(fields, 'err', 'error');
  const said = first(fields, 'msg', 'message') ?? '';
  const reason = typeof error === 'object' && error !== null ? (error as { message?: unknown }).message : error;
  const time = first(fields, 'time', 'timestamp', 'ts', '@timestamp');
  const word = LEVEL_WORD.exec(text);
  const level = String(first(fields, 'level', 'severity', 'lvl', 'log.level') ?? word?.[1] ?? word?.[2] ?? '');
  if (rankOf(Number(level) || level) === 0) return 'noLevel';
  return {
    time: typeof time === 'number' ? timeText(time) : String(time ?? TIME.exec(text)?.[1] ?? ''),
    level,
    traceId,
    message: [said, reason].filter((part) => typeof part === 'string' && part !== '').join(': ') || restOf(text),
  };
}

/** Milliseconds since the epoch, or what was written where that is no time. */
function timeText(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString();
}

/** What a line of text says beside time, level and ids. */
function restOf(text: string): string {
  if (text.startsWith('{')) return '';
  return text
    .replace(TIME, '')
    .replace(LEVEL_WORD, ' ')
    .replace(/\[?\b[\w.-]+=(?:"(?:[^"\\]|\\.)*"|\S*)\]?/gu, ' ')
    .replace(/\s*\|\s*(?:\|\s*)*/gu, ' | ')
    .replace(/^[\s|\][-]+|[\s|]+$/gu, '');
}

async function readLines(
  path: string | undefined,
  least: number,
  limit: number,
): Promise<{ found: Map<string, Line & { lines: number }>; read: number; unread: Record<Unread, number> }> {
  const input = path === undefined || path === '-' ? process.stdin : createReadStream(path);
  const found = new Map<string, Line & { lines: number }>();
  const unread: Record<Unread, number> = { noTrace: 0, noLevel: 0, tooLong: 0 };
  let count = 0;
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (text.trim() === '') continue;
      count++;
      const line = readLog(text);
      if (typeof line === 'string') {
        unread[line]++;
        continue;
      }
      if (rankOf(Number(line.level) || line.level) < least) continue;
      const before = found.get(line.traceId);
      found.delete(line.traceId); // the newest stand last
      found.set(line.traceId, { ...(before ?? line), lines: (before?.lines ?? 0) + 1 });
      if (found.size > limit) found.delete(found.keys().next().value as string);
    }
  } catch (error) {
    throw new CommandFailure(
      `${printable(path ?? 'standard input', 200)} cannot be read (${(error as NodeJS.ErrnoException).code ?? error}).`,
    );
  }
  return { found, read: count, unread };
}

const COLUMNS: readonly Column<Found>[] = [
  { title: 'TIME', of: ({ time }) => time },
  { title: 'LEVEL', of: ({ level }) => level },
  { title: 'TRACE', of: ({ traceId }) => traceId },
  { title: 'LINES', of: ({ lines }) => lines, number: true },
  { title: 'TOOK', of: ({ trace }) => (trace === null ? 'not there' : spoken(trace.durationMs)), number: true },
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
  if (rows.length === 0) err(`None of ${read} lines is of level ${level} or above and has a trace_id.`);
  else for (const text of table(COLUMNS, rows, colours)) out(text);
  for (const text of unreadLines(unread)) err(text);
  if (rows.some(({ trace }) => trace !== null)) err('One of them whole: spanwright traces show TRACE');
  return EXIT.done;
}

/** What was passed over, so that a log in another form is not taken for one without errors. */
function unreadLines({ noTrace, noLevel, tooLong }: Record<Unread, number>): string[] {
  return [
    [noLevel, 'with a trace id and no level that can be read'],
    [noTrace, 'without a trace id'],
    [tooLong, 'too long to be read'],
  ].flatMap(([count, what]) => ((count as number) > 0 ? [`${count} line${count === 1 ? '' : 's'} ${what}.`] : []));
}
