// Access to the hook, for reads and for changes: sources of tokens, their permissions, and the cost of guessing.

import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type AdminOptions, createAdminHandler } from '../../runtime/admin/index.js';
import { checkedToken } from '../../runtime/admin/token.js';
import { ConfigurationError, InvalidArgumentError } from '../../runtime/errors.js';
import type { Tracing } from '../../runtime/index.js';
import { randomFrom } from '../random.js';
import { ask, quietHandler, TOKEN } from './client.js';
import { startService } from './service.js';

const REMOTE = { local: false, address: '192.0.2.7' };
const READ_TOKEN = 'the-token-for-reads';
const ON = { enabled: true };

let tracing: Tracing;
let directory: string;
test.before(async () => {
  tracing = await startService();
  directory = mkdtempSync(join(tmpdir(), 'spanwright-admin-'));
});
test.after.each(() => {
  delete process.env.SPANWRIGHT_ADMIN_TOKEN;
  for (const { id } of tracing.leases()) tracing.endLease(id);
});
test.after(async () => {
  rmSync(directory, { recursive: true });
  await tracing.shutdown();
});

const status = async (
  options: AdminOptions,
  method: 'GET' | 'PUT',
  token: string | null,
  caller?: { local: boolean },
): Promise<number> => {
  const { admin } = quietHandler(tracing, options);
  const path = method === 'GET' ? '/tracing/state' : '/tracing/enabled';
  const answer = await ask(admin, method, path, {
    token,
    ...(method === 'PUT' ? { body: ON } : {}),
    ...(caller ? { caller } : {}),
  });
  return answer.status;
};

test('the token comes from the option, else the file, else the variable', async () => {
  const file = join(directory, 'token');
  writeFileSync(file, 'token-from-a-file\n', { mode: 0o600 });
  process.env.SPANWRIGHT_ADMIN_TOKEN = 'token-from-a-variable';
  assert.is(await status({ token: TOKEN, tokenFile: file }, 'PUT', TOKEN), 200);
  assert.is(await status({ token: TOKEN, tokenFile: file }, 'PUT', 'token-from-a-file'), 401);
  assert.is(await status({ token: undefined, tokenFile: file }, 'PUT', 'token-from-a-file'), 200);
  assert.is(await status({ token: undefined, tokenFile: file }, 'PUT', 'token-from-a-variable'), 401);
  assert.is(await status({ token: undefined }, 'PUT', 'token-from-a-variable'), 200);
  process.env.SPANWRIGHT_ADMIN_TOKEN = '';
  assert.is(await status({ token: undefined }, 'PUT', ''), 403);
});

test('a token that cannot be read or sent is an error when the handler is created', () => {
  const empty = join(directory, 'empty');
  writeFileSync(empty, '', { mode: 0o600 });
  const missing = join(directory, 'missing');
  for (const [options, says] of [
    [{ tokenFile: missing }, /cannot be read \(ENOENT\)/],
    [{ tokenFile: empty }, /it is empty/],
    [{ token: '' }, /it is empty/],
    [{ token: 'two words' }, /blanks/],
    [{ token: TOKEN, readToken: 'ünicode' }, /readToken.*outside ASCII/],
  ] as const) {
    assert.throws(
      () => createAdminHandler(tracing, options),
      (error: Error) => error instanceof ConfigurationError && says.test(error.message),
    );
  }
});

test('a token shorter than 16 characters is refused with its length; one of 16 characters is accepted', async () => {
  for (const token of ['x', '0123456789abcde']) {
    for (const options of [{ token }, { token: TOKEN, readToken: token }]) {
      assert.throws(
        () => createAdminHandler(tracing, options),
        (error: Error) => /expected at least 16/.test(error.message) && !error.message.includes(token.slice(0, 9).padEnd(9, '!')),
      );
    }
  }
  process.env.SPANWRIGHT_ADMIN_TOKEN = 'short';
  assert.throws(() => createAdminHandler(tracing, {}), /SPANWRIGHT_ADMIN_TOKEN is refused: it has 5 characters/);
  delete process.env.SPANWRIGHT_ADMIN_TOKEN;
  assert.is(await status({ token: '7f03d91ab52c68e4' }, 'PUT', '7f03d91ab52c68e4'), 200);
});

test('a token with a regular pattern is refused, and the pattern is named, whether it comes from option, file or variable', () => {
  for (const [token, says] of [
    ['a'.repeat(40), /it has 1 different character, expected at least 4/],
    ['010010010101110101010010110', /it has 2 different characters/],
    ['abcdefg!'.repeat(4), /it repeats its first 8 characters/],
    ['passwordpasswordpass', /it repeats its first 8 characters/],
    ['12345678901234567890', /it repeats its first 10 characters/],
    ['0123456789abcdef', /follow one another/],
    ['zyxwvutsrqponmlk', /follow one another/],
    ['aaaabbbbccccdddd', /its characters repeat/],
  ] as const) {
    const file = join(directory, 'regular');
    writeFileSync(file, token, { mode: 0o600 });
    for (const options of [{ token }, { tokenFile: file }, { token: TOKEN, readToken: token }]) {
      assert.throws(
        () => createAdminHandler(tracing, options),
        (error: Error) => error instanceof ConfigurationError && says.test(error.message) && !error.message.includes(token),
      );
    }
  }
});

