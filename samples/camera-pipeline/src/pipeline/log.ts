// Log lines on standard error, with the ids of the trace that they were written in; standard output carries what programs read. The form
// is logfmt, or with LOG_FORM=text columns divided by bars, for readers that expect them.

import { type ConsoleLogger, consoleLogger, formatLogfmt } from 'spanwright/logs';

interface Output {
  write(line: string): unknown;
}

export function createLog(service: string, output: Output = process.stderr): ConsoleLogger {
  const form = process.env.LOG_FORM || 'logfmt';
  if (form !== 'logfmt' && form !== 'text') throw new Error(`LOG_FORM="${form}" is neither logfmt nor text.`);
  if (form === 'logfmt') return consoleLogger({ form, fields: { service }, stream: output });
  return consoleLogger({ stream: { write: (line) => output.write(columnsOf(service, JSON.parse(line))) } });
}

/** `2024-01-15 10:30:45 | INFO | detector | trace_id=... span_id=... | image processed camera=garden` */
function columnsOf(
  service: string,
  { time, level, msg, trace_id, span_id, trace_flags, ...fields }: Record<string, string>,
): string {
  const ids = formatLogfmt({ trace_id, span_id });
  const message = `${msg} ${formatLogfmt(fields)}`.trim();
  return `${[time?.slice(0, 19).replace('T', ' '), level?.toUpperCase(), service, ids, message].join(' | ')}\n`;
}
