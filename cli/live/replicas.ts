// `spanwright set ... --redis URL`: the change goes to a Redis that all replicas of a service follow (spanwright/control), not
// to the admin hook of one of them.

import { isEndless, USUAL_TIME } from '../../runtime/control/command.js';
import { commandReplicas, DEFAULT_KEY, type ReplicaCommand, type Setting } from '../../runtime/control/index.js';
import { InvalidArgumentError, SpanwrightError } from '../../runtime/errors.js';
import { shownAddress } from '../../runtime/text/found.js';
import { printable } from '../../runtime/text/printable.js';
import { CommandFailure, EXIT, type Invocation, UsageError } from '../command.js';
import { settingOf } from '../table.js';
import { actor } from './connection.js';

/** The variable that holds the password: arguments can be read by every user of the machine. */
const PASSWORD_VARIABLE = 'SPANWRIGHT_REDIS_PASSWORD';

function urlOf({ options, environment }: Invocation): string {
  const given = String(options.get('redis'));
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !/^rediss?:$/.test(url.protocol))
    throw new UsageError(`"${shownAddress(given)}" is not a URL of Redis; expected one such as redis://127.0.0.1:6379.`);
  if (url.password !== '')
    throw new UsageError(`A password on the command line can be read by others: use ${PASSWORD_VARIABLE}.`);
  url.password = encodeURIComponent(environment[PASSWORD_VARIABLE] ?? '');
  return url.href;
}

function redisFailure(error: unknown): Error {
  if (error instanceof InvalidArgumentError) return new CommandFailure(`InvalidArgument: ${printable(error.message, 1000)}`);
  if (error instanceof SpanwrightError) return new CommandFailure(printable(error.message, 1000));
  return new CommandFailure(printable((error as Error).message, 1000), EXIT.unreachable);
}

/** How long the change holds, in words. */
function timeOf(command: ReplicaCommand): string {
  if (command.value === '') return 'which ends the leases of that kind';
  return isEndless(command) ? 'until tracing is switched on' : `for ${printable(String(command.for ?? USUAL_TIME))}`;
}

/** Writes the change, and prints its revision. @throws UsageError, CommandFailure. */
export async function setReplicas(invocation: Invocation, setting: Setting, body: Record<string, unknown>): Promise<number> {
  const { [setting]: value, revision, ...fields } = body;
  const key = (invocation.options.get('redis-key') as string | undefined) ?? DEFAULT_KEY;
  const command = { setting, value, actor: actor(), ...fields } as ReplicaCommand;
  const url = urlOf(invocation);
  const seen = revision === undefined ? {} : { revision: revision as number };
  const made = await commandReplicas(url, command, { key, ...seen }).catch((error) => {
    throw redisFailure(error);
  });
  if (invocation.options.has('json')) invocation.out(JSON.stringify({ key, setting, revision: made }));
  else {
    const change = printable(settingOf({ kind: setting, value: value as boolean | string }), 300);
    invocation.out(`Revision ${made} of ${printable(key)}: ${change}, ${timeOf(command)}.`);
    invocation.out('Replicas follow within 2 s; each logs what it does.');
  }
  return EXIT.done;
}
