// Who may read and who may change: where tokens come from, what each allows, and what guessing costs.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type AdminOptions, createAdminHandler } from '../../runtime/admin/index.js';
import { ConfigurationError, InvalidArgumentError } from '../../runtime/errors.js';
import type { Tracing } from '../../runtime/index.js';
import { ask, quietHandler, TOKEN } from './client.js';
import { startService } from './service.js';

const STRANGER = { local: false, address: '192.0.2.7' };
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
  writeFileSync(file, 'from-file\n');
  process.env.SPANWRIGHT_ADMIN_TOKEN = 'from-variable';
  assert.is(await status({ token: TOKEN, tokenFile: file }, 'PUT', TOKEN), 200);
  assert.is(await status({ token: TOKEN, tokenFile: file }, 'PUT', 'from-file'), 401);
  assert.is(await status({ token: undefined, tokenFile: file }, 'PUT', 'from-file'), 200);
  assert.is(await status({ token: undefined, tokenFile: file }, 'PUT', 'from-variable'), 401);
  assert.is(await status({ token: undefined }, 'PUT', 'from-variable'), 200);
  process.env.SPANWRIGHT_ADMIN_TOKEN = '';
  assert.is(await status({ token: undefined }, 'PUT', ''), 403);
});

test('a token that cannot be read or sent is an error when the handler is made', () => {
  const empty = join(directory, 'empty');
  writeFileSync(empty, '');
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

test('an option that does not exist, a prefix or host that is none, are errors when the handler is made', () => {
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

test('reads are open on this machine only, unless they are opened or have a token', async () => {
  assert.is(await status({}, 'GET', null), 200);
  assert.is(await status({}, 'GET', null, STRANGER), 401);
  assert.is(await status({}, 'GET', TOKEN, STRANGER), 200);
  assert.is(await status({ openReads: true }, 'GET', null, STRANGER), 200);
  assert.is(await status({ readToken: READ_TOKEN }, 'GET', null), 401);
  assert.is(await status({ readToken: READ_TOKEN }, 'GET', READ_TOKEN, STRANGER), 200);
  assert.is(await status({ readToken: READ_TOKEN }, 'GET', TOKEN, STRANGER), 200);
});

test('a caller of whom the adapter says nothing is a stranger', async () => {
  const admin = createAdminHandler(tracing, { token: TOKEN });
  assert.is((await admin(new Request('http://localhost/tracing/state'))).status, 401);
  const headers = { authorization: `bearer  ${TOKEN} ` };
  assert.is((await admin(new Request('http://localhost/tracing/state', { headers }))).status, 200);
});

test('the token for reads changes nothing', async () => {
  const { admin } = quietHandler(tracing, { readToken: READ_TOKEN });
  const answer = await ask(admin, 'PUT', '/tracing/enabled', { token: READ_TOKEN, body: ON });
  assert.is(answer.status, 403);
  assert.match(answer.json.error.message, 'allows reading only');
  assert.is(tracing.enabled, false);
  const spans = await ask(admin, 'GET', '/tracing/audit', { token: READ_TOKEN });
  assert.is(spans.status, 403);
});

test('a wrong token is refused also where reads are open, so that it cannot be probed there', async () => {
  assert.is(await status({}, 'GET', 'guess'), 401);
});

test('after ten wrong tokens a peer is told to wait, also with the right one; other peers are not', async () => {
  const { admin } = quietHandler(tracing);
  const guess = (token: string | null, address: string) =>
    ask(admin, 'PUT', '/tracing/enabled', { token, body: ON, caller: { local: true, address } });
  for (let at = 0; at < 10; at += 1) assert.is((await guess(`guess-${at}`, '192.0.2.1')).status, 401);
  const late = await guess(TOKEN, '192.0.2.1');
  assert.is(late.status, 429);
  assert.is(late.json.error.code, 'ResourceExhausted');
  const wait = Number(late.headers.get('retry-after'));
  assert.ok(wait > 0 && wait <= 60, String(wait));
  assert.is(tracing.enabled, false);
  assert.is((await guess(TOKEN, '192.0.2.2')).status, 200);
});

test('requests without a token do not count as guesses, and the wait ends', async () => {
  const { admin } = quietHandler(tracing, { failures: { most: 2, withinSeconds: 60 } });
  const guess = (token: string | null) => ask(admin, 'PUT', '/tracing/enabled', { token, body: ON });
  for (let at = 0; at < 5; at += 1) assert.is((await guess(null)).status, 401);
  assert.is((await guess(TOKEN)).status, 200);
  await guess('a');
  await guess('b');
  assert.is((await guess(TOKEN)).status, 429);
  const now = performance.now.bind(performance);
  performance.now = () => now() + 61_000;
  try {
    assert.is((await guess(TOKEN)).status, 200);
  } finally {
    performance.now = now;
  }
});

test('wrong tokens leave two lines in the log, however many there are, and never the token', async () => {
  const { admin, log } = quietHandler(tracing, { failures: { most: 3, withinSeconds: 60 } });
  for (const address of ['192.0.2.1', '192.0.2.1\u001b[2J']) {
    for (let at = 0; at < 20; at += 1) {
      await ask(admin, 'PUT', '/tracing/enabled', { token: `guess-${at}`, body: ON, caller: { local: true, address } });
    }
  }
  assert.equal(log.slice(0, 2), [
    'spanwright admin: a wrong token from 192.0.2.1; 3 of them within 60 s are too many.',
    'spanwright admin: 3 wrong tokens from 192.0.2.1: every token from there is refused for now.',
  ]);
  assert.is(log.length, 4);
  for (const line of log) assert.not.match(line, /guess|\p{Cc}/u);
  assert.is((await ask(admin, 'GET', '/tracing/audit')).json.entries.length, 0);
});

test('hosts beyond loopback are allowed by name, or all of them', async () => {
  const at = async (options: AdminOptions, origin: string) =>
    (await ask(quietHandler(tracing, options).admin, 'GET', '/tracing/health', { origin })).status;
  assert.is(await at({}, 'http://api.internal:8080'), 421);
  assert.is(await at({ allowedHosts: ['API.internal'] }, 'http://api.internal:8080'), 200);
  assert.is(await at({ allowedHosts: ['api.internal'] }, 'http://xapi.internal'), 421);
  assert.is(await at({ allowedHosts: ['*'] }, 'http://10.1.2.3:8080'), 200);
  assert.is(await at({}, 'http://127.8.9.10:1'), 200);
});

test.run();
