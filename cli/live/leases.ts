// `spanwright leases`: the changes in force; `spanwright leases end ID` ends one early.

import { printable } from '../../runtime/text/printable.js';
import type { Lease, LeaseEnd } from '../../runtime/tracing.js';
import { EXIT, type Invocation, UsageError } from '../command.js';
import { type Column, settingOf, table, timeLeft } from '../table.js';
import { ask } from './ask.js';
import { type ChangeAnswer, inForce } from './in-force.js';

interface LeasesAnswer {
  readonly leases: readonly Lease[];
  readonly lastEnded: LeaseEnd | null;
}

const COLUMNS: readonly Column<Lease>[] = [
  { title: 'ID', of: (lease) => lease.id },
  { title: 'CHANGE', of: settingOf, most: 100 },
  { title: 'LEFT', of: (lease) => timeLeft(lease).replace(/ left$/u, ''), number: true },
  { title: 'SPANS', of: (lease) => lease.spans, number: true },
  { title: 'BY', of: (lease) => lease.actor },
  { title: 'REASON', of: (lease) => lease.reason, most: 100 },
];

async function list(invocation: Invocation): Promise<void> {
  const { out, err, options, colours } = invocation;
  const answer = await ask<LeasesAnswer>(invocation, 'GET', 'leases');
  if (options.has('json')) out(JSON.stringify(answer));
  else if (answer.leases.length === 0) err('No change is in force: the service runs as configured.');
  else for (const line of table(COLUMNS, answer.leases, colours)) out(line);
}

async function end(invocation: Invocation, id: string): Promise<void> {
  const answer = await ask<ChangeAnswer>(invocation, 'DELETE', `leases/${encodeURIComponent(id)}`);
  if (invocation.options.has('json')) invocation.out(JSON.stringify(answer));
  else {
    const was = printable(settingOf(answer.lease), 300);
    invocation.out(`Ended lease ${printable(id)} (${was}). ${inForce(answer)}`);
  }
}

export async function runLeases(invocation: Invocation): Promise<number> {
  const [verb, id] = invocation.arguments;
  if (verb === undefined) await list(invocation);
  else if (verb === 'end' && id !== undefined) await end(invocation, id);
  else throw new UsageError('Usage: spanwright leases [end ID]');
  return EXIT.done;
}
