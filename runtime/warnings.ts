// All messages of the runtime: a table of codes and their texts, and notice(), which prints a line at most once per cause and
// minute, or each time where the row has `repeat`. Called from every folder; never throws, never keeps the process alive, and
// remembers a bounded number of causes.

import { CapturedPromise, now } from './captured.js';
import { withStandardError } from './standard-error.js';
import { printable } from './text/printable.js';

interface NoticeRow {
  readonly level: NoticeLevel;
  /** Every call prints, also after an equal message. */
  readonly repeat: boolean;
  readonly text: string;
}

/** Keeps the codes as a type, and the texts out of the declarations that are published. */
const rows = <Code extends string>(table: Readonly<Record<Code, NoticeRow>>): Readonly<Record<Code, NoticeRow>> => table;

/** One row per message of the runtime. */
export const NOTICES = rows({
  SPW001: { level: 'info', repeat: true, text: 'OpenTelemetry tracing initialized' },
  SPW002: { level: 'warn', repeat: false, text: 'tracing is not built: the endpoint cannot be used' },
  SPW003: { level: 'warn', repeat: false, text: 'cannot export spans' },
  SPW004: { level: 'info', repeat: false, text: 'exporting spans works again' },
  SPW005: { level: 'warn', repeat: false, text: 'spans dropped: the export queue is full' },
  SPW006: { level: 'warn', repeat: false, text: 'spans lost at shutdown: the limit was reached before they could be sent' },
  SPW007: { level: 'warn', repeat: false, text: 'a span processor of the application failed' },
  SPW008: { level: 'info', repeat: true, text: 'tracing is disabled by OTEL_SDK_DISABLED' },
  SPW009: { level: 'warn', repeat: false, text: 'the Collector answered an export with a partial success' },
  SPW010: { level: 'warn', repeat: false, text: 'an error during tracing was caught; the program goes on' },
  SPW012: { level: 'info', repeat: true, text: 'a change made at run time has ended' },
  SPW013: { level: 'warn', repeat: false, text: 'spans leak: they were started and not ended' },
  SPW015: { level: 'info', repeat: false, text: 'some instrumented code was built without the transformer' },
  SPW016: { level: 'warn', repeat: false, text: 'OpenTelemetry was set up before startTracing()' },
  SPW017: { level: 'warn', repeat: false, text: 'exceptions are recorded as span events' },
  SPW018: { level: 'warn', repeat: false, text: 'context was not propagated' },
  SPW019: { level: 'warn', repeat: false, text: 'a baggage value was refused' },
  SPW020: { level: 'warn', repeat: false, text: 'an instrumentation package cannot do what the configuration asks of it' },
  SPW021: { level: 'info', repeat: true, text: 'a control source made a change' },
  SPW022: { level: 'warn', repeat: false, text: 'a control source cannot be followed' },
  SPW023: { level: 'warn', repeat: false, text: 'a resource detector failed' },
  SPW024: { level: 'info', repeat: false, text: 'a part of the configuration file is ignored' },
  SPW025: { level: 'warn', repeat: false, text: 'spans are not recorded: max_open_spans is reached' },
  SPW026: { level: 'warn', repeat: false, text: 'a promise was rejected, possibly without a handler' },
  SPW028: { level: 'warn', repeat: false, text: 'remote callers start more traces than may be recorded while tracing is off' },
  SPW030: { level: 'warn', repeat: false, text: 'another tracer provider is registered; spans are split over two pipelines' },
  SPW031: { level: 'warn', repeat: false, text: 'instrumented code runs beside an SDK that it is not connected to' },
  SPW032: { level: 'warn', repeat: false, text: 'createSpanProcessor() runs without createSampler()' },
  SPW033: { level: 'warn', repeat: false, text: 'tracing is on, and nothing is recorded: no endpoint is configured' },
  SPW034: { level: 'warn', repeat: false, text: 'the registered propagator does not write traceparent' },
  SPW035: { level: 'warn', repeat: false, text: 'createSampler() runs, but no tracer provider is registered' },
  SPW036: { level: 'warn', repeat: false, text: 'several copies of @opentelemetry/api are loaded' },
  SPW037: { level: 'warn', repeat: false, text: '@instrument on a class records nothing' },
  SPW038: { level: 'warn', repeat: false, text: 'an environment variable is not used as it is written' },
  SPW039: { level: 'warn', repeat: false, text: 'an argument is not recorded' },
  SPW040: { level: 'warn', repeat: false, text: 'members of tracestate or baggage exceed the limits and are not propagated' },
  SPW041: { level: 'info', repeat: true, text: 'the flight recorder was written to a file' },
  SPW042: { level: 'warn', repeat: false, text: 'the flight recorder could not be written' },
  SPW043: { level: 'warn', repeat: false, text: 'traces are decided before they end: a bound of keep is reached' },
  SPW044: { level: 'warn', repeat: false, text: 'sessions are not recorded: the most of them are open' },
  SPW045: { level: 'info', repeat: false, text: 'a development server started tracing again' },
});

