// Tests whose parts are missing: skipped with a reason, and an error in CI.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { missingCommands } from '../missing.js';

function ask(missing: readonly string[], CI: string) {
  const script = `console.log(require('./test/missing.ts').mustSkip(${JSON.stringify(missing)}))`;
  const env = { ...process.env, CI };
  return spawnSync(process.execPath, ['--require', 'tsx/cjs', '-e', script], {
    cwd: join(__dirname, '../..'),
    env,
    encoding: 'utf8',
  });
}

test('a missing part is named as the reason of a skip', () => {
  assert.is(ask(['fish', 'zsh'], '').stdout, 'skip: not installed: fish, zsh; run .ci/setup\ntrue\n');
  assert.is(ask([], '').stdout, 'false\n');
});

test('a missing part is an error in CI', () => {
  const { status, stdout, stderr } = ask(['fish'], 'true');
  assert.is(status, 1);
  assert.match(stderr, 'Error: not installed: fish; run .ci/setup');
  assert.is(stdout, '');
  assert.is(ask([], 'true').stdout, 'false\n');
});

test('only commands that cannot be started are missing', () => {
  assert.equal(missingCommands('bash', 'no-such-command', 'node'), ['no-such-command']);
});

test.run();
