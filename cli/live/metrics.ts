// `spanwright metrics`: the metrics of a running service as Prometheus would read them; with --json as one JSON text.

import { CommandFailure, EXIT, type Invocation } from '../command.js';
import { expectSuccess } from './ask.js';
import { sendToHook } from './connection.js';

export async function runMetrics(invocation: Invocation): Promise<number> {
  const reply = await sendToHook(invocation, 'GET', 'metrics');
  expectSuccess(invocation, reply);
  if (!reply.type.startsWith('text/plain')) throw new CommandFailure('What answers there is not a Spanwright admin hook.');
  // Line breaks are the format's own; other control characters could steer the terminal.
  const text = reply.text.replace(/\n$/, '').replace(/[^\P{Cc}\n]/gu, ' ');
  invocation.out(invocation.options.has('json') ? JSON.stringify({ metrics: text }) : text);
  return EXIT.done;
}
