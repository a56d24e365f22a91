// JSON on standard output, one line a message, with the ids of the trace that it was written in. The controller writes logfmt;
// collectors of logs read both.

import { consoleLogger } from 'spanwright/logs';

export const log = consoleLogger({
  level: process.env.LOG_LEVEL === 'debug' ? 'debug' : 'info',
  fields: { service: 'carbide-dns' },
  stream: process.stdout,
});
