// The cost of guessing: wrong tokens are delayed by network, the right one is accepted at once.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { networkOf, WrongTokens } from '../../runtime/admin/wrong-tokens.js';
import type { Tracing } from '../../runtime/index.js';
import { ask, quietHandler, TOKEN } from './client.js';
import { startService } from './service.js';

let tracing: Tracing;
let alive: NodeJS.Timeout;
test.before(async () => {
  tracing = await startService();
  // Late answers do not keep a process alive; this timer does.
  alive = setInterval(() => undefined, 1000);
});
test.after.each(() => {
  for (const { id } of tracing.leases()) tracing.endLease(id);
});
test.after(async () => {
  clearInterval(alive);
  await tracing.shutdown();
});

const ON = { enabled: true };
type Admin = ReturnType<typeof quietHandler>['admin'];
const put = (admin: Admin, token: string | null, address: string) =>
  ask(admin, 'PUT', '/tracing/enabled', { token, body: ON, caller: { local: true, address } });

/** Milliseconds until the answer. */
async function timed(asked: Promise<{ status: number }>): Promise<{ status: number; ms: number }> {
  const from = performance.now();
  const { status } = await asked;
  return { status, ms: performance.now() - from };
}

const NETWORKS: readonly [network: string, addresses: readonly string[]][] = [
  ['127.0.0.0/8', ['127.0.0.1', '127.200.3.4', '::ffff:127.0.0.9', '::1', '0:0:0:0:0:0:0:1', '::ffff:7f00:1']],
  ['192.0.2.0/24', ['192.0.2.1', '192.0.2.254', '::ffff:192.0.2.7', '0:0:0:0:0:ffff:c000:0207']],
  ['192.0.3.0/24', ['192.0.3.1']],
  ['2001:db8:0:1::/64', ['2001:db8:0:1::1', '2001:0DB8:0000:0001:ffff:0:0:9', '2001:db8:0:1:a:b:c:d%eth0']],
  ['2001:db8:0:2::/64', ['2001:db8:0:2::1']],
  ['fe80:0:0:0::/64', ['fe80::1%lo', 'fe80::abcd']],
  ['socket', ['socket']],
  ['', ['']],
];
for (const [network, addresses] of NETWORKS) {
  test(`the network of ${addresses.join(', ') || 'no address'} is ${network || 'one of its own'}`, () => {
    for (const address of addresses) assert.is(networkOf(address), network);
  });
}

test('of 2,000 guesses from 200 addresses of one network, ten and then five a second are answered with 401, the others with 429', async () => {
  for (const address of [(at: number) => `127.0.0.${at}`, (at: number) => `2001:db8::${at.toString(16)}`]) {
    const { admin, log } = quietHandler(tracing);
    const from = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 2000 }, (_, at) => put(admin, `guess-${at}`, address(1 + (at % 200)))),
    );
    const seconds = (performance.now() - from) / 1000;
    const wrong = answers.filter(({ status }) => status === 401).length;
    // the last of the late answers waited for a second
    assert.ok(wrong >= 15 && wrong <= 10 + 5 * Math.floor(seconds + 0.01), `${wrong} in ${seconds} s`);
    for (const { status, headers } of answers) {
      if (status !== 401) assert.is(status, 429);
      if (status === 429) assert.ok(Number(headers.get('retry-after')) >= 1);
    }
    assert.is(log.length, 2);
  }
});

test('the right token is accepted at once while others guess from the same network or address', async () => {
  const { admin } = quietHandler(tracing);
  const guesses = Array.from({ length: 60 }, (_, at) => put(admin, `guess-${at}`, '127.0.0.1'));
  for (let at = 0; at < 5; at += 1) {
    const { status, ms } = await timed(put(admin, TOKEN, '127.0.0.1'));
    assert.is(status, 200);
    assert.ok(ms < 500, `${ms} ms`);
  }
  await Promise.all(guesses);
  const after = await timed(put(admin, TOKEN, '127.0.0.1'));
  assert.is(after.status, 200);
  assert.ok(after.ms < 500, `${after.ms} ms`);
});

test('the first ten wrong tokens are answered at once, the eleventh after a delay; other networks are not affected', async () => {
  const { admin } = quietHandler(tracing);
  for (let at = 0; at < 10; at += 1) {
    const { status, ms } = await timed(put(admin, `guess-${at}`, '192.0.2.1'));
    assert.is(status, 401);
    assert.ok(ms < 800, `${ms} ms`);
  }
  const late = timed(put(admin, 'guess', '192.0.2.99'));
  const other = await timed(put(admin, 'guess', '192.0.3.1'));
  assert.is(other.status, 401);
  assert.ok(other.ms < 800, `${other.ms} ms`);
  const { status, ms } = await late;
  assert.is(status, 401);
  assert.ok(ms > 900, `${ms} ms`);
});

