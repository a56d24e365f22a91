// Redis as more than one server, a cluster of three and one behind a sentinel, with both clients: a span names the server that answered,
// regardless of the address that the client was given.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WITHOUT_REDIS } from '../control/redis-server.js';
import { FORMS, type Program, runProgram, type ToldSpan } from './programs.js';
import { type RedisServers, startRedisCluster, startRedisSentinel } from './redis-servers.js';

interface Servers {
  cluster: RedisServers;
  sentinel: RedisServers;
}

const servers = suite<Servers>('servers of Redis');
const test = WITHOUT_REDIS ? servers.skip : servers;
servers.before(async (context) => {
  if (WITHOUT_REDIS) return;
  [context.cluster, context.sentinel] = await Promise.all([startRedisCluster(), startRedisSentinel()]);
});
servers.after(async ({ cluster, sentinel }) => {
  await Promise.all([cluster?.stop(), sentinel?.stop()]);
});

/** Keys of the slots 458, 8157 and 12222, one for each server of the cluster. */
const KEYS = ['a-secret', '{z}-secret', '{y}-secret'];
const READS = KEYS.map((key) => `await client.get('${key}');`).join(' ');

const CLIENTS: Record<string, { at: keyof Servers; program: (entry: number) => Program }> = {
  'redis, a cluster': {
    at: 'cluster',
    program: (port) => ({
      imports: [['redis', 'redis']],
      before: `const client = redis.createCluster({ rootNodes: [{ url: 'redis://127.0.0.1:${port}' }] }); await client.connect();`,
      work: READS,
      after: 'await client.close();',
    }),
  },
  'ioredis, a cluster': {
    at: 'cluster',
    program: (port) => ({
      imports: [['IORedis', 'ioredis']],
      before: `const client = new (IORedis.default ?? IORedis).Cluster([{ host: '127.0.0.1', port: ${port} }]); await client.ping();`,
      work: READS,
      after: 'client.disconnect();',
    }),
  },
  'redis, a sentinel': {
    at: 'sentinel',
    program: (port) => ({
      imports: [['redis', 'redis']],
      before: `const client = redis.createSentinel({ name: 'main', sentinelRootNodes: [{ host: '127.0.0.1', port: ${port} }] }); await client.connect();`,
      work: READS,
      after: 'await client.close();',
    }),
  },
  'ioredis, a sentinel': {
    at: 'sentinel',
    program: (port) => ({
      imports: [['IORedis', 'ioredis']],
      before: `const client = new (IORedis.default ?? IORedis)({ name: 'main', sentinels: [{ host: '127.0.0.1', port: ${port} }] }); await client.ping();`,
      work: READS,
      after: 'client.disconnect();',
    }),
  },
};

const ports = (spans: readonly ToldSpan[], key: string): number[] =>
  spans.map(({ attributes }) => Number(attributes[key])).sort((a, b) => a - b);

for (const [name, { at, program }] of Object.entries(CLIENTS)) {
  test(`${name}: each command is recorded under the enclosing span, with the server that answered it`, async (servers) => {
    const { entry, ports: holders } = servers[at];
    for (const form of FORMS) {
      const told = await runProgram(program(entry), form, { instrumentations: [name.split(',')[0]] });
      const enclosing = told.inside.find((span) => span.name === 'enclosing');
      const reads = told.inside.filter((span) => span.name === 'GET');
      assert.equal(
        reads.map(({ parent }) => parent),
        KEYS.map(() => enclosing?.spanId),
      );
      const expected = KEYS.map((_, index) => holders[index % holders.length] as number).sort((a, b) => a - b);
      for (const key of ['server.port', 'network.peer.port']) assert.equal(ports(reads, key), expected, `${form}: ${key}`);
      for (const { attributes } of reads)
        assert.equal([attributes['server.address'], attributes['network.peer.address']], ['127.0.0.1', '127.0.0.1']);
      assert.equal(told.outside, [], 'neither the commands nor what the client asks by itself start traces');
      assert.not.match(JSON.stringify(told), /secret/);
    }
  });
}

servers.run();
