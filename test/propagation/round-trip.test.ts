// A context goes through each real part and comes back: PostgreSQL rows (jsonb), RabbitMQ messages, Redis streams and lists, HTTP
// between processes, gRPC, child processes, worker threads. The servers are started here, on free ports of the loopback interface.
// limit: 240 s

import { fork, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import * as grpc from '@grpc/grpc-js';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { connect } from 'amqplib';
import IORedis from 'ioredis';
import { Client } from 'pg';
import { createClient } from 'redis';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { baggage, carriers, extract, inject, instrument, withRemoteContext } from '../../runtime/index.js';
import { type Traced, traced } from '../gate/tracing.js';
import { type Server, startPostgres, startRabbit, startRedis } from './servers.js';

const CAMERA = 'front door, left';
const RECEIVER = join(__dirname, 'fixtures/receiver.ts');
const LOAD = ['--require', require.resolve('tsx/cjs')];

/** Runs `send` within a recorded span, with baggage. */
const sender = <T>(send: () => T): T => baggage.set('camera.id', CAMERA, instrument({ name: 'sender' }, send));
const consumer = instrument({ name: 'receiver' }, () => baggage.get('camera.id'));

async function senderOf(run: Traced): Promise<ReadableSpan> {
  const found = (await run.spans()).filter(({ name }) => name === 'sender');
  assert.is(found.length, 1);
  return found[0] as ReadableSpan;
}

/** The receiver's span, in this process, is a child of the sender's. */
async function joined(run: Traced): Promise<void> {
  const from = await senderOf(run);
  const to = (await run.spans()).filter(({ name }) => name === 'receiver');
  assert.is(to.length, 1);
  assert.is(to[0]?.spanContext().traceId, from.spanContext().traceId);
  assert.is(to[0]?.parentSpanContext?.spanId, from.spanContext().spanId);
  assert.is(to[0]?.parentSpanContext?.isRemote, true);
}

interface Report {
  readonly spans: readonly { traceId: string; parent?: string }[];
  readonly camera?: string;
}

/** Report of another process or thread about its span. */
async function reported(run: Traced, report: Report): Promise<void> {
  const from = await senderOf(run);
  assert.equal(report, {
    spans: [{ traceId: from.spanContext().traceId, parent: from.spanContext().spanId }],
    camera: CAMERA,
  });
}

const hop = suite('round trips without servers');

hop('HTTP between processes', async () => {
  const child = fork(RECEIVER, [], { execArgv: LOAD, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  try {
    const port = await new Promise<string>((resolve) => child.stdout?.once('data', (chunk) => resolve(String(chunk).trim())));
    const ask = async (headers: Headers): Promise<Report> =>
      (await (await fetch(`http://127.0.0.1:${port}/`, { headers })).json()) as Report;
    await traced({ enabled: true }, async (run) => reported(run, await sender(() => ask(inject(new Headers(), carriers.http)))));
    assert.equal(await ask(new Headers({ traceparent: `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01` })), { spans: [] });
  } finally {
    child.disconnect();
    await new Promise((resolve) => child.once('exit', resolve));
  }
});

hop('the environment of a child process', () =>
  traced({ enabled: true }, async (run) => {
    const env = sender(() => inject({ ...process.env }, carriers.environment));
    const start = (given: NodeJS.ProcessEnv): Report => {
      const child = spawnSync(process.execPath, [...LOAD, RECEIVER, 'environment'], { env: given, encoding: 'utf8' });
      assert.is(child.status, 0, child.stderr);
      return JSON.parse(child.stdout.trim().split('\n').at(-1) as string) as Report;
    };
    await reported(run, start(env));
    assert.equal(start({ ...process.env, TRACEPARENT: 'malformed' }), { spans: [] });
  }),
);

hop('the data of a worker thread', () =>
  traced({ enabled: true }, async (run) => {
    const start = async (data: unknown): Promise<Report> => {
      const worker = new Worker(RECEIVER, { workerData: data, execArgv: LOAD });
      try {
        return await new Promise<Report>((resolve, reject) => worker.once('message', resolve).once('error', reject));
      } finally {
        await worker.terminate();
      }
    };
    await reported(run, await start(sender(() => inject({ job: 1 }, carriers.workerData))));
    // a worker starts with what is in force, so that data without a context start traces of their own
    for (const data of [{ job: 2 }, 'text'])
      assert.equal(
        (await start(data)).spans.map(({ parent }) => parent),
        [undefined],
      );
  }),
);

hop('gRPC metadata through a server', () =>
  traced({ enabled: true }, async (run) => {
    const echo = { path: '/test.Echo/Send', requestStream: false, responseStream: false } as const;
    const bytes = {
      requestSerialize: (value: Buffer) => value,
      requestDeserialize: (value: Buffer) => value,
      responseSerialize: (value: Buffer) => value,
      responseDeserialize: (value: Buffer) => value,
    };
    const definition = { send: { ...echo, ...bytes } };
    const server = new grpc.Server();
    let camera: string | undefined;
    server.addService(definition, {
      send(call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) {
        camera = withRemoteContext(call, consumer, carriers.grpc);
        done(null, Buffer.of());
      },
    });
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    const EchoClient = grpc.makeGenericClientConstructor(definition, 'test.Echo');
    const client = new EchoClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    const metadata = sender(() => inject(new grpc.Metadata(), carriers.grpc));
    await new Promise<void>((resolve, reject) =>
      client.send?.(Buffer.of(), metadata, (error: Error | null) => (error ? reject(error) : resolve())),
    );
    client.close();
    await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    await joined(run);
    assert.is(camera, CAMERA);
  }),
);

hop.run();

const postgres = suite<{ server: Server; client: Client }>('PostgreSQL rows');
postgres.before(async (context) => {
  context.server = await startPostgres();
  context.client = new Client({ host: '127.0.0.1', port: context.server.port, user: 'postgres', database: 'postgres' });
  await context.client.connect();
  await context.client.query('CREATE TABLE events (id int PRIMARY KEY, event jsonb NOT NULL)');
});
postgres.after(async ({ client, server }) => {
  await client.end();
  await server.stop();
});

const EVENTS = { traceId: 'metadata.trace_id', spanIds: 'status.spanids' };
const connector = carriers.document({ ...EVENTS, module: 'platform-connector' });
const quarantine = carriers.document({ ...EVENTS, module: 'fault-quarantine', upstream: 'platform-connector' });
const drainer = carriers.document({ ...EVENTS, module: 'node-drainer', upstream: ['fault-quarantine', 'platform-connector'] });

postgres('a document in jsonb goes through three modules, each adding its span id in its own update', ({ client }) =>
  traced({ enabled: true }, async (run) => {
    const insert = instrument({ name: 'insert' }, () => inject({ check: 'gpu', metadata: { node: 'n1' } }, connector));
    await client.query('INSERT INTO events VALUES ($1, $2)', [1, JSON.stringify(insert())]);

    const load = async (): Promise<object> => (await client.query('SELECT event FROM events WHERE id = 1')).rows[0].event;
    const isolate = instrument(
      { name: 'isolate', parent: (event: object) => extract(event, quarantine), link: 'same-trace' },
      (_: object) => quarantine.changes(),
    );
    const changes = isolate(await load());
    assert.is(Object.keys(changes).length, 2);
    for (const [path, id] of Object.entries(changes)) {
      const sql = 'UPDATE events SET event = jsonb_set(event, $1, to_jsonb($2::text)) WHERE id = 1';
      await client.query(sql, [path.split('.'), id]);
    }
    const drain = instrument(
      { name: 'drain', parent: (event: object) => extract(event, drainer), link: 'same-trace' },
      (_: object) => 0,
    );
    drain(await load());

    const [first, second, third] = (await run.spans()) as [ReadableSpan, ReadableSpan, ReadableSpan];
    assert.equal([first.name, second.name, third.name], ['insert', 'isolate', 'drain']);
    for (const [upstream, span] of [
      [first, second],
      [second, third],
    ] as const) {
      assert.is(span.spanContext().traceId, first.spanContext().traceId);
      assert.is(span.parentSpanContext, undefined);
      assert.equal(
        span.links.map(({ context }) => context.spanId),
        [upstream.spanContext().spanId],
      );
    }
    assert.equal(await load(), {
      check: 'gpu',
      metadata: { node: 'n1', trace_id: first.spanContext().traceId },
      status: { spanids: { 'platform-connector': first.spanContext().spanId, 'fault-quarantine': second.spanContext().spanId } },
    });
  }),
);

postgres('a row without ids, or with zeros as a service without tracing writes them, starts a trace of its own', ({ client }) =>
  traced({ enabled: true }, async (run) => {
    const rows = [{}, { metadata: { trace_id: '0'.repeat(32) }, status: { spanids: { 'platform-connector': '' } } }];
    for (const [index, row] of rows.entries()) {
      await client.query('INSERT INTO events VALUES ($1, $2)', [10 + index, JSON.stringify(row)]);
      const { event } = (await client.query('SELECT event FROM events WHERE id = $1', [10 + index])).rows[0];
      withRemoteContext(event, consumer, quarantine);
    }
    const spans = await run.spans();
    assert.is(spans.length, 2);
    for (const span of spans) assert.is(span.parentSpanContext, undefined);
    assert.is.not(spans[0]?.spanContext().traceId, spans[1]?.spanContext().traceId);
  }),
);

postgres.run();

const redis = suite<{ server: Server }>('Redis');
redis.before(async (context) => {
  context.server = await startRedis();
});
redis.after(({ server }) => server.stop());

redis('a stream and a list with node-redis', async ({ server }) => {
  const client = createClient({ url: `redis://127.0.0.1:${server.port}` });
  await client.connect();
  try {
    await traced({ enabled: true }, async (run) => {
      await sender(() => client.xAdd('jobs', '*', inject({ job: '1' }, carriers.redisStream) as Record<string, string>));
      const read = (await client.xRange('jobs', '-', '+')) as { id: string; message: Record<string, string> }[];
      assert.is(read.length, 1);
      assert.is(withRemoteContext(read[0], consumer, carriers.redisStream), CAMERA);
      await joined(run);
    });
    await traced({ enabled: true }, async (run) => {
      await sender(() => client.lPush('queue', JSON.stringify(inject({ job: 1 }, carriers.redisList))));
      assert.is(withRemoteContext(await client.rPop('queue'), consumer, carriers.redisList), CAMERA);
      await joined(run);
    });
    await traced({ enabled: true }, async (run) => {
      await client.lPush('queue', '{"job": 2}');
      await client.lPush('queue', 'not JSON');
      for (let element = 0; element < 2; element++) withRemoteContext(await client.rPop('queue'), consumer, carriers.redisList);
      for (const span of await run.spans()) assert.is(span.parentSpanContext, undefined);
    });
  } finally {
    await client.close();
  }
});

redis('a stream with ioredis, whose entries are lists', async ({ server }) => {
  const client = new IORedis(server.port, '127.0.0.1');
  try {
    await traced({ enabled: true }, async (run) => {
      const fields = ['job', '1'];
      await sender(() => client.xadd('lists', '*', ...inject(fields, carriers.redisStream)));
      const [entry] = await client.xrange('lists', '-', '+');
      assert.is(withRemoteContext(entry, consumer, carriers.redisStream), CAMERA);
      await joined(run);
    });
  } finally {
    await client.quit();
  }
});

redis.run();

const rabbit = suite<{ server: Server }>('RabbitMQ');
rabbit.before(async (context) => {
  context.server = await startRabbit();
});
rabbit.after(({ server }) => server.stop());

rabbit('messages with a context, without one, and with invalid headers', async ({ server }) => {
  const connection = await connect(`amqp://127.0.0.1:${server.port}`);
  try {
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue('jobs', { durable: false });
    const next = async () => {
      for (let attempt = 0; attempt < 3000; attempt++) {
        const message = await channel.get(queue, { noAck: true });
        if (message !== false) return message;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      throw new Error('no message arrived');
    };
    await traced({ enabled: true }, async (run) => {
      sender(() => channel.sendToQueue(queue, Buffer.from('1'), inject({ persistent: false }, carriers.amqp)));
      assert.is(withRemoteContext(await next(), consumer, carriers.amqp), CAMERA);
      await joined(run);
    });
    await traced({ enabled: true }, async (run) => {
      channel.sendToQueue(queue, Buffer.from('2'));
      channel.sendToQueue(queue, Buffer.from('3'), { headers: { traceparent: { nested: true }, baggage: 7 } });
      for (let message = 0; message < 2; message++) withRemoteContext(await next(), consumer, carriers.amqp);
      const spans = await run.spans();
      assert.is(spans.length, 2);
      for (const span of spans) assert.is(span.parentSpanContext, undefined);
    });
  } finally {
    await connection.close();
  }
});

rabbit.run();
