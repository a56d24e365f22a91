// File arguments of `spanwright view` and `diff`: a token that other users can read, and endless files, are refused with the reason.

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { invoke } from '../cli/invoke.js';

const folder = mkdtempSync(join(tmpdir(), 'spanwright-view-files-'));
const token = join(folder, 'token');
const pipe = join(folder, 'pipe');
test.before(() => {
  writeFileSync(token, 'a-token-of-the-files-test\n');
  if (process.platform !== 'win32') execFileSync('mkfifo', [pipe]);
});
test.after(() => rmSync(folder, { recursive: true }));

const OPTIONS = ['--page-token-file', '--hook-token-file'] as const;

/** The message of a command that is refused. */
async function refusal(...args: string[]): Promise<string> {
  const { code, err } = await invoke(args);
  assert.ok(code !== 0, args.join(' '));
  return err;
}

for (const option of OPTIONS) {
  test(`view ${option}: a file that other users can read is refused with its mode`, async () => {
    if (process.platform === 'win32') return;
    chmodSync(token, 0o644);
    assert.match(await refusal('view', option, token), /is open to other users of this machine \(mode 644\)\. Run "chmod 600"/);
    chmodSync(token, 0o600);
    // valid, so that only the other option is refused
    assert.match(await refusal('view', option, token, '--editor', 'none'), /--editor/);
  });

  test(`view ${option}: a named pipe and a device are refused at once`, async () => {
    if (process.platform === 'win32') return;
    for (const path of [pipe, '/dev/zero']) assert.match(await refusal('view', option, path), 'it is not a regular file');
  });
}

test('traces from a named pipe or a device are refused at once', async () => {
  if (process.platform === 'win32') return;
  for (const path of [pipe, '/dev/zero']) {
    assert.match(await refusal('view', path, '--port', '0', '--grpc-port', '0', '--http-port', '0'), 'it is not a regular file');
    assert.match(await refusal('diff', '--file', path), 'it is not a regular file');
  }
});

test('a store that is a named pipe or a device is refused at once', async () => {
  if (process.platform === 'win32') return;
  for (const path of [pipe, '/dev/zero'])
    assert.match(await refusal('view', '--store', path, '--port', '0'), `--store: ${path}: it is not a regular file`);
});

test.run();
