// `spanwright set SETTING VALUE`: a change under a lease. Prints what is in force now, until when, and warnings.

import { counted } from '../../runtime/text/counted.js';
import { didYouMean } from '../../runtime/text/nearest.js';
import { printable } from '../../runtime/text/printable.js';
import type { Lease } from '../../runtime/tracing.js';
import { EXIT, type Invocation, UsageError } from '../command.js';
import { settingOf, shortDuration, styled } from '../table.js';
import { ask } from './ask.js';
import { type ChangeAnswer, inForce } from './in-force.js';
import { setReplicas } from './replicas.js';

const BOOLEAN_WORDS = new Map([
  ...['true', 't', 'yes', 'y', 'on', '1'].map((word) => [word, true] as const),
  ...['false', 'f', 'no', 'n', 'off', '0'].map((word) => [word, false] as const),
]);

function readBoolean(text: string): boolean {
  const value = BOOLEAN_WORDS.get(text.toLowerCase());
  if (value !== undefined) return value;
  throw new UsageError(`tracing-enabled must be true or false (or on/off, yes/no, 1/0); found "${printable(text, 60)}".`);
}

/** Settings by the name that people type: the route, the field of its body, and how the value is read. */
const SETTINGS: ReadonlyMap<string, { path: Lease['kind']; field: string; read: (text: string) => unknown }> = new Map<
  string,
  { path: Lease['kind']; field: string; read: (text: string) => unknown }
>([
  ['tracing-enabled', { path: 'enabled', field: 'enabled', read: readBoolean }],
  ['rules', { path: 'rules', field: 'rules', read: (text) => text }],
  ['drop', { path: 'drop', field: 'drop', read: (text) => text }],
]);

/** Options of the command and the fields of the body that they become. */
const LEASE_FIELDS: ReadonlyMap<string, string> = new Map([
  ['only', 'only'],
  ['when', 'when'],
  ['capture', 'capture'],
  ['for', 'for'],
  ['reason', 'reason'],
  ['max-spans', 'maxSpans'],
  ['max-spans-per-second', 'maxSpansPerSecond'],
  ['max-open-spans', 'maxOpenSpans'],
  ['revision', 'revision'],
]);

function limitsOf({ limits }: Lease): string {
  const texts = [
    limits.maxSpans === null ? '' : `after ${counted(limits.maxSpans, 'span')}`,
    limits.maxSpansPerSecond === null ? '' : `at more than ${counted(limits.maxSpansPerSecond, 'span')} a second`,
    limits.maxOpenSpans === null ? '' : `at more than ${limits.maxOpenSpans} open spans`,
  ].filter((text) => text !== '');
  return texts.length === 0 ? '' : `, or ${texts.join(', or ')}`;
}

/** The change and until when it holds; for an empty text, which leases it ended. */
function changeOf(lease: Lease, colours: boolean): string {
  const setting = styled(printable(settingOf(lease), 500), 'bold', colours);
  if (lease.value === '') {
    const ended = lease.ended.map((id) => printable(id)).join(', ');
    return `${setting}: ${ended === '' ? 'there was no lease to end' : `ended lease ${ended}`}.`;
  }
  if (lease.expiresAt === null) return `${setting} until tracing is switched on; lease ${printable(lease.id)}.`;
  const left = shortDuration(Date.parse(lease.expiresAt) - Date.now());
  return `${setting} until ${printable(lease.expiresAt)} (${left})${limitsOf(lease)}; lease ${printable(lease.id)}.`;
}

function print({ out, err, colours }: Invocation, answer: ChangeAnswer): void {
  const { lease, enabled, recording } = answer;
  out(changeOf(lease, colours));
  if (lease.kind !== 'enabled') out(inForce(answer));
  if (enabled && !recording) err('Warning: nothing is recorded, because no endpoint or exporter is configured.');
  for (const warning of lease.warnings) err(`Warning: ${printable(warning, 500)}`);
}

export async function runSet(invocation: Invocation): Promise<number> {
  const [name = '', text = ''] = invocation.arguments;
  const setting = SETTINGS.get(name);
  if (setting === undefined) {
    const known = `Settings: ${[...SETTINGS.keys()].join(', ')}.`;
    throw new UsageError(`There is no setting "${printable(name, 60)}".${didYouMean(name, SETTINGS.keys())} ${known}`);
  }
  const body: Record<string, unknown> = { [setting.field]: setting.read(text) };
  for (const [option, field] of LEASE_FIELDS) {
    if (invocation.options.has(option)) body[field] = invocation.options.get(option);
  }
  if (invocation.options.has('redis')) return await setReplicas(invocation, setting.path, body);
  const answer = await ask<ChangeAnswer>(invocation, 'PUT', setting.path, body);
  if (invocation.options.has('json')) invocation.out(JSON.stringify(answer));
  else print(invocation, answer);
  return EXIT.done;
}
