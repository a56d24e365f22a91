// Reads trace id, level, time and message from a line of a log: JSON (pino's numbers as levels too), logfmt, or text that contains a
// trace id and a level. Used by from-log.ts and collector-log.ts. The time to read a line is proportional to its length: a pattern that
// repeats a class of characters is tried once for each run of them.

import { TRACE_FIELD_PATTERNS } from '../../runtime/logs/derived-fields.js';

const TRACE_ID = new RegExp(TRACE_FIELD_PATTERNS.trace_id);
/** Other names and forms of it: `traceId: ...`, `"trace":{"id":...}`, `traceparent=00-...-...-01`, Spring's `[app,trace,span]`, Google Cloud's. */
const OTHER_TRACE_ID =
  /(?:\btrace[._-]?id"?\s*[:=]\s*"?|"trace":\s*\{\s*"id":\s*"|\btraceparent"?\s*[:=]\s*"?[0-9a-f]{2}-|\[[^\s,[\]]*,|\bprojects\/[^\s"/]+\/traces\/)([0-9a-f]{32})(?![0-9a-f])/iu;
/** A level that is a word of its own in a line of text: in capitals, in brackets, or before a colon as winston writes it. */
const LEVEL_WORD =
  /(?:^|[\s|[(<])(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|SEVERE|FATAL|CRITICAL|PANIC|EMERG|ALERT)(?=$|[\s|\])>:,])|[[(<](trace|debug|info|notice|warn|warning|error|err|fatal|critical)[\])>]|(?:^|\s)(debug|info|notice|warn|warning|error|fatal|critical):(?=\s)/u;
const TIME = /^\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)/u;

/** Levels by their words; pino's numbers. */
export const RANKS: ReadonlyMap<string, number> = new Map(
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

export interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly traceId: string;
  readonly message: string;
}
type Fields = Readonly<Record<string, unknown>>;
const first = (fields: Fields, ...names: string[]): unknown =>
  names.map((name) => fields[name]).find((value) => value !== undefined);

function fieldsOf(line: string): Fields {
  const json = jsonOf(line);
  if (json !== undefined) return json;
  const fields: Record<string, unknown> = Object.create(null);
  for (const [, key, quoted, plain] of line.matchAll(/(?<![\w.])[\d.]*([A-Za-z_][\w.]*)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g)) {
    fields[key as string] = quoted ?? plain;
  }
  return fields;
}

/** The object of a JSON line, also behind what a container runtime, `docker compose` or `kubectl logs --prefix` writes before it. */
export function jsonOf(line: string): Fields | undefined {
  const start = line.indexOf('{');
  if (start < 0 || !line.trimEnd().endsWith('}')) return undefined;
  try {
    const fields = JSON.parse(line.slice(start)) as Fields;
    // winston's text form puts the fields alone behind level and message
    return start === 0 || first(fields, 'level', 'severity', 'lvl', 'log.level', 'log') !== undefined ? fields : undefined;
  } catch {
    return undefined; // a cut line: its ids may still be read as text
  }
}

/** The level among fields; ECS nests it, and some loggers write an object with the word. */
function levelOf(fields: Fields): unknown {
  const level = first(fields, 'level', 'severity', 'lvl', 'log.level', 'log');
  if (typeof level !== 'object' || level === null) return level;
  return first(level as Fields, 'level', 'label', 'name');
}

/** A string, number or boolean as text; empty for an object or a list, which may have no text or be too deep for one. */
export function scalarText(value: unknown): string {
  return typeof value === 'object' ? '' : String(value ?? '');
}

export function rankOf(level: unknown): number {
  return typeof level === 'number' ? level : (RANKS.get(scalarText(level).toLowerCase()) ?? 0);
}

/** Why a line was passed over. */
export type Unread = 'noTrace' | 'noLevel' | 'tooLong';

export function readLogLine(text: string): LogLine | Unread {
  const traceId = (TRACE_ID.exec(text) ?? OTHER_TRACE_ID.exec(text))?.[1]?.toLowerCase();
  if (traceId === undefined || /^0+$/u.test(traceId)) return 'noTrace';
  const fields = fieldsOf(text);
  const error = first(fields, 'err', 'error');
  const said = first(fields, 'msg', 'message') ?? '';
  const reason = typeof error === 'object' && error !== null ? (error as { message?: unknown }).message : error;
  const time = first(fields, 'time', 'timestamp', 'ts', '@timestamp');
  const word = LEVEL_WORD.exec(text);
  const level = scalarText(levelOf(fields) ?? word?.[1] ?? word?.[2] ?? word?.[3]);
  if (rankOf(Number(level) || level) === 0) return 'noLevel';
  return {
    time: typeof time === 'number' ? timeText(time) : scalarText(time ?? TIME.exec(text)?.[1]),
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

/** Text of a line without time, level and ids. */
function restOf(text: string): string {
  if (text.startsWith('{')) return '';
  return text
    .replace(TIME, '')
    .replace(LEVEL_WORD, ' ')
    .replace(/(?:\[|(?<![\w.-])([.-]*))\b[\w.-]+=(?:"(?:[^"\\]|\\.)*"|\S*)\]?/gu, '$1 ')
    .replace(/(?<!\s)\s*\|[\s|]*/gu, ' | ')
    .replace(/^[\s|\][-]+|(?<![\s|])[\s|]+$/gu, '');
}
