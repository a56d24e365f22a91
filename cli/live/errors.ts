// `spanwright errors`: the last failed calls of a running service; their messages only with the token for changes.

import type { CallSample } from '../../runtime/site/statistics.js';
import { EXIT, type Invocation } from '../command.js';
import { type Column, shortDuration, table } from '../table.js';
import { ask, withQuery } from './ask.js';

interface ErrorsAnswer {
  readonly total: number;
  readonly errors: readonly CallSample[];
}

const COLUMNS: readonly Column<CallSample>[] = [
  { title: 'STARTED', of: (call) => call.startedAt },
  { title: 'TOOK', of: (call) => shortDuration(call.durationMs), number: true },
  { title: 'NAME', of: (call) => call.name },
  { title: 'NAMESPACE', of: (call) => call.namespace, most: 80 },
  { title: 'TRACE', of: (call) => call.traceId },
  { title: 'ERROR', of: (call) => call.error ?? call.errorType, most: 160 },
];

export async function runErrors(invocation: Invocation): Promise<number> {
  const { options, out, err, colours } = invocation;
  const answer = await ask<ErrorsAnswer>(invocation, 'GET', withQuery('errors', { limit: options.get('limit') }));
  if (options.has('json')) out(JSON.stringify(answer));
  else if (answer.errors.length === 0) err('No recorded call has failed.');
  else {
    for (const line of table(COLUMNS, answer.errors, colours)) out(line);
    if (answer.errors.length < answer.total) err(`The last ${answer.errors.length} of ${answer.total}.`);
  }
  return EXIT.done;
}
