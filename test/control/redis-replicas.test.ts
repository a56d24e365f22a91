// Three replicas that follow a real Redis, with both client packages and with clocks that are hours apart: one command reaches
// all of them within a second, ends for all of them at the same time, and the loss of Redis does no harm.
// limit: 300 s

import { setTimeout as wait } from 'node:timers/promises';
import { createClient } from 'redis';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { commandReplicas } from '../../runtime/control/index.js';
import { RedisServer, WITHOUT_REDIS } from './redis-server.js';
import { allUntil, bestOf, type Replica, startReplicas } from './replicas.js';

const HOURS = 3_600_000;
/** Margin for a loaded machine; the clocks are hours apart. */
const SLACK = 20_000;

const replicated = suite('replicas');
const test = WITHOUT_REDIS ? replicated.skip : replicated;
let redis: RedisServer;
let started: Replica[] = [];
let replicas: Replica[];
/** Configured on, with rules and a drop list of its own. */
let other: Replica;
replicated.before(async () => {
  if (WITHOUT_REDIS) return;
  redis = await RedisServer.start();
  started = await startReplicas([
    { redis: redis.url },
    { redis: redis.url, client: 'ioredis', clockOffset: 3 * HOURS },
    { redis: redis.url, client: 'redis', clockOffset: -3 * HOURS },
    { redis: redis.url, enabled: true, own: { rules: 'carbide::own=off', drop: 'carbide::own' } },
  ]);
  replicas = started.slice(0, 3);
  other = started[3] as Replica;
});
replicated.after(async () => {
  for (const replica of started) await replica.stop();
  await redis?.kill();
});

test('one command is followed by all within a second, and ends for all when its time is over, also with wrong clocks', async () => {
  assert.equal(
    replicas.map(({ state }) => state.enabled),
    [false, false, false],
  );
  let from = 0;
  let revision = 0;
  const delays = await bestOf(5, async (attempt) => {
    const command = { setting: 'enabled', value: true, for: '4s', only: `carbide::api${attempt}`, actor: 'ana' } as const;
    const seen = allUntil(replicas, ({ enabled, roots }) => enabled && roots === command.only, SLACK);
    from = performance.now();
    revision = await commandReplicas(redis.url, command);
    return await seen;
  });
  assert.ok(Math.max(...delays) < 1000, `seen after ${delays.map(Math.round)} ms`);
  for (const { state } of replicas) {
    assert.is(state.revision, revision);
    assert.is(state.actor, 'ana, by redis spanwright:control');
  }
  await allUntil(replicas, ({ enabled }) => !enabled, SLACK);
  assert.ok(performance.now() - from > 3900, 'not ended early');
});

test('of conflicting commands the one with the highest revision is in force in every replica', async () => {
  const clients = [redis.url, redis.url, redis.url, redis.url];
  const revisions = await Promise.all(
    clients.map((url, at) => commandReplicas(url, { setting: 'rules', value: `carbide::n${at}=off`, for: '1m' })),
  );
  assert.is(new Set(revisions).size, clients.length, 'each has a revision of its own');
  const last = revisions.indexOf(Math.max(...revisions));
  await allUntil(replicas, ({ rules }) => rules === `carbide::n${last}=off`, SLACK);

  const newest = Math.max(...revisions);
  const stale = await commandReplicas(redis.url, { setting: 'rules', value: '' }, { revision: newest - 1 }).catch(
    (error) => error,
  );
  assert.match(stale.message, `at revision ${newest}, not ${newest - 1}`);
  const next = await commandReplicas(redis.url, { setting: 'rules', value: null }, { revision: newest });
  assert.is(next, newest + 1);
  await allUntil(replicas, ({ rules, revision }) => rules === '' && revision === next, SLACK);
});

test('a replica that starts later gets the remaining time of the command only', async () => {
  const whole = 60_000;
  await commandReplicas(redis.url, { setting: 'enabled', value: true, for: whole });
  await allUntil(replicas, ({ enabled }) => enabled, SLACK);
  const passed = 1000;
  await wait(passed);
  const late = await startReplicas([{ redis: redis.url, clockOffset: -5 * HOURS }]);
  try {
    const { enabled, left } = (late[0] as Replica).state;
    assert.is(enabled, true, 'it is on from its start');
    assert.ok(left > 0 && left <= whole - passed, `${left} ms left`);
    await commandReplicas(redis.url, { setting: 'enabled', value: null });
    await allUntil([...replicas, ...late], (state) => !state.enabled, SLACK);
  } finally {
    for (const replica of late) await replica.stop();
  }
});

