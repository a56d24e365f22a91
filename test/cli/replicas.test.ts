// `spanwright set --redis` against a real Redis and a service that follows it.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Control, followRedis } from '../../runtime/control/index.js';
import type { Tracing } from '../../runtime/index.js';
import { startService } from '../admin/service.js';
import { RedisServer, WITHOUT_REDIS } from '../control/redis-server.js';
import { spanwright } from './program.js';

const replicated = suite('set --redis');
const test = WITHOUT_REDIS ? replicated.skip : replicated;
let redis: RedisServer;
let tracing: Tracing;
let control: Control;
replicated.before(async () => {
  if (WITHOUT_REDIS) return;
  redis = await RedisServer.start();
  tracing = await startService();
  control = await followRedis(tracing, redis.url);
});
replicated.after(async () => {
  await control?.close();
  await tracing?.shutdown();
  await redis?.kill();
});

async function until(is: () => boolean): Promise<void> {
  for (let at = 0; at < 2000 && !is(); at += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(is());
}

test('a change reaches all following replicas, and its revision is printed', async () => {
  const ran = await spanwright([
    'set',
    'tracing-enabled',
    'true',
    '--redis',
    redis.url,
    '--for',
    '1m',
    '--only',
    'carbide',
    '--json',
  ]);
  assert.is(ran.code, 0, ran.err);
  const { revision, setting, key } = JSON.parse(ran.out);
  assert.equal([setting, key], ['enabled', 'spanwright:control']);
  await until(() => tracing.enabled);
  assert.is(tracing.state().roots, 'carbide');
  assert.match(tracing.leases()[0]?.actor ?? '', /^\S+@\S+, by redis spanwright:control$/);
  const off = await spanwright(['set', 'tracing-enabled', 'off', '--redis', redis.url, '--revision', String(revision)]);
  assert.is(off.code, 0, off.err);
  assert.is(
    off.out,
    `Revision ${revision + 1} of spanwright:control: tracing-enabled false, until tracing is switched on.\nReplicas follow within 2 s; each logs what it does.\n`,
  );
  await until(() => !tracing.enabled);
  const stale = await spanwright(['set', 'tracing-enabled', 'on', '--redis', redis.url, '--revision', String(revision)]);
  assert.is(stale.code, 1);
  assert.match(stale.err, `InvalidArgument: The commands are at revision ${revision + 1}, not ${revision}`);
});

test('another key is another set of replicas', async () => {
  const { revision } = control;
  assert.is((await spanwright(['set', 'rules', 'carbide=off', '--redis', redis.url, '--redis-key', 'other'])).code, 0);
  assert.is(control.revision, revision);
});

for (const [args, code, says] of [
  [['--redis', 'localhost:6379'], 2, /is not a URL of Redis/],
  [['--redis', 'redis://:secret@127.0.0.1:6379'], 2, /use SPANWRIGHT_REDIS_PASSWORD/],
  [['--redis', 'redis://127.0.0.1:1'], 3, /Redis did not accept the command: .*ECONNREFUSED/],
  [['--redis', 'redis://127.0.0.1:1', '--for', 'soon'], 1, /InvalidArgument: for: /],
] as const) {
  test(`"${args.join(' ')}" exits with ${code} and reports the reason`, async () => {
    const ran = await spanwright(['set', 'tracing-enabled', 'true', ...args]);
    assert.is(ran.code, code, ran.err);
    assert.match(ran.err, says);
    assert.not.match(ran.err + ran.out, 'secret');
  });
}

replicated.run();
