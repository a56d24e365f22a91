// `spanwright traces map`: which service calls which. Jaeger counts it from its own spans, for Tempo it is counted from the newest
// traces.

import { EXIT, type Invocation } from '../../cli/command.js';
import { type Column, table } from '../../cli/table.js';
import type { Call } from '../receiver/spans.js';
import { durationOption } from './arguments.js';
import { backendOf } from './backend.js';

const DAY = 86_400_000;

const COLUMNS: readonly Column<Call>[] = [
  { title: 'CALLER', of: ({ parent }) => parent },
  { title: '', of: () => '→' },
  { title: 'CALLED', of: ({ child }) => child },
  { title: 'CALLS', of: ({ count }) => count, number: true },
];

export async function runMap(invocation: Invocation): Promise<number> {
  const { options, out, err, colours } = invocation;
  const to = Date.now();
  const calls = await backendOf(invocation).calls(to - durationOption(invocation, 'since', DAY), to);
  calls.sort((a, b) => a.parent.localeCompare(b.parent) || b.count - a.count);
  if (options.has('json')) out(JSON.stringify({ calls }));
  else if (calls.length === 0) err('No call from one service to another in that time.');
  else for (const line of table(COLUMNS, calls, colours)) out(line);
  return EXIT.done;
}
