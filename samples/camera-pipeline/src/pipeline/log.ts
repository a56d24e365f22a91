// Log lines as logfmt on standard error, with the ids of the trace that they were written in; standard output carries what programs read.

import { type ConsoleLogger, consoleLogger } from 'spanwright/logs';

export function createLog(service: string): ConsoleLogger {
  return consoleLogger({ form: 'logfmt', fields: { service }, stream: process.stderr });
}
