// Throughput of services while tracing is off: HTTP servers on five public frameworks and libraries. Auto mode plants the functions of the service,
// and in a further variant those of the packages that it is built on. CPU time of the server for each request, against the same server without
// Spanwright.
// A server that has just been measured is faster than one that has been idle, and two processes of one program differ by some per cent. So each
// round takes the servers in an order of its own and warms each one first, and the servers are started several times.

import { type ChildProcess, execFile, type ForkOptions, fork, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Outcome, time } from './report.js';
import { paired, shuffled, spread } from './statistics.js';
import type { Workspace } from './workspace.js';

const PROJECT = join(__dirname, '..');
const REQUESTS = 700;
const REQUESTS_BEFORE = 200;
const AT_ONCE = 16;
const STARTS = 5;
const WARM_UP_REQUESTS = 7_000;
const ROUNDS = 20;
const BUILD_LIMIT_MS = 120_000;

/** Work of a request, which each service does: functions of a service's own code, called some hundred times. */
const ORDERS = `
class Price { constructor(cents) { this.cents = cents; } plus(other) { return new Price(this.cents + other.cents); } times(count) { return new Price(this.cents * count); } }
class Stock { constructor() { this.prices = new Map([['pear', 120], ['melon', 399], ['plum', 45]]); } priceOf(item) { const cents = this.prices.get(item); if (cents === undefined) throw new Error('unknown item'); return new Price(cents); } }
const discount = (count) => { if (count >= 10) return 0.9; return 1; };
function isValid(line) { return typeof line.item === 'string' && Number.isInteger(line.count); }
class Orders {
  constructor(stock) { this.stock = stock; }
  lines(id) { return Array.from({ length: 8 }, (_, index) => ({ item: ['pear', 'melon', 'plum'][(id + index) % 3], count: index + 1 })); }
  total(lines) { let sum = new Price(0); for (const line of lines) if (isValid(line)) sum = sum.plus(this.stock.priceOf(line.item).times(line.count * discount(line.count))); return sum; }
  async place(id) { const lines = this.lines(id); const total = await this.charge(this.total(lines)); return { id, lines, cents: total.cents }; }
  async charge(total) { return total; }
}
exports.orders = new Orders(new Stock());
`;

/** Statements of `start()` by service, which return a server of Node. */
export const SERVICES: Readonly<Record<string, { readonly packages: readonly string[]; readonly serve: string }>> = {
  express: {
    packages: ['express', 'router', 'send', 'qs', 'finalhandler', 'parseurl'],
    serve: `const app = require('express')();
  app.get('/orders/:id', async (request, response) => { response.json(await orders.place(Number(request.params.id))); });
  return app.listen(0, '127.0.0.1');`,
  },
  fastify: {
    packages: ['fastify', 'find-my-way', 'avvio', 'fast-json-stringify'],
    serve: `const app = require('fastify')();
  app.get('/orders/:id', async (request) => orders.place(Number(request.params.id)));
  return app.listen({ port: 0, host: '127.0.0.1' }).then(() => app.server);`,
  },
  koa: {
    packages: ['koa', 'koa-compose', 'accepts', 'cookies', 'on-finished', 'statuses'],
    serve: `const app = new (require('koa'))();
  app.use(async (context, next) => { await next(); context.set('x-shop', '1'); });
  app.use(async (context) => { context.body = await orders.place(Number(context.path.split('/')[2])); });
  return app.listen(0, '127.0.0.1');`,
  },
  hono: {
    packages: ['hono'],
    serve: `const { Hono } = require('hono');
  const app = new Hono();
  app.get('/orders/:id', async (context) => context.json(await orders.place(Number(context.req.param('id')))));
  return require('node:http').createServer(async (request, response) => {
    const answer = await app.fetch(new Request('http://127.0.0.1' + request.url));
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  }).listen(0, '127.0.0.1');`,
  },
  'knex and zod': {
    packages: ['knex', 'zod'],
    serve: `const { z } = require('zod');
  const knex = require('knex')({ client: 'pg' });
  const schema = z.object({ id: z.number().int(), lines: z.array(z.object({ item: z.string(), count: z.number() })), cents: z.number() });
  return require('node:http').createServer(async (request, response) => {
    const order = schema.parse(await orders.place(Number(request.url.split('/')[2])));
    const { sql } = knex('orders').insert({ id: order.id, cents: order.cents }).returning('id').toSQL().toNative();
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...order, sql }));
  }).listen(0, '127.0.0.1');`,
  },
};

