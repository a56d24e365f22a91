// Sends notices to the application's logger (option `logger`), in the call that each kind of logger takes: pino, bunyan, winston, Nest's,
// `diag` of OpenTelemetry, `console`, or a function. Called by the set-ups; warnings.ts catches what a logger throws.

import type { NoticeCode, NoticeFields, NoticeLevel, NoticeLogger } from './warnings.js';

/** A notice, as a function given as `logger` receives it. */
export interface NoticeRecord extends NoticeFields {
  readonly level: NoticeLevel;
  readonly code: NoticeCode;
  /** The whole line: `spanwright: <code> <text>: <detail>`. */
  readonly message: string;
}

// biome-ignore lint/suspicious/noExplicitAny: loggers of many libraries
type Method = (...args: any[]) => unknown;

/** Levels as methods; one of each row is enough. */
const METHODS: Record<NoticeLevel, readonly string[]> = { info: ['info', 'log'], warn: ['warn', 'warning', 'log'] };

/** A logger of pino, bunyan, winston or Nest, `console`, `diag`, or a function. */
export type LoggerOption =
  | ((notice: NoticeRecord) => void)
  | { warn: Method; info: Method }
  | { warn: Method; log: Method }
  | { warning: Method; info: Method };

export function isLogger(value: unknown): value is LoggerOption {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null) return false;
  return methodOf(value, 'warn') !== undefined && methodOf(value, 'info') !== undefined;
}

export function noticeLoggerOf(logger: LoggerOption): NoticeLogger {
  if (typeof logger === 'function') return (level, message, code, fields) => logger({ level, code, message, ...fields });
  const argumentsFor = loggerShape(logger);
  return (level, message, code, fields) => methodOf(logger, level)?.call(logger, ...argumentsFor(message, { code, ...fields }));
}

type Shape = (message: string, fields: object) => unknown[];
const FIELDS_FIRST: Shape = (message, fields) => [fields, message];
const FIELDS_LAST: Shape = (message, fields) => [message, fields];
const TEXT_ONLY: Shape = (message) => [message];
/** Nest takes a last string as the context of the line. */
const WITH_CONTEXT: Shape = (message) => [message, 'spanwright'];

function loggerShape(logger: object): Shape {
  const has = (...names: string[]): boolean => names.every((name) => isMethod(logger, name));
  if (has('child', 'bindings') || has('child', 'addStream')) return FIELDS_FIRST; // pino; bunyan
  if (has('dir', 'table')) return TEXT_ONLY; // console
  if (has('log', 'warn', 'verbose') && !has('info')) return WITH_CONTEXT;
  return FIELDS_LAST; // winston; diag
}

function methodOf(logger: object, level: NoticeLevel): Method | undefined {
  const name = METHODS[level].find((candidate) => isMethod(logger, candidate));
  return name === undefined ? undefined : (logger as Record<string, Method>)[name];
}

const isMethod = (logger: object, name: string): boolean => typeof (logger as Record<string, unknown>)[name] === 'function';