test('off without a duration has no end in replicas that are configured on, also in one that starts later', async () => {
  assert.is(other.state.enabled, true);
  await commandReplicas(redis.url, { setting: 'enabled', value: false });
  await allUntil([...replicas, other], ({ enabled, leases }) => !enabled && leases.includes('enabled'), SLACK);
  const [late] = (await startReplicas([{ redis: redis.url, enabled: true, clockOffset: 5 * HOURS }])) as [Replica];
  try {
    assert.equal([late.state.enabled, late.state.endless], [false, true], 'it is off from its start');
    for (const { state } of replicas) assert.is(state.endless, true);
    await commandReplicas(redis.url, { setting: 'enabled', value: null });
    await allUntil([other, late], ({ enabled }) => enabled, SLACK);
  } finally {
    await late.stop();
  }
});

test('empty rules and an empty drop list end every lease of their kind, also those that a replica has set itself', async () => {
  const all = [...replicas, other];
  const configured = { rules: replicas[0]?.state.rules, drop: replicas[0]?.state.drop };
  for (const [setting, value] of [
    ['rules', 'carbide::a=off'],
    ['drop', 'carbide::a'],
  ] as const) {
    const numbers = () => all.map(({ state }) => state.leases.filter((kind) => kind === setting).length);
    const begun = await commandReplicas(redis.url, { setting, value, for: '1h' });
    await allUntil(all, ({ revision }) => revision === begun, SLACK);
    assert.equal(numbers(), [1, 1, 1, 2], setting);
    const ended = await commandReplicas(redis.url, { setting, value: '' });
    await allUntil(all, ({ revision }) => revision === ended, SLACK);
    assert.equal(numbers(), [0, 0, 0, 0], setting);
    for (const { state } of all) assert.is(state[setting], configured[setting]);
  }
});

test('when Redis goes away leases end in time, and when it is back, even empty, it is followed again', async () => {
  await commandReplicas(redis.url, { setting: 'enabled', value: true, for: '8s' });
  await allUntil(replicas, ({ enabled }) => enabled, SLACK);
  const before = Math.max(...replicas.map(({ state }) => state.revision));
  await redis.kill();
  await wait(300);
  assert.equal(
    replicas.map(({ state }) => state.enabled),
    [true, true, true],
    'what is in force does not hang on the connection',
  );
  await allUntil(replicas, ({ enabled }) => !enabled, SLACK);
  await redis.up();
  const revision = await commandReplicas(redis.url, { setting: 'enabled', value: true, for: '30s' });
  assert.ok(revision > before, 'revisions go on after the store was emptied');
  await allUntil(replicas, (state) => state.enabled && state.revision === revision, SLACK);
  for (const { errors } of replicas)
    assert.match(errors.join(''), /SPW022 a control source cannot be followed: redis spanwright:control: /);
  await commandReplicas(redis.url, { setting: 'enabled', value: null });
  await allUntil(replicas, ({ enabled }) => !enabled, SLACK);
});

test('a replica whose configuration refuses changes does not change, and logs the reason', async () => {
  const [refusing] = await startReplicas([{ redis: redis.url, allowRuntimeChanges: false }]);
  try {
    const revision = await commandReplicas(redis.url, { setting: 'enabled', value: true, for: '30s' });
    await refusing?.until((state) => state.revision === revision, SLACK);
    assert.is(refusing?.state.enabled, false);
    const told = (): boolean => refusing?.errors.join('').includes('SPW022') === true;
    for (let at = 0; at < 1000 && !told(); at += 1) await wait(20);
    assert.match(refusing?.errors.join('') ?? '', /SPW022 .*allow_runtime_changes is false/);
  } finally {
    await refusing?.stop();
  }
});

test('a stored value that is not a command changes nothing', async () => {
  const client = createClient({ url: redis.url });
  await client.connect();
  try {
    await commandReplicas(redis.url, { setting: 'enabled', value: null });
    const before = await commandReplicas(redis.url, { setting: 'rules', value: 'carbide::a=off', for: '1m' });
    await allUntil(replicas, (state) => !state.enabled && state.revision === before, SLACK);
    const key = 'spanwright:control';
    for (const [field, text] of [
      ['enabled', 'no json'],
      ['enabled', '{"value":"yes"}'],
      ['enabled', '{"value":true,"__proto__":1}'],
      ['enabled', '{"value":true,"for":[]}'],
      ['rules', '{"value":"carbide=sideways"}'],
    ] as const) {
      const revision = String(before + 1000);
      await client.hSet(key, {
        [field]: text,
        [`${field}:revision`]: revision,
        [`${field}:for`]: '60000',
        [`${field}:ends`]: '99999999999999',
      });
      await client.publish(key, 'look');
      await wait(150);
      for (const { state } of replicas) {
        assert.is(state.enabled, false, text);
        assert.is(state.rules, 'carbide::a=off', text);
      }
    }
    // An end written beside the command by hand does not lengthen it.
    await client.del(key);
    await client.hSet(key, {
      drop: '{"value":"carbide::x"}',
      'drop:revision': String(before + 2000),
      'drop:for': '800',
      'drop:ends': '99999999999999',
    });
    await client.publish(key, 'look');
    await allUntil(replicas, ({ revision }) => revision === before + 2000, SLACK);
  } finally {
    client.destroy();
  }
});

replicated.run();