/** Reports its port; its CPU time since the last message; and how many sites it has, when it is asked for them: a look at them costs milliseconds. */
const mainOf = (serve: string): string => `const { orders } = require('./orders.js');
async function start() {
  ${serve}
}
(async () => {
  const tracing = process.env.BARE ? undefined : await require('spanwright').startTracing({ serviceName: 'bench', endpoint: 'http://127.0.0.1:9' });
  const server = await start();
  if (!server.listening) await require('node:events').once(server, 'listening');
  let last = process.cpuUsage();
  process.on('message', (question) => {
    if (question === 'sites') return process.send(tracing?.sites().length ?? 0);
    const { user, system } = process.cpuUsage(last);
    last = process.cpuUsage();
    process.send(user + system);
  });
  process.send({ port: server.address().port });
})();
`;

/** Variants of a service, and the folders of their builds. `idle` starts tracing, and nothing of it is planted. */
const VARIANTS = { bare: 'bare', idle: 'bare', own: 'own', packages: 'packages' } as const;
export type Name = keyof typeof VARIANTS;
const NAMES = Object.keys(VARIANTS) as Name[];

export interface Server {
  readonly child: ChildProcess;
  readonly port: number;
  readonly agent: Agent;
}

export async function start(folder: string, variant: Name, options: Partial<ForkOptions> = {}): Promise<Server> {
  const env = { ...process.env, NODE_ENV: 'production', ...(variant === 'bare' && { BARE: '1' }) };
  const stdio: StdioOptions = ['ignore', 'ignore', 'inherit', 'ipc'];
  const child = fork(join(VARIANTS[variant], 'main.cjs'), { cwd: folder, execArgv: [], env, stdio, ...options });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { child, port, agent: new Agent({ keepAlive: true, maxSockets: AT_ONCE }) };
}

/** Microseconds of CPU time since the last `cpu`, or the number of sites. */
async function ask({ child }: Server, question: 'cpu' | 'sites'): Promise<number> {
  child.send(question);
  const [answer] = (await once(child, 'message')) as [number];
  return answer;
}

function request({ port, agent }: Server, id: number): Promise<void> {
  return new Promise((done, fail) => {
    get({ port, agent, host: '127.0.0.1', path: `/orders/${id}` }, (response) => {
      if (response.statusCode !== 200) fail(new Error(`bench: the service answered ${response.statusCode}`));
      response.resume().once('end', done);
    }).once('error', fail);
  });
}

