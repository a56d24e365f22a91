// Redis as more than one server, for the tests of its clients: three masters that are one cluster, and a master behind a sentinel. Real
// servers on free ports of 127.0.0.1, with their data in a folder that goes with them.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import IORedis from 'ioredis';
import { freePorts, Program, until } from '../real/support/program.js';

export interface RedisServers {
  /** Ports of the servers that hold data. */
  readonly ports: readonly number[];
  /** The server that names the others to clients: one of the cluster, or the sentinel. */
  readonly entry: number;
  stop(): Promise<void>;
}

const SLOTS = 16_384;

/** Starts redis-server once for each set of arguments; all or none of them run afterwards. */
async function start(
  servers: readonly { port: number; args: readonly string[] }[],
  folder: string,
): Promise<() => Promise<void>> {
  const started = await Promise.allSettled(
    servers.map(({ port, args }) => {
      const data = join(folder, String(port));
      mkdirSync(data, { recursive: true });
      return Program.start('redis-server', [...args, '--port', String(port), '--bind', '127.0.0.1', '--dir', data], port);
    }),
  );
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((one) => (one.status === 'fulfilled' ? one.value.stop() : undefined)));
    rmSync(folder, { recursive: true, force: true });
  };
  const failed = started.find((one) => one.status === 'rejected');
  if (failed === undefined) return stop;
  await stop();
  throw failed.reason;
}

async function asking<T>(port: number, work: (client: IORedis) => Promise<T>): Promise<T> {
  const client = new IORedis(port, '127.0.0.1');
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

export async function startRedisCluster(): Promise<RedisServers> {
  const folder = mkdtempSync(join(tmpdir(), 'spanwright-redis-cluster-'));
  const ports = await freePorts(3);
  const buses = await freePorts(3); // between the servers
  const args = (at: number) => ['--save', '', '--cluster-enabled', 'yes', '--cluster-port', String(buses[at])];
  const stop = await start(
    ports.map((port, at) => ({ port, args: args(at) })),
    folder,
  );
  try {
    const share = Math.ceil(SLOTS / ports.length);
    for (const [at, port] of ports.entries()) {
      await asking(port, async (client) => {
        await client.call('CLUSTER', 'ADDSLOTSRANGE', at * share, Math.min(SLOTS, (at + 1) * share) - 1);
        for (const [other, otherPort] of ports.entries())
          if (other !== at) await client.call('CLUSTER', 'MEET', '127.0.0.1', otherPort, buses[other] as number);
      });
    }
    const knowsAll = (port: number) =>
      asking(port, async (client) =>
        /cluster_state:ok[\s\S]*cluster_size:3\b/.test(String(await client.call('CLUSTER', 'INFO'))),
      );
    await until(async () => (await Promise.all(ports.map(knowsAll))).every(Boolean), 'the servers are one cluster');
    return { ports, entry: ports[0] as number, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

export async function startRedisSentinel(): Promise<RedisServers> {
  const folder = mkdtempSync(join(tmpdir(), 'spanwright-redis-sentinel-'));
  const [master, sentinel] = (await freePorts(2)) as [number, number];
  const configuration = join(folder, 'sentinel.conf'); // which it writes to
  writeFileSync(configuration, `sentinel monitor main 127.0.0.1 ${master} 1\n`);
  const servers = [
    { port: master, args: ['--save', ''] },
    { port: sentinel, args: [configuration, '--sentinel'] },
  ];
  return { ports: [master], entry: sentinel, stop: await start(servers, folder) };
}
