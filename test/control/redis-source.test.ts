// Redis as control source, within one process: an unreachable Redis, missing packages, and that the process can end.

import { spawn } from 'node:child_process';
import Module from 'node:module';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { commandReplicas, followRedis, type RedisClient } from '../../runtime/control/index.js';
import type { Tracing } from '../../runtime/index.js';
import { setNoticeLogger } from '../../runtime/warnings.js';
import { startService } from '../admin/service.js';
import { RedisServer, WITHOUT_REDIS } from './redis-server.js';

let tracing: Tracing;
const lines: string[] = [];
test.before(async () => {
  setNoticeLogger((_level, line) => lines.push(line));
  tracing = await startService();
});
test.after(async () => {
  await tracing.shutdown();
  setNoticeLogger(undefined);
});

async function failure(work: Promise<unknown>): Promise<Error & { code?: string; field?: string }> {
  return await work.then(
    () => assert.unreachable('it was accepted') as never,
    (error) => error,
  );
}

test('following starts without a reachable Redis, and logs the fault', async () => {
  const from = performance.now();
  const control = await followRedis(tracing, 'redis://127.0.0.1:1');
  assert.ok(performance.now() - from < 8000);
  assert.is(control.revision, 0);
  assert.ok(
    lines.some((line) => /SPW022 .*redis spanwright:control: .*ECONNREFUSED/.test(line)),
    lines.join('\n'),
  );
  await control.close();
  const error = await failure(commandReplicas('redis://127.0.0.1:1', { setting: 'enabled', value: true }));
  assert.match(error.message, /^Redis did not accept the command: .*ECONNREFUSED/);
  assert.is(tracing.enabled, false);
});

test('an invalid client, URL or command is refused with the form expected', async () => {
  for (const client of ['127.0.0.1:6379', 'http://localhost', '', {}, null] as RedisClient[]) {
    const error = await failure(followRedis(tracing, client));
    assert.match(error.message, /expected a client of the package|must be a URL such as redis:/, String(client));
  }
  for (const [command, field] of [
    [{ setting: 'enabled', value: 'true' }, 'enabled'],
    [{ setting: 'rules', value: true }, 'rules'],
    [{ setting: 'colour', value: true }, 'setting'],
    [{ setting: 'enabled', value: true, for: '25h' }, 'for'],
    [{ setting: 'enabled', value: true, for: '0' }, 'for'],
    [{ setting: 'enabled', value: true, reason: 7 }, 'reason'],
  ] as const) {
    assert.is((await failure(commandReplicas('redis://127.0.0.1:1', command as never))).field, field);
  }
  assert.is((await failure(followRedis(tracing, 'redis://127.0.0.1:1', { interval: 1 }))).field, 'interval');
});

test('a URL without either package installed is MISSING_PACKAGE with the line that installs one', async () => {
  // Node's own resolution, made blind for these two packages: in this tree both are installed.
  const resolver = Module as unknown as { _resolveFilename(request: string, ...rest: unknown[]): string };
  const resolve = resolver._resolveFilename;
  resolver._resolveFilename = (request, ...rest) =>
    resolve.call(Module, /^(io)?redis$/.test(request) ? `${request}-that-is-not-there` : request, ...rest);
  const hidden = resolver._resolveFilename;
  resolver._resolveFilename = (request, ...rest) => {
    try {
      return hidden(request, ...rest);
    } catch (error) {
      (error as Error).message = (error as Error).message.replaceAll('-that-is-not-there', '');
      throw error;
    }
  };
  try {
    const error = await failure(followRedis(tracing, 'redis://127.0.0.1:1'));
    assert.is(error.code, 'MISSING_PACKAGE');
    assert.match(error.message, 'npm install redis');
  } finally {
    resolver._resolveFilename = resolve;
  }
});

const withRedis = WITHOUT_REDIS ? test.skip : test;

withRedis('two keys are independent sources', async () => {
  const redis = await RedisServer.start();
  const control = await followRedis(tracing, redis.url, { key: 'carbide' });
  try {
    await commandReplicas(redis.url, { setting: 'drop', value: 'carbide::other', for: '1m' });
    const revision = await commandReplicas(redis.url, { setting: 'drop', value: 'carbide::mine', for: '1m' }, { key: 'carbide' });
    for (let at = 0; at < 100 && control.revision < revision; at += 1) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.match(tracing.state().drop, 'carbide::mine');
    assert.not.match(tracing.state().drop, 'carbide::other');
    await control.close();
    await commandReplicas(redis.url, { setting: 'enabled', value: true, for: '1m' }, { key: 'carbide' });
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.is(tracing.enabled, false, 'a closed source is not followed');
  } finally {
    await control.close();
    await redis.kill();
  }
});

for (const [state, port] of [
  ['there', undefined],
  ['gone', 1],
] as const) {
  const either = port === undefined ? withRedis : test;
  either(
    `followRedis() returns with a Redis that is ${state} where nothing else holds the process, and then keeps it alive no longer`,
    async () => {
      const redis = port === undefined ? await RedisServer.start() : undefined;
      const script = `
      const { followRedis } = require('./dist/runtime/control/index.js');
      const { startTracing } = require('./dist/runtime/index.js');
      (async () => {
        await followRedis(await startTracing({ serviceName: 'short' }), ${JSON.stringify(redis?.url ?? `redis://127.0.0.1:${port}`)});
        console.log('followed');
      })();`;
      const child = spawn(process.execPath, ['-e', script], {
        cwd: join(__dirname, '../..'),
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      let output = '';
      child.stdout.on('data', (part) => {
        output += part;
      });
      const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
      const code = await new Promise((resolve) => child.once('exit', resolve));
      clearTimeout(timer);
      await redis?.kill();
      assert.is(code, 0);
      assert.match(output, 'followed');
    },
  );
}

test.run();
