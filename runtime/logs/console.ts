// A logger for programs without one: lines of JSON or logfmt on the console, warnings and errors on standard error.

import { format } from 'node:util';
import type { LineStream } from './bunyan.js';
import { traceFields } from './fields.js';
import { printJson } from './json.js';
import { formatLogfmt } from './logfmt.js';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
/** Level of a line of `consoleLogger()`. */
export type LogLevel = (typeof LEVELS)[number];

/** Options of `consoleLogger()`. */
export interface ConsoleLoggerOptions {
  /** Lowest level that is printed. Default `info`. */
  level?: LogLevel;
  /** Default `json`. */
  form?: 'json' | 'logfmt';
  /** Fields of every line: the service, the module. */
  fields?: Readonly<Record<string, unknown>>;
  /** Destination of the lines of all levels. Default: standard output, and standard error from `warn` on. */
  stream?: LineStream;
}

/** One line: a message, or fields and a message. */
type Log = {
  (message: unknown, ...values: unknown[]): void;
  (fields: object, message: string): void;
};

/** A function for each level: it takes a message, or fields and a message. */
export type ConsoleLogger = Readonly<Record<LogLevel, Log>>;

/**
 * A logger whose lines have time, level, message, fields, and the trace fields inside an active span.
 * @example const log = consoleLogger({ fields: { module: 'drainer' } }); log.info({ node: 'n1' }, 'drained');
 */
export function consoleLogger({ level = 'info', form = 'json', fields, stream }: ConsoleLoggerOptions = {}): ConsoleLogger {
  const print = form === 'json' ? printJson : formatLogfmt;
  const lowest = LEVELS.indexOf(level);
  const logAt = (at: LogLevel, rank: number): Log => {
    if (rank < lowest) return () => {};
    return (...args: unknown[]) => {
      const to = stream ?? (rank < LEVELS.indexOf('warn') ? process.stdout : process.stderr);
      const head = { time: new Date().toISOString(), level: at };
      let record: object;
      try {
        record = { ...head, ...lineOf(args), ...traceFields() };
      } catch (error) {
        record = { ...head, msg: 'a log record cannot be read', error: String(error), ...traceFields() };
      }
      to.write(`${print(fields === undefined ? record : { ...fields, ...record })}\n`);
    };
  };
  return Object.fromEntries(LEVELS.map((at, rank) => [at, logAt(at, rank)])) as unknown as ConsoleLogger;
}

function lineOf(args: readonly unknown[]): object {
  const [first, second] = args;
  if (first instanceof Error) return { msg: first.message, error: first };
  if (typeof first === 'object' && first !== null && args.length <= 2)
    return { msg: second === undefined ? '' : String(second), ...first };
  return { msg: format(...args) };
}
