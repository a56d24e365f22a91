// One library in a process of its own, in one of three states: nothing installed, Spanwright off, the library's instrumentation
// package under an SDK that drops everything. Started by bench/instrumentations.ts; answers over IPC when the operations have been made.

import type { IncomingMessage } from 'node:http';
import { context, propagation, trace } from '@opentelemetry/api';

type Operation = () => Promise<unknown>;
/** Makes the connection, and returns one operation and the number of concurrent operations. */
type Library = () => Promise<{ operate: Operation; together: number }>;

const load = <Module>(name: string): Module => require(name) as Module;

async function web(): Promise<string> {
  const http = load<typeof import('node:http')>('node:http');
  const server = http.createServer((_request, response) => response.end('ok'));
  server.keepAliveTimeout = 600_000; // Valgrind may take seconds between two requests
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/`;
}

const LIBRARIES: Record<string, Library> = {
  async http() {
    const url = await web();
    const http = load<typeof import('node:http')>('node:http');
    const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
    const operate = () =>
      new Promise<void>((resolve, reject) => {
        http.get(url, { agent }, (response: IncomingMessage) => response.resume().on('end', resolve)).on('error', reject);
      });
    return { operate, together: 8 };
  },
  async fetch() {
    const url = await web();
    return { operate: async () => (await fetch(url)).text(), together: 8 };
  },
  async grpc() {
    const grpc = load<typeof import('@grpc/grpc-js')>('@grpc/grpc-js');
    const bytes = (value: Buffer): Buffer => value;
    const method = {
      path: '/test.Echo/Send',
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    };
    const server = new grpc.Server();
    server.addService(
      { send: method },
      { send: (call: { request: Buffer }, done: (error: null, value: Buffer) => void) => done(null, call.request) },
    );
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    const Echo = grpc.makeGenericClientConstructor({ send: method }, 'Echo');
    const client = new Echo(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    const operate = () =>
      new Promise<void>((resolve, reject) =>
        client.send?.(Buffer.from('x'), (error: Error | null) => (error ? reject(error) : resolve())),
      );
    return { operate, together: 8 };
  },
  async pg() {
    const { Client } = load<typeof import('pg')>('pg');
    const client = new Client({ host: '127.0.0.1', port: Number(process.env.POSTGRES), user: 'postgres', database: 'postgres' });
    await client.connect();
    return { operate: () => client.query('SELECT 1'), together: 1 };
  },
  async mysql2() {
    const mysql = load<typeof import('mysql2/promise')>('mysql2/promise');
    const client = await mysql.createConnection({ host: '127.0.0.1', port: Number(process.env.MARIADB), user: 'root' });
    return { operate: () => client.query('SELECT 1'), together: 1 };
  },
  async redis() {
    const { createClient } = load<typeof import('redis')>('redis');
    const client = createClient({ url: `redis://127.0.0.1:${process.env.REDIS}` });
    await client.connect();
    return { operate: () => client.get('key'), together: 50 };
  },
  async ioredis() {
    const { default: IORedis } = load<typeof import('ioredis')>('ioredis');
    const client = new IORedis(Number(process.env.REDIS), '127.0.0.1');
    return { operate: () => client.get('key'), together: 50 };
  },
  async amqplib() {
    const { connect } = load<typeof import('amqplib')>('amqplib');
    const connection = await connect(`amqp://127.0.0.1:${process.env.RABBIT}`);
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    const waiting: (() => void)[] = [];
    await channel.consume(queue, (message) => {
      if (message === null) return;
      channel.ack(message);
      waiting.shift()?.();
    });
    const operate = () =>
      new Promise<void>((resolve) => {
        waiting.push(resolve);
        channel.sendToQueue(queue, Buffer.from('1'));
      });
    return { operate, together: 50 };
  },
  async fs() {
    const fs = load<typeof import('node:fs')>('node:fs');
    return { operate: async () => fs.existsSync(__filename), together: 50 };
  },
  async dns() {
    const dns = load<typeof import('node:dns')>('node:dns');
    return { operate: () => new Promise((resolve) => dns.lookup('127.0.0.1', resolve)), together: 50 };
  },
  async net() {
    const net = load<typeof import('node:net')>('node:net');
    const server = net.createServer((socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    return { operate: () => new Promise((resolve) => net.connect(port, '127.0.0.1').resume().on('close', resolve)), together: 4 };
  },
};

const STATES: Record<string, (library: string) => Promise<void>> = {
  async nothing() {},
  async spanwright(library) {
    const { startTracing } = load<typeof import('../runtime/index.js')>('spanwright');
    const exporter = { export: () => {}, shutdown: async () => {} };
    await startTracing({ serviceName: 'bench', enabled: false, exporter, instrumentations: [library] } as never);
  },
  async sdk(library) {
    const sdk = load<typeof import('@opentelemetry/sdk-trace-base')>('@opentelemetry/sdk-trace-base');
    const { AsyncLocalStorageContextManager } = load<typeof import('@opentelemetry/context-async-hooks')>(
      '@opentelemetry/context-async-hooks',
    );
    const core = load<typeof import('@opentelemetry/core')>('@opentelemetry/core');
    const sampler = new sdk.ParentBasedSampler({ root: new sdk.AlwaysOffSampler() });
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new core.W3CTraceContextPropagator());
    trace.setGlobalTracerProvider(new sdk.BasicTracerProvider({ sampler }));
    const name = `@opentelemetry/instrumentation-${library === 'fetch' ? 'undici' : library}`;
    const exported = Object.entries(load<Record<string, new () => unknown>>(name));
    const [, Instrumentation] = exported.find(([key]) => key.endsWith('Instrumentation')) as (typeof exported)[number];
    new Instrumentation();
  },
};

async function repeat(operate: Operation, together: number, operations: number): Promise<void> {
  let left = operations;
  const oneAfterTheOther = async (): Promise<void> => {
    while (left-- > 0) await operate();
  };
  await Promise.all(Array.from({ length: together }, oneAfterTheOther));
}

async function main(library: string, state: string): Promise<void> {
  await (STATES[state] as (library: string) => Promise<void>)(library);
  const { operate, together } = await (LIBRARIES[library] as Library)();
  process.on('message', async (operations: number) => {
    await repeat(operate, together, operations);
    process.send?.(operations);
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.(0);
}

void main(process.argv[2] as string, process.argv[3] as string);
