// Time until a change has reached all of 1,000 replicas, for each way to change a fleet, and how many are on after their limit when the
// source is gone. Replicas are simulated in a few processes (fleet-replicas.ts); servers, sockets and connections are real. Called by
// main.ts; `npm run bench -- fleet --write docs/fleet.md` writes the table. A way whose server is not installed is left out.

import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { sendToHook } from '../cli/live/connection.js';
import { TOKEN_VARIABLE } from '../runtime/admin/defaults.js';
import { commandReplicas } from '../runtime/control/index.js';
import { RedisServer } from '../test/control/redis-server.js';
import { OPAMP_SERVER, OpampServer } from '../test/fleet/opamp-server.js';
import { missingCommands } from '../test/missing.js';
import type { ReplicasOrder, ReplicasReport } from './fleet-replicas.js';
import { type Budget, machine, type Outcome } from './report.js';
import { spread } from './statistics.js';

const REPLICAS = 1000;
const PROCESSES = 5;
const CHANGES = 5;
/** Milliseconds of the lease under which the source goes away. */
const LIMIT = 8000;
const GRACE = 1000;
const WANTED = 2000;
const LONGEST_WAIT = 120_000;
const TOKEN = randomBytes(24).toString('hex');
/** Concurrent requests of the program that changes all hooks. */
const AT_ONCE = 50;

/** A source of changes, and how to stop it and start it again. */
interface Source {
  readonly address: string;
  on(time: string): Promise<unknown>;
  off(): Promise<unknown>;
  lose(): Promise<unknown>;
  restore(): Promise<unknown>;
  /** Resolves once all replicas follow. */
  ready(): Promise<unknown>;
  stop(): Promise<unknown>;
}

interface Way {
  readonly name: string;
  readonly way: ReplicasOrder['way'];
  readonly interval: number;
  readonly available: boolean;
  start(): Promise<Source>;
}

const nothing = async (): Promise<void> => {};