export async function requests(server: Server, count: number, atOnce = AT_ONCE): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await request(server, next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Nanoseconds of CPU time a request. */
async function round(server: Server): Promise<number> {
  await requests(server, REQUESTS_BEFORE);
  await ask(server, 'cpu');
  await requests(server, REQUESTS);
  return ((await ask(server, 'cpu')) * 1000) / REQUESTS;
}

/** One file for each variant, as services are deployed. Drivers of knex that are not installed stay outside. */
const buildOf = (packages: readonly string[]): string => `import { build } from 'vite';
import spanwright from 'spanwright/unplugin/vite';
const own = [{ files: '**' }];
for (const [variant, auto] of [['bare'], ['own', own], ['packages', [...own, { packages: ${JSON.stringify(packages)} }]]])
  await build({
    configFile: false, logLevel: 'error', plugins: auto ? [spanwright({ namespace: 'service', auto })] : [], ssr: { noExternal: true },
    build: { ssr: 'main.js', outDir: variant, minify: false, rolldownOptions: { external: [/^spanwright/, /^(better-sqlite3|sqlite3|mysql2?|mariadb|oracledb|tedious|pg-query-stream|pg-native|pg)(\\/|$)/], output: { format: 'cjs', entryFileNames: 'main.cjs', codeSplitting: false } } },
  });
`;

export async function writeService(folder: string, name: string): Promise<void> {
  const { packages, serve } = SERVICES[name] as (typeof SERVICES)[string];
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  symlinkSync(PROJECT, join(folder, 'node_modules/spanwright'), 'junction');
  const files = {
    'package.json': JSON.stringify({ name: 'service', dependencies: { spanwright: '*' } }),
    'orders.js': ORDERS,
    'main.js': mainOf(serve),
    'build.mjs': buildOf(packages),
  };
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  await promisify(execFile)(process.execPath, ['build.mjs'], { cwd: folder, timeout: BUILD_LIMIT_MS });
}

interface Measured {
  readonly samples: Readonly<Record<Name, number[]>>;
  readonly sites: Readonly<Record<Name, number>>;
}

async function measured(folder: string, name: string): Promise<Measured> {
  await writeService(folder, name);
  const samples: Measured['samples'] = { bare: [], idle: [], own: [], packages: [] };
  const sites = { bare: 0, idle: 0, own: 0, packages: 0 };
  for (let at = 0; at < STARTS; at++) {
    const servers = {} as Record<Name, Server>;
    for (const variant of NAMES) {
      servers[variant] = await start(folder, variant);
      await requests(servers[variant], WARM_UP_REQUESTS);
    }
    for (let at = 0; at < ROUNDS; at++)
      for (const variant of shuffled(NAMES)) samples[variant].push(await round(servers[variant]));
    for (const variant of NAMES) {
      sites[variant] = await ask(servers[variant], 'sites');
      servers[variant].agent.destroy();
      servers[variant].child.kill();
    }
  }
  return { samples, sites };
}

export async function measureServices(workspace: Workspace): Promise<Outcome> {
  const rows: string[][] = [];
  for (const name of Object.keys(SERVICES)) {
    const { samples, sites } = await measured(join(workspace.folder, `service-${name.replaceAll(' ', '-')}`), name);
    const over = (variant: Name) => paired(samples[variant], samples.bare).ratio;
    const spent = (variant: Name): string[] => {
      const { median, low, high } = over(variant);
      return [percent(median), `${percent(low)} to ${percent(high)}`];
    };
    const planted = (['own', 'packages'] as const).flatMap((variant) => [
      sites[variant].toLocaleString('en-US'),
      ...spent(variant),
    ]);
    const row = [name, time(spread(samples.bare).median), ...spent('idle'), ...planted];
    rows.push(row);
  }
  const note = `CPU time of the server for a request, the client outside of it: ${STARTS} starts of ${ROUNDS} rounds of ${REQUESTS.toLocaleString('en-US')} requests, ${AT_ONCE} at once. In the first columns tracing is started and nothing planted: the modules that are loaded stay in the heap. Auto mode plants the functions of the service, and in the last columns also those of the packages that it is built on. Each variant is one file that Vite builds. CPU time differs by 10 % between two processes of one program, so that the budget is on instructions.`;
  const off = ['off', 'middle half'];
  const head = [
    'service',
    'without Spanwright',
    'nothing planted',
    'middle half',
    'own sites',
    ...off,
    'sites with packages',
    ...off,
  ];
  return { tables: [{ title: 'Services, planted and off', note, head, rows }], budgets: [] };
}

export const percent = (ratio: number): string => `${ratio < 1 ? '-' : '+'}${(Math.abs(ratio - 1) * 100).toFixed(1)} %`;
