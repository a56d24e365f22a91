// Errors and warnings in the log of a Collector, counted by component and message, for `spanwright traces collector --log`. Reads its
// console form and its JSON, also behind what `kubectl logs --prefix` or a container runtime writes before a line.

import type { Column } from '../../cli/table.js';
import { counted } from '../../runtime/text/counted.js';
import { printable } from '../../runtime/text/printable.js';
import { linesOfLog } from './log-file.js';
import { jsonOf, scalarText } from './log-line.js';

interface LogRow {
  readonly level: string;
  /** Such as `otlp/backend`; empty for the Collector as a whole. */
  readonly component: string;
  readonly message: string;
  /** The most recent error. */
  readonly error: string;
  readonly lines: number;
  readonly last: string;
}
export interface CollectorLog {
  /** Lines that were recognized as the Collector's. */
  readonly read: number;
  readonly unread: { readonly otherForm: number; readonly tooLong: number };
  /** Errors first, then by number of lines. */
  readonly rows: readonly LogRow[];
}

interface Entry {
  readonly level: string;
  readonly time: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const MOST_MESSAGES = 1000;
const FURTHER = `(messages beyond the first ${MOST_MESSAGES})`;
const LONGEST_TEXT = 200;
const ERRORS = new Set(['error', 'dpanic', 'panic', 'fatal']);
/** Time, level, caller, message and fields of the console form, with tabs between. */
const CONSOLE = /(?<!\S)(\S+)\t(debug|info|warn|error|dpanic|panic|fatal)\t(?:[\w./@-]+:\d+\t)?([^\t]*)(?:\t(\{.*\}))?/;

/** Undefined for a line of another form. JSON without `ts` comes from another program, such as one that uses logrus. */
function entryOf(line: string): Entry | undefined {
  const [, time = '', level, message = '', fields = ''] = CONSOLE.exec(line) ?? [];
  if (level !== undefined) return { time, level, message, fields: jsonOf(fields) ?? {} };
  const json = jsonOf(line);
  if (typeof json?.level !== 'string' || typeof json.msg !== 'string' || json.ts === undefined) return undefined;
  return { time: scalarText(json.ts), level: json.level.toLowerCase(), message: json.msg, fields: json };
}

/** A copy, because a part of a line would keep the whole line in memory. */
const short = (value: unknown): string => Buffer.from(printable(scalarText(value), LONGEST_TEXT)).toString();

/** @throws CommandFailure when the file cannot be read. */
export async function readCollectorLog(path: string): Promise<CollectorLog> {
  const rows = new Map<string, LogRow>();
  const unread = { otherForm: 0, tooLong: 0 };
  let read = 0;
  for await (const line of linesOfLog(path)) {
    if (line?.trim() === '') continue;
    const entry = line === undefined ? undefined : entryOf(line);
    if (entry === undefined) {
      unread[line === undefined ? 'tooLong' : 'otherForm'] += 1;
      continue;
    }
    read += 1;
    if (entry.level === 'warn' || ERRORS.has(entry.level)) addTo(rows, entry);
  }
  const sorted = [...rows.values()].sort((a, b) => Number(isError(b)) - Number(isError(a)) || b.lines - a.lines);
  return { read, unread, rows: sorted };
}

/** Messages beyond the limit share one row a level. */
function addTo(rows: Map<string, LogRow>, { level, time, message: text, fields }: Entry): void {
  let component = short(fields['otelcol.component.id'] ?? fields.name);
  let message = short(text);
  let key = JSON.stringify([level, component, message]);
  if (rows.size >= MOST_MESSAGES && !rows.has(key)) {
    [component, message] = ['', FURTHER];
    key = JSON.stringify([level, component, message]);
  }
  const before = rows.get(key);
  const error = fields.error === undefined ? (before?.error ?? '') : short(fields.error);
  rows.set(key, { level, component, message, error, lines: (before?.lines ?? 0) + 1, last: short(time) });
}

const isError = ({ level }: LogRow): boolean => ERRORS.has(level);

/** Faults that the rows of the log show. */
export function faultsOf({ read, rows }: CollectorLog): string[] {
  if (read === 0) return ['the log contains no Collector line'];
  const errors = rows.filter(isError);
  if (errors.length === 0) return [];
  const lines = errors.reduce((sum, row) => sum + row.lines, 0);
  return [`its log: ${counted(lines, 'line')} of ${counted(errors.length, 'error')}`];
}

export const LOG_COLUMNS: readonly Column<LogRow>[] = [
  { title: 'LEVEL', of: ({ level }) => level },
  { title: 'LINES', of: ({ lines }) => lines, number: true },
  { title: 'LAST', of: ({ last }) => last },
  { title: 'COMPONENT', of: ({ component }) => component },
  { title: 'MESSAGE', of: ({ message, error }) => (error === '' ? message : `${message} ${error}`), most: 160 },
];
