// Remote configuration of an OpAMP server, put in force as leases of this process. Its files are named `enabled`, `rules` and `drop`,
// each with the JSON body of the admin hook's route of that name; or there is one file without a name, with the document of followFile().
// A configuration says all that the server wants: what it no longer names is ended. It is put in force as a whole or not at all.

import { InvalidArgumentError } from '../../errors.js';
import { printable } from '../../text/printable.js';
import {
  COMMAND_FIELDS,
  commandsIn,
  fieldsFor,
  type HeldCommand,
  type ReplicaCommand,
  readObject,
  SETTINGS,
  type Setting,
  timeOf,
} from '../command.js';
import type { Follower } from '../follower.js';

const DOCUMENT: ReadonlySet<string> = new Set([...SETTINGS, ...COMMAND_FIELDS]);

/** @returns the reason why nothing was changed, or undefined */
export function putInForce(files: ReadonlyMap<string, Uint8Array>, follower: Follower): string | undefined {
  try {
    const revision = follower.revision + 1;
    return follower.follow(commandsOf(files, follower).map((command) => held(command, revision)));
  } catch (error) {
    const reason = (error as Error).message;
    follower.fault(reason);
    return reason;
  }
}

function commandsOf(files: ReadonlyMap<string, Uint8Array>, follower: Follower): ReplicaCommand[] {
  const named = [...files].flatMap(([name, body]) => commandsOfFile(name, body));
  return SETTINGS.flatMap((setting) => {
    const [command, second] = named.filter((each) => each.setting === setting);
    if (second !== undefined) throw new InvalidArgumentError(setting, `two files set "${setting}"; expected one.`);
    if (command !== undefined) return [command];
    return follower.isNew(setting, 1) ? [] : [{ setting, value: null }];
  });
}

function commandsOfFile(name: string, body: Uint8Array): ReplicaCommand[] {
  if (name !== '' && !SETTINGS.includes(name as Setting)) {
    const shown = JSON.stringify(printable(name, 60));
    throw new InvalidArgumentError('config', `unknown file ${shown}; expected ${SETTINGS.join(', ')}, or one without a name.`);
  }
  const text = decodedText(body);
  if (text.trim() === '') return [];
  try {
    const document = readObject(text, name === '' ? DOCUMENT : fieldsFor(name as Setting));
    return commandsIn(document).filter(({ value }) => value !== null);
  } catch (error) {
    const where = name === '' ? 'the file without a name' : `the file "${name}"`;
    throw new InvalidArgumentError(name, `${where}: ${(error as Error).message}`);
  }
}

function decodedText(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new InvalidArgumentError('config', 'a file is not valid UTF-8.');
  }
}

function held(command: ReplicaCommand, revision: number): HeldCommand {
  const remaining = command.value === null ? Number.POSITIVE_INFINITY : timeOf(command);
  return { command, revision, remaining };
}
