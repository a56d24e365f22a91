// A module's log: lines of JSON on standard output, with trace_id and span_id inside an active span.

import { type ConsoleLogger, consoleLogger } from 'spanwright/logs';

export function logOf(module: string): ConsoleLogger {
  return consoleLogger({ fields: { module }, stream: process.stdout });
}
