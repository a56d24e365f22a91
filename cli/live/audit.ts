// `spanwright audit`: the last changes and refusals that the admin hook of this process has seen. Needs the token.

import type { AuditEntry } from '../../runtime/admin/audit.js';
import { EXIT, type Invocation } from '../command.js';
import { type Column, table } from '../table.js';
import { ask } from './ask.js';

const COLUMNS: readonly Column<AuditEntry>[] = [
  { title: 'AT', of: (entry) => entry.at },
  { title: 'OUTCOME', of: (entry) => entry.outcome },
  { title: 'BY', of: (entry) => entry.actor },
  { title: 'CHANGE', of: (entry) => entry.change, most: 100 },
  { title: 'UNTIL', of: (entry) => entry.until },
  { title: 'WHY', of: (entry) => entry.refusal ?? entry.reason, most: 160 },
];

export async function runAudit(invocation: Invocation): Promise<number> {
  if (invocation.options.has('fleet')) return (await import('./fleet-audit.js')).runFleetAudit(invocation);
  const { out, err, options, colours } = invocation;
  const answer = await ask<{ entries: readonly AuditEntry[] }>(invocation, 'GET', 'audit');
  if (options.has('json')) out(JSON.stringify(answer));
  else if (answer.entries.length === 0) err('No change was requested.');
  else for (const line of table(COLUMNS, answer.entries, colours)) out(line);
  return EXIT.done;
}
