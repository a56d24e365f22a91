// Errors and warnings in the log of a Collector, counted by component and message, for `spanwright traces collector --log`. Reads its
// console form and its JSON, also behind what `kubectl logs --prefix` or a container runtime writes before a line.

import { type Column, table } from '../../cli/table.js';
import { printable } from '../../runtime/text/printable.js';
import { linesOfLog } from './log-file.js';

interface LogRow {
  readonly level: string;
  /** Such as `otlp/backend`; empty for the Collector as a whole. */
  readonly component: string;
  readonly message: string;
  /** Its last reason. */
  readonly error: string;
  readonly lines: number;
  readonly last: string;
}
interface CollectorLog {
  /** Lines that were recognized as the Collector's. */
  readonly read: number;
  /** Errors first, then by number of lines. */
  readonly rows: readonly LogRow[];
  readonly faults: readonly string[];
}

interface Entry {
  readonly level: string;
  readonly time: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const ERRORS = new Set(['error', 'dpanic', 'panic', 'fatal']);
/** Time, level, caller, message and fields of the console form, with tabs between. */
const CONSOLE = /(\S+)\t(debug|info|warn|error|dpanic|panic|fatal)\t(?:[\w./@-]+:\d+\t)?([^\t]*)(?:\t(\{.*\}))?/;

function entryOf(line: string): Entry | undefined {
  const [, time = '', level, message = '', fields = '{}'] = CONSOLE.exec(line) ?? [];
  if (level !== undefined) return { time, level, message, fields: objectIn(fields) ?? {} };
  const json = objectIn(line.slice(Math.max(0, line.indexOf('{'))));
  if (typeof json?.level !== 'string' || typeof json.msg !== 'string') return undefined;
  return { time: String(json.ts ?? ''), level: json.level.toLowerCase(), message: json.msg, fields: json };
}

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** @throws CommandFailure when the file cannot be read. */
export async function readCollectorLog(path: string): Promise<CollectorLog> {
  const rows = new Map<string, LogRow>();
  let read = 0;
  for await (const line of linesOfLog(path)) {
    const entry = line === undefined ? undefined : entryOf(line);
    if (entry === undefined) continue; // frames of a stack, lines of another program
    read += 1;
    const { level, time, message, fields } = entry;
    if (level !== 'warn' && !ERRORS.has(level)) continue;
    const component = String(fields['otelcol.component.id'] ?? fields.name ?? '');
    const key = JSON.stringify([level, component, message]);
    rows.set(key, {
      level,
      component,
      message,
      error: String(fields.error ?? rows.get(key)?.error ?? ''),
      lines: (rows.get(key)?.lines ?? 0) + 1,
      last: time,
    });
  }
  const isError = ({ level }: LogRow): number => Number(ERRORS.has(level));
  const sorted = [...rows.values()].sort((a, b) => isError(b) - isError(a) || b.lines - a.lines);
  return { read, rows: sorted, faults: faultsOf(read, sorted) };
}

function faultsOf(read: number, rows: readonly LogRow[]): string[] {
  if (read === 0) return ['no line of a Collector is in that log'];
  return rows
    .filter(({ level }) => ERRORS.has(level))
    .map(({ component, message, error, lines }) => {
      const reason = error === '' ? '' : ` (${printable(error, 200)})`;
      return `its log: ${lines} × ${component === '' ? '' : `${printable(component, 80)}: `}${printable(message, 200)}${reason}`;
    });
}

const COLUMNS: readonly Column<LogRow>[] = [
  { title: 'LEVEL', of: ({ level }) => level },
  { title: 'LINES', of: ({ lines }) => lines, number: true },
  { title: 'LAST', of: ({ last }) => last },
  { title: 'COMPONENT', of: ({ component }) => component },
  { title: 'MESSAGE', of: ({ message, error }) => (error === '' ? message : `${message} ${error}`), most: 160 },
];

export const logLines = ({ rows }: CollectorLog, colours: boolean): string[] => [...table(COLUMNS, rows, colours)];
