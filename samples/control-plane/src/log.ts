// Lines of JSON on standard error: time, level, message, the request id, and the ids of the trace when there is one. Standard output
// carries what programs read.

import { consoleLogger } from 'spanwright/logs';
import { currentRequestId } from './request-id.js';

const logger = consoleLogger({ stream: process.stderr, fields: { instance: process.env.INSTANCE ?? 'drive' } });

export function log(level: 'info' | 'warn' | 'error', message: string, fields: object = {}): void {
  const requestId = currentRequestId();
  logger[level]({ ...(requestId === undefined ? {} : { request_id: requestId }), ...fields }, message);
}