test('random tokens of the usual lengths and alphabets are accepted', () => {
  const seed = Number(process.env.SPANWRIGHT_SEED ?? Date.now() % 1_000_000);
  const random = randomFrom(seed);
  const hex = '0123456789abcdef';
  const word = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  for (const [alphabet, length] of [
    [hex, 16],
    [hex, 32],
    [hex, 64],
    [word, 16],
    [`${word}+/`, 24],
    [`${word}-_`, 43],
  ] as const) {
    for (let each = 0; each < 5000; each++) {
      const token = Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join('');
      assert.not.throws(() => checkedToken(token, 'a test'), `seed ${seed}: ${token}`);
    }
  }
  for (let each = 0; each < 1000; each++) assert.not.throws(() => checkedToken(randomUUID(), 'a test'));
});

test('a token file that other users can read or change is refused with its mode; modes 600 and 440 are accepted', async () => {
  const file = join(directory, 'shared');
  writeFileSync(file, TOKEN);
  for (const mode of [0o666, 0o644, 0o604, 0o602, 0o620, 0o755]) {
    chmodSync(file, mode);
    const says = new RegExp(`open to other users.*mode ${mode.toString(8)}.*chmod 600`);
    assert.throws(() => createAdminHandler(tracing, { tokenFile: file }), says);
  }
  for (const mode of [0o600, 0o400, 0o440]) {
    chmodSync(file, mode);
    assert.is(await status({ token: undefined, tokenFile: file }, 'PUT', TOKEN), 200);
  }
});

test('a token file that never ends is refused at once', () => {
  const pipe = join(directory, 'pipe');
  execFileSync('mkfifo', ['-m', '600', pipe]);
  for (const tokenFile of [pipe, '/dev/zero']) {
    assert.throws(() => createAdminHandler(tracing, { tokenFile }), /cannot be read \(it is not a regular file\)/);
  }
  const long = join(directory, 'long');
  writeFileSync(long, 'x'.repeat(70_000), { mode: 0o600 });
  assert.throws(() => createAdminHandler(tracing, { tokenFile: long }), /70000 bytes; at most 65536/);
});

test('unknown options and invalid prefixes or hosts are errors when the handler is created', () => {
  for (const [options, says] of [
    [{ tokn: TOKEN }, /Unknown admin option "tokn"\. Did you mean "token"\?/],
    [{ prefix: 'tracing' }, /must be a plain path/],
    [{ prefix: '/a/../b?c' }, /must be a plain path/],
    [{ allowedHosts: ['https://x.example'] }, /is not a host name/],
    [{ allowedHosts: ['x.example:80'] }, /without port/],
  ] as const) {
    const make = () => createAdminHandler(tracing, options as AdminOptions);
    assert.throws(make, (error: Error) => error instanceof InvalidArgumentError && says.test(error.message));
  }
});

test('reads without a token are allowed from this machine only, unless the configuration allows more', async () => {
  assert.is(await status({}, 'GET', null), 200);
  assert.is(await status({}, 'GET', null, REMOTE), 401);
  assert.is(await status({}, 'GET', TOKEN, REMOTE), 200);
  assert.is(await status({ openReads: true }, 'GET', null, REMOTE), 200);
  assert.is(await status({ readToken: READ_TOKEN }, 'GET', null), 401);
  assert.is(await status({ readToken: READ_TOKEN }, 'GET', READ_TOKEN, REMOTE), 200);
  assert.is(await status({ readToken: READ_TOKEN }, 'GET', TOKEN, REMOTE), 200);
});

test('treats a request without caller information as remote', async () => {
  const admin = createAdminHandler(tracing, { token: TOKEN });
  assert.is((await admin(new Request('http://localhost/tracing/state'))).status, 401);
  const headers = { authorization: `bearer  ${TOKEN} ` };
  assert.is((await admin(new Request('http://localhost/tracing/state', { headers }))).status, 200);
});

test('the read token does not permit changes', async () => {
  const { admin } = quietHandler(tracing, { readToken: READ_TOKEN });
  const answer = await ask(admin, 'PUT', '/tracing/enabled', { token: READ_TOKEN, body: ON });
  assert.is(answer.status, 403);
  assert.match(answer.json.error.message, 'allows reading only');
  assert.is(tracing.enabled, false);
  const spans = await ask(admin, 'GET', '/tracing/audit', { token: READ_TOKEN });
  assert.is(spans.status, 403);
});

test('a wrong token is refused on open read routes too, so that they cannot be used to guess it', async () => {
  assert.is(await status({}, 'GET', 'guess'), 401);
});

test('host names other than loopback are allowed one by one, or all at once', async () => {
  const at = async (options: AdminOptions, origin: string) =>
    (await ask(quietHandler(tracing, options).admin, 'GET', '/tracing/health', { origin })).status;
  assert.is(await at({}, 'http://api.internal:8080'), 421);
  assert.is(await at({ allowedHosts: ['API.internal'] }, 'http://api.internal:8080'), 200);
  assert.is(await at({ allowedHosts: ['api.internal'] }, 'http://xapi.internal'), 421);
  assert.is(await at({ allowedHosts: ['*'] }, 'http://10.1.2.3:8080'), 200);
  assert.is(await at({}, 'http://127.8.9.10:1'), 200);
});

test.run();
