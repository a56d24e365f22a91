// Token files of the command line program: of each command that takes one, by the table of commands, a file that other users can read is
// refused before anything is sent.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Command, EXIT } from '../../cli/command.js';
import { COMMANDS } from '../../cli/commands.js';
import { optionsOfCommand } from '../../cli/options.js';
import { RECIPES } from '../../cli/viewer/recipes.js';
import { invoke } from './invoke.js';

const folder = mkdtempSync(join(tmpdir(), 'spanwright-token-file-'));
const file = join(folder, 'token');
writeFileSync(file, 'a-token-of-the-files-test\n', { mode: 0o644 });
test.after(() => rmSync(folder, { recursive: true }));

/** Nothing listens there. */
const ENVIRONMENT = { SPANWRIGHT_ADMIN_URL: 'http://127.0.0.1:1' };
const OF_RECIPES = RECIPES.filter(({ options }) => options.includes('token-file'));

/** Command lines without options: one, and for `traces` one of each recipe that asks a service. */
function linesOf({ name, usage, arity: [least], choices = [] }: Command): string[][] {
  if (name === 'traces') return OF_RECIPES.map((recipe) => [name, recipe.name]);
  if (usage === '[DIRECTORY]') return [[name, folder]];
  return [[name, ...choices.slice(0, least).map(([first = '']) => first)]];
}

const LINES = COMMANDS.flatMap((command) =>
  optionsOfCommand(command)
    .filter((option) => option.name.endsWith('token-file'))
    .flatMap((option) => linesOf(command).map((line) => [...line, `--${option.name}`, file])),
);

test('the table has token files for live commands, recipes and the viewer', () => {
  const commands = new Set(LINES.map(([command]) => command));
  for (const command of ['set', 'status', 'doctor', 'traces', 'view']) assert.ok(commands.has(command), command);
});

for (const line of LINES)
  test(`"${line.slice(0, -1).join(' ').replace(folder, 'DIRECTORY')}" refuses a file of mode 644, with the reason`, async () => {
    if (process.platform === 'win32') return;
    const { code, out, err } = await invoke(line, ENVIRONMENT);
    assert.equal([code, out], [EXIT.usage, '']);
    assert.match(err, /is open to other users of this machine \(mode 644\)\. Run "chmod 600" on it/);
  });

test.run();
