// `spanwright/logs`: trace ids in the lines of any logger, and the way back from a line to its trace. Imports no logger.

export { bunyanStream, type LineStream } from './bunyan.js';
export { type ConsoleLogger, type ConsoleLoggerOptions, consoleLogger, type LogLevel } from './console.js';
export { TRACE_FIELD_PATTERNS } from './derived-fields.js';
export { type TraceFields, traceFields } from './fields.js';
export { formatLogfmt } from './logfmt.js';
export { type PinoMixin, pinoMixin } from './pino.js';
export { readTraceFields, traceUrl } from './trace-url.js';
export { type WinstonFormat, type WinstonInfo, winstonFormat, winstonLogfmt } from './winston.js';