export type NoticeLevel = 'info' | 'warn';
export type NoticeCode = keyof typeof NOTICES;

/** Logs one line, rate-limited per `cause` (an error code, a namespace), which defaults to the code. */
export type Notice = (code: NoticeCode, detail?: string, cause?: string) => void;

/** Parts of a line, for loggers that take fields. */
export interface NoticeFields {
  readonly detail?: string;
  readonly cause?: string;
  /** Lines of this cause that were held back since the last one. */
  readonly held?: number;
}

/** Destination of the lines. */
export type NoticeLogger = (level: NoticeLevel, line: string, code: NoticeCode, fields: NoticeFields) => void;

const ALL: readonly NoticeLevel[] = ['info', 'warn'];
/** Notices that a value of `log_level` shows; each other value shows all. */
const SHOWN: Readonly<Record<string, readonly NoticeLevel[]>> = { none: [], error: [], warn: ['warn'] };

/** Lines of the same cause within this many milliseconds are counted, not printed. */
const NOTICE_INTERVAL = 60_000;
const MAX_CAUSES = 256;

/** Standard error for both levels: standard output belongs to the program. */
const toStandardError: NoticeLogger = (_level, line) => withStandardError(() => console.warn(line));

/** Notices about other tracing, in the process or in front of it, which the state lists. */
const ABOUT_OTHERS: readonly NoticeCode[] = ['SPW016', 'SPW030', 'SPW031', 'SPW032', 'SPW034', 'SPW035', 'SPW036', 'SPW040'];
const aboutOthers = new Map<NoticeCode, string>();

const printed = new Map<string, { at: number; held: number }>();
let logger: NoticeLogger = toStandardError;
let shown = ALL;

/** Prints `spanwright: <code> <text>: <detail>`, at most once per cause and minute. */
export const notice: Notice = (code, detail, cause = '') => {
  try {
    log(code, detail, cause);
  } catch {
    // A logger that fails, or a broken intrinsic, must not reach the call that caused the line.
  }
};

function log(code: NoticeCode, detail: string | undefined, cause: string): void {
  const row = NOTICES[code];
  if (ABOUT_OTHERS.includes(code)) aboutOthers.set(code, noticeLine(code, shortened(detail)));
  if (!shown.includes(row.level)) return;
  const held = row.repeat ? 0 : admit(`${code} ${cause}`);
  if (held < 0) return;
  const more = held > 0 ? ` (${held} more like this since the last line)` : '';
  const text = shortened(detail);
  const fields = { ...(text && { detail: text }), ...(cause && { cause }), ...(held > 0 && { held }) };
  const returned: unknown = logger(row.level, `spanwright: ${noticeLine(code, text)}${more}`, code, fields);
  // an async logger fails by rejecting
  if (returned instanceof CapturedPromise) returned.catch(() => {});
}

function shortened(detail: string | undefined): string {
  return detail ? printable(detail, 1000) : '';
}

function noticeLine(code: NoticeCode, text: string): string {
  return `${code} ${NOTICES[code].text}${text && `: ${text}`}`;
}

/** The last line of each code that was logged about other tracing in this process. */
export function noticesAboutOthers(): string[] {
  return [...aboutOthers.values()];
}

/** Replaces where the lines go; undefined puts standard error back. Returns what was there. */
export function setNoticeLogger(next: NoticeLogger | undefined): NoticeLogger {
  const before = logger;
  logger = next ?? toStandardError;
  return before;
}

/** Sets the least level of the lines: a value of `log_level`. */
export function setNoticeLevel(level: string): void {
  shown = SHOWN[level] ?? ALL;
}

/** Number of lines held back since the last one of this cause; -1: hold this one back too. */
function admit(cause: string): number {
  const at = now(); // monotonic, so that a clock set back does not suppress lines for hours
  const last = printed.get(cause);
  if (last && at - last.at < NOTICE_INTERVAL) {
    last.held++;
    return -1;
  }
  printed.delete(cause);
  if (printed.size >= MAX_CAUSES) printed.delete(printed.keys().next().value as string);
  printed.set(cause, { at, held: 0 });
  return last?.held ?? 0;
}
