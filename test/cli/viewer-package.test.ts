// How the program reaches `@spanwright/viewer`: it runs the package's commands, and says how to install it where it is missing.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CommandFailure, isCommandFault, UsageError } from '../../cli/command.js';
import { VIEWER_COMMANDS } from '../../cli/viewer/commands.js';
import { loadViewerCommand } from '../../cli/viewer/load.js';
import { commands } from '../../viewer/commands.js';

function missing(path: string): never {
  throw Object.assign(new Error(`Cannot find module '${path}'`), { code: 'MODULE_NOT_FOUND' });
}

async function faultOf(load: (entry: string) => unknown): Promise<unknown> {
  return loadViewerCommand('receive', load).then(
    () => undefined,
    (error: unknown) => error,
  );
}

test('the viewer has code for each command that the program lists for it, and for no other', () => {
  assert.equal(Object.keys(commands).sort(), VIEWER_COMMANDS.map(({ name }) => name).sort());
});

test('without the package the failure names the command that installs it', async () => {
  const error = await faultOf(missing);
  assert.instance(error, CommandFailure);
  assert.match((error as Error).message, 'npm install -D @spanwright/viewer');
});

test('a dependency that the package lacks is reported as it is', async () => {
  const error = await faultOf(() => missing('yaml'));
  assert.not.ok(isCommandFault(error));
  assert.match((error as Error).message, "Cannot find module 'yaml'");
});

test('an older package without the command is named, with the remedy', async () => {
  const error = await faultOf(() => ({ commands: {} }));
  assert.match((error as Error).message, 'has no command "receive"');
});

test('an error from another copy of the error classes is recognised by its brand, and an ordinary error is not', () => {
  const brand = Symbol.for('spanwright.command-fault');
  assert.ok(isCommandFault(Object.assign(new Error('from a copy'), { [brand]: true, exit: 2 })));
  assert.ok(isCommandFault(new UsageError('own')));
  for (const other of [new Error('x'), null, undefined, 'text', { exit: 2 }]) assert.not.ok(isCommandFault(other));
});

test.run();
