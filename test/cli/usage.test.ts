// Errors of the program for a wrong command line, and its help; nothing here needs a service.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EXIT, EXIT_MEANINGS } from '../../cli/command.js';
import { COMMANDS } from '../../cli/commands.js';
import { optionsOfCommand } from '../../cli/options.js';
import { parseCommandLine } from '../../cli/parse.js';
import '../runner/dynamic-imports.js';
import { spanwright } from './program.js';

const WRONG: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [['staus'], /There is no command "staus"\. Did you mean "status"\? Commands: set, status/],
  [['set', 'tracing-enabeld', 'true'], /no setting "tracing-enabeld"\. Did you mean "tracing-enabled"\?/],
  [['set', 'tracing-enabled'], /set got 1 argument\. Usage: spanwright set SETTING VALUE/],
  [['status', 'now'], /status got 1 argument/],
  [['status', '--jsno'], /"spanwright status" has no option --jsno\. Did you mean "json"\?/],
  [['status', '-x'], /no option -x/],
  [['status', '--watch'], /has no option --watch/],
  [['spans', '--limit', 'ten'], /--limit must be a whole number from 0; found "ten"/],
  [['spans', '--limit'], /--limit needs a value: --limit N/],
  [['set', 'rules', 'a', '--for', '--json'], /--for needs a value/],
  [['spans', '--watch=yes'], /--watch takes no value; found "yes"/],
  [['status', '--json', '--json'], /--json is given twice/],
  [['status', '--token', 'secret'], /read by every user of the machine: put it into a file/],
  [['status', '--url', 'localhost:9465'], /"localhost:9465" is not a URL of the admin hook/],
  [['status', '--url', 'ftp://localhost'], /is not a URL of the admin hook/],
  [['help', 'staus'], /Did you mean "status"/],
  [['--json'], /spanwright without a command has no option --json/],
  [['\u001b[2Jx'], /no command "\[2Jx"/],
];

for (const [args, says] of WRONG) {
  test(`"spanwright ${JSON.stringify(args.join(' ')).slice(1, -1)}" exits with 2 and reports the fault`, async () => {
    const ran = await spanwright(args);
    assert.is(ran.code, EXIT.usage, ran.out);
    assert.match(ran.err, says);
    assert.is(ran.out, '');
    assert.not.match(ran.err, /secret|\n {4}at /);
  });
}

test('the help lists every command, option and exit code; without arguments it is shown too', async () => {
  const help = await spanwright(['--help']);
  assert.is(help.code, 0);
  for (const { name, summary } of COMMANDS) assert.match(help.out, new RegExp(`^  ${name} .*${summary.slice(0, 20)}`, 'm'));
  for (const meaning of Object.values(EXIT_MEANINGS)) assert.match(help.out, meaning);
  assert.is((await spanwright([])).out, help.out);
  assert.is((await spanwright(['help'])).out, help.out);
});

test('each command has its own help, with all its options', async () => {
  assert.is((await spanwright(['help', 'set'])).out, (await spanwright(['set', '--help'])).out);
  for (const command of COMMANDS.slice(0, 2)) {
    const { out } = await spanwright([command.name, '-h']);
    for (const { name } of optionsOfCommand(command).filter((option) => option.name !== 'help' && option.name !== 'version'))
      assert.match(out, `--${name}`);
  }
});

test('the version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8'));
  assert.is((await spanwright(['--version'])).out, `${version}\n`);
});

test('an option means the same kind of value in every command, so that it may come before the name of the command', () => {
  const kinds = new Map<string, boolean>();
  for (const option of COMMANDS.flatMap(optionsOfCommand)) {
    const flag = option.type === 'flag';
    assert.is(kinds.get(option.name) ?? flag, flag, `--${option.name}`);
    kinds.set(option.name, flag);
  }
  assert.ok(kinds.size > 5);
  const line = parseCommandLine(['--url', 'http://localhost:1', '--limit=3', 'sites', '--', '--odd']);
  assert.is(line.command?.name, 'sites');
  assert.equal(line.arguments, ['--odd']);
  assert.is(line.options.get('limit'), 3);
});

test('every row of the table loads a module that runs', async () => {
  for (const command of COMMANDS) assert.type(await command.load(), 'function', command.name);
});

test.run();