test('at most five delayed answers of a network wait at a time; further guesses are refused at once', async () => {
  const { admin } = quietHandler(tracing);
  for (let at = 0; at < 10; at += 1) await put(admin, `guess-${at}`, '192.0.2.1');
  const guesses = await Promise.all(Array.from({ length: 8 }, (_, at) => timed(put(admin, `late-${at}`, '192.0.2.1'))));
  assert.equal(guesses.map(({ status }) => status).sort(), [401, 401, 401, 401, 401, 429, 429, 429]);
  for (const { status, ms } of guesses) assert.is(ms > 900, status === 401, `${status} after ${ms} ms`);
});

test('requests without a token do not count as guesses', async () => {
  const { admin, log } = quietHandler(tracing, { failures: { most: 2, withinSeconds: 60 } });
  for (let at = 0; at < 20; at += 1) assert.is((await put(admin, null, '127.0.0.1')).status, 401);
  assert.is(log.filter((line) => line.includes('wrong token')).length, 0);
  assert.ok((await timed(put(admin, 'guess', '127.0.0.1'))).ms < 800);
});

test('the count of a network expires', async () => {
  const { admin, log } = quietHandler(tracing, { failures: { most: 1, withinSeconds: 0.3 } });
  await put(admin, 'guess', '127.0.0.1');
  assert.ok((await timed(put(admin, 'guess', '127.0.0.1'))).ms > 900);
  assert.ok((await timed(put(admin, 'guess', '127.0.0.1'))).ms < 800);
  assert.is(log.filter((line) => line.startsWith('spanwright admin: a wrong token')).length, 2);
});

test('counts of at most 1,000 networks are kept; a new one replaces the oldest', async () => {
  const tokens = new WrongTokens({ most: 1, withinSeconds: 60 }, () => {});
  const others = (from: number, to: number) =>
    Promise.all(Array.from({ length: to - from }, (_, at) => tokens.penalise(`10.${(from + at) >> 8}.${(from + at) & 255}.1`)));
  assert.is((await tokens.penalise('192.0.2.1')).kind, 'none');
  await others(0, 999);
  assert.is((await tokens.penalise('192.0.2.1')).kind, 'delayed', 'remembered beside 999 others');
  await others(999, 1000);
  assert.is((await tokens.penalise('192.0.2.1')).kind, 'none', 'forgotten for the thousandth');
});

test('wrong tokens from many networks leave 20 lines in the time of the limit, and then the number of those held back', async () => {
  const log: string[] = [];
  const tokens = new WrongTokens({ most: 10, withinSeconds: 0.5 }, (line) => log.push(line));
  for (let at = 0; at < 5000; at += 1) await tokens.penalise(`2001:db8:${at.toString(16)}::1`);
  const lines = log.length;
  assert.ok(lines >= 20 && lines <= 40, `${lines} lines`);
  await new Promise((resolve) => setTimeout(resolve, 600));
  await tokens.penalise('192.0.2.1');
  assert.is(log.length, lines + 1);
  assert.match(log.at(-1) as string, /^a wrong token from 192\.0\.2\.1; .* \(\d{3,4} more like this since the last line\)$/);
});

test('wrong tokens leave two lines in the log, however many there are, and never the token', async () => {
  const { admin, log } = quietHandler(tracing, { failures: { most: 3, withinSeconds: 60 } });
  for (const address of ['192.0.2.1', `198.51.100.1\u001b[2J${'x'.repeat(100)}`]) {
    await Promise.all(Array.from({ length: 20 }, (_, at) => put(admin, `guess-${at}`, address)));
  }
  assert.equal(log.slice(0, 2), [
    'spanwright admin: a wrong token from 192.0.2.1; after 3 within 60 s they are answered after a delay.',
    'spanwright admin: 3 wrong tokens from 192.0.2.0/24: further ones are answered after a delay.',
  ]);
  assert.is(log.length, 4);
  assert.match(log[2] as string, /^spanwright admin: a wrong token from .{60}; after 3 within/u);
  for (const line of log) assert.not.match(line, /guess|\p{Cc}/u);
  assert.is((await ask(admin, 'GET', '/tracing/audit')).json.entries.length, 0);
});

test.run();