async function startHooks(): Promise<Source> {
  const folder = mkdtempSync(join(tmpdir(), 'spanwright-fleet-'));
  const invocation = { arguments: [], environment: { [TOKEN_VARIABLE]: TOKEN }, out: nothing, err: nothing, colours: false };
  const put = async (index: number, body: object): Promise<void> => {
    const options = new Map([['socket', join(folder, `${index}.sock`)]]);
    const { status } = await sendToHook({ ...invocation, options }, 'PUT', 'enabled', body);
    if (status !== 200) throw new Error(`bench: replica ${index} answered with status ${status}`);
  };
  const putAll = async (body: object): Promise<void> => {
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < REPLICAS) await put(next++, body);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  };
  return {
    address: folder,
    on: (time) => putAll({ enabled: true, for: time }),
    off: () => putAll({ enabled: false }),
    // only the caller has gone: the change expires without it
    lose: nothing,
    restore: nothing,
    ready: nothing,
    stop: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function startRedis(): Promise<Source> {
  const redis = await RedisServer.start();
  const command = (value: boolean | null, time?: string) =>
    commandReplicas(redis.url, { setting: 'enabled', value, ...(time !== undefined && { for: time }) });
  return {
    address: redis.url,
    on: (time) => command(true, time),
    off: () => command(null),
    lose: () => redis.kill(),
    restore: () => redis.up(),
    ready: nothing,
    stop: () => redis.kill(),
  };
}

async function startFile(): Promise<Source> {
  const folder = mkdtempSync(join(tmpdir(), 'spanwright-fleet-'));
  const path = join(folder, 'tracing.json');
  const write = async (document: object): Promise<void> => {
    writeFileSync(`${path}.new`, JSON.stringify(document));
    renameSync(`${path}.new`, path);
  };
  await write({});
  return {
    address: path,
    on: (time) => write({ enabled: true, for: time }),
    off: () => write({}),
    lose: async () => rmSync(path),
    restore: () => write({}),
    ready: nothing,
    stop: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function startOpamp(scheme: 'http' | 'ws'): Promise<Source> {
  const server = await OpampServer.start();
  let change = 0;
  return {
    address: server.url(scheme),
    on: (time) => server.configure({ enabled: { enabled: true, for: time, reason: `change ${++change}` } }),
    off: () => server.configure({}),
    lose: () => server.program.kill(),
    restore: () => server.start(),
    ready: async () => {
      while ((await server.summary()).agents < REPLICAS) await pause(50);
    },
    stop: () => server.program.kill(),
  };
}

const HTTP_INTERVAL = 1000;
const WAYS: readonly Way[] = [
  { name: 'admin hook, 50 requests at once', way: 'hook', interval: 0, available: true, start: startHooks },
  { name: 'Redis', way: 'redis', interval: 0, available: missingCommands('redis-server').length === 0, start: startRedis },
  { name: 'file', way: 'file', interval: 0, available: true, start: startFile },
  {
    name: 'OpAMP over WebSocket',
    way: 'opamp',
    interval: 30_000,
    available: OPAMP_SERVER !== undefined,
    start: () => startOpamp('ws'),
  },
  {
    name: 'OpAMP over HTTP, a report each second',
    way: 'opamp',
    interval: HTTP_INTERVAL,
    available: OPAMP_SERVER !== undefined,
    start: () => startOpamp('http'),
  },
];

/** The processes of replicas, and how many of these are on. */
class Fleet {
  readonly #children: ChildProcess[] = [];
  readonly #on = new Map<ChildProcess, number>();
  #check: () => void = () => {};
  #fail: (error: Error) => void = () => {};
  /** Rejects when a process ends. */
  readonly #failure = new Promise<never>((_, reject) => {
    this.#fail = reject;
  });

  constructor() {
    // stop() ends the processes when nothing waits for them any more
    this.#failure.catch(() => {});
  }

  get on(): number {
    return [...this.#on.values()].reduce((sum, count) => sum + count, 0);
  }

  async start({ way, interval }: Way, source: string): Promise<void> {
    const count = REPLICAS / PROCESSES;
    for (let index = 0; index < PROCESSES; index++) {
      const order: ReplicasOrder = { way, source, first: index * count, count, interval };
      const child = fork(join(__dirname, 'fleet-replicas.ts'), [JSON.stringify(order)], {
        execArgv: ['--import', 'tsx'],
        env: { ...process.env, [TOKEN_VARIABLE]: TOKEN },
      });
      child.on('message', ({ on }: ReplicasReport) => {
        this.#on.set(child, on);
        this.#check();
      });
      child.once('exit', (code, signal) =>
        this.#fail(new Error(`bench: a process of replicas ended: ${signal ?? `status ${code}`}`)),
      );
      this.#children.push(child);
    }
    await this.until(() => this.#on.size === PROCESSES);
  }

  /** Rejects if a process ends before `work` settles. */
  whileRunning<T>(work: Promise<T>): Promise<T> {
    return Promise.race([this.#failure, work]);
  }

  /** Counts the replicas that are on by asking each process, because a busy machine may delay a report. */
  async count(): Promise<number> {
    const answers = this.#children.map(async (child) => {
      for (;;) {
        const [{ on, isAnswer }] = (await once(child, 'message')) as [ReplicasReport];
        if (isAnswer) return on;
      }
    });
    for (const child of this.#children) child.send('count');
    return (await this.whileRunning(Promise.all(answers))).reduce((sum, on) => sum + on, 0);
  }

  /** Milliseconds until `is`. */
  async until(is: () => boolean): Promise<number> {
    const from = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const reached = new Promise<number>((resolve, reject) => {
      const late = () => reject(new Error(`bench: ${this.on} of ${REPLICAS} replicas are on after ${LONGEST_WAIT} ms`));
      timer = setTimeout(late, LONGEST_WAIT);
      this.#check = () => {
        if (is()) resolve(performance.now() - from);
      };
      this.#check();
    });
    try {
      return await this.whileRunning(reached);
    } finally {
      clearTimeout(timer);
      this.#check = () => {};
    }
  }

  /** Milliseconds until this many are on, from the start of `change`. */
  async after(change: () => Promise<unknown>, on: number): Promise<number> {
    const [milliseconds] = await Promise.all([this.until(() => this.on === on), change()]);
    return milliseconds;
  }

  stop(): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }
}

interface Measured {
  readonly times: readonly number[];
  readonly atLoss: number;
  readonly left: number;
  readonly back: number;
}

async function measureWay(way: Way): Promise<Measured> {
  const source = await way.start();
  const fleet = new Fleet();
  try {
    await fleet.start(way, source.address);
    await fleet.whileRunning(source.ready());
    const times: number[] = [];
    for (let change = 0; change < CHANGES; change++) {
      times.push(await fleet.after(() => source.on('10m'), REPLICAS));
      times.push(await fleet.after(() => source.off(), 0));
    }
    await fleet.after(() => source.on(`${LIMIT}ms`), REPLICAS);
    const reached = performance.now();
    const atLoss = fleet.on;
    await source.lose();
    await pause(Math.max(0, LIMIT + GRACE - (performance.now() - reached)));
    const left = await fleet.count();
    const returned = performance.now();
    await source.restore();
    await fleet.after(() => source.on('10m'), REPLICAS);
    return { times, atLoss, left, back: performance.now() - returned };
  } finally {
    fleet.stop();
    await source.stop();
  }
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;

export async function measureFleet(): Promise<Outcome> {
  const rows: string[][] = [];
  const budgets: Budget[] = [];
  for (const way of WAYS.filter(({ available }) => available)) {
    const { times, atLoss, left, back } = await measureWay(way);
    const longest = Math.max(...times);
    rows.push([way.name, seconds(spread(times).median), seconds(longest), String(atLoss), String(left), seconds(back)]);
    budgets.push({
      what: `${way.name}: a change in all replicas`,
      limit: seconds(WANTED),
      measured: seconds(longest),
      met: longest <= WANTED,
    });
    budgets.push({ what: `${way.name}: on after the limit`, limit: '0', measured: String(left), met: left === 0 });
  }
  const note =
    `${REPLICAS.toLocaleString('en-US')} replicas in ${PROCESSES} processes; ${2 * CHANGES} changes of the flag, on and off. Then a lease of ${seconds(LIMIT)} starts and ` +
    'the source is stopped (the file is removed; for the hook, only the caller ends). The columns show how many replicas are on at that moment, and ' +
    `${seconds(GRACE)} after the limit. The last column is the time from the restart of the source until a new change has reached all. ${machine()}`;
  const head = ['way', 'median time to all', 'longest', 'on at the loss', 'on after the limit', 'after the restart'];
  return { tables: [{ title: 'Time to all replicas', note, head, rows }], budgets };
}
