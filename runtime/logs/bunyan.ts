// bunyan, and loggers of its style: records go as objects to streams of type `raw`, in the context of the call that logs.

import { traceFields } from './fields.js';
import { printJson } from './json.js';

/** Destination of finished lines: a stream of Node. */
export interface LineStream {
  write(line: string): unknown;
}

/**
 * A raw stream for bunyan that adds the trace fields and writes one line of JSON for each record.
 * @example bunyan.createLogger({ name: 'drainer', streams: [{ type: 'raw', stream: bunyanStream(process.stdout) }] });
 */
export function bunyanStream(to: LineStream): { write(record: object): void } {
  return {
    write(record) {
      to.write(`${printJson({ ...record, ...traceFields() })}\n`);
    },
  };
}
