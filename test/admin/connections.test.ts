// Clients that hold connections open, or guess the token on many of them, beside a caller with the right one: on real sockets.

import { Agent, createServer, request } from 'node:http';
import { connect, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boundConnections } from '../../runtime/admin/connections.js';
import { type AdminServer, startAdminServer } from '../../runtime/admin/index.js';
import type { Tracing } from '../../runtime/index.js';
import { TOKEN } from './client.js';
import { startService } from './service.js';

let tracing: Tracing;
let admin: AdminServer;
const held = new Set<Socket>();

test.before.each(async () => {
  tracing = await startService();
  admin = await startAdminServer({ tracing, token: TOKEN, port: 0, log: () => undefined });
});
test.after.each(async () => {
  for (const socket of held) socket.destroy();
  await admin.close();
  await tracing.shutdown();
});

const portOf = (): number => Number(new URL(admin.url).port);
const HALF = 'GET /tracing/health HTTP/1.1\r\nHost: 127';
const guess = (at: number) =>
  `PUT /tracing/enabled HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer guess-number-${at}\r\nContent-Length: 16\r\n\r\n{"enabled":true}`;

/** Opens a connection, and sends the text on it. Neither answers nor errors matter. */
function hold(text: string): Promise<Socket> {
  return new Promise((done) => {
    const socket = connect(portOf(), '127.0.0.1', () => socket.write(text));
    held.add(socket);
    socket
      .resume()
      .on('error', () => done(socket))
      .once('connect', () => done(socket))
      .once('close', () => held.delete(socket));
  });
}

const holdMany = (count: number, text: (at: number) => string) =>
  Promise.all(Array.from({ length: count }, (_, at) => hold(text(at))));

interface Answered {
  readonly status: number | undefined;
  readonly ms: number;
  /** Port of the client. */
  readonly port: number | undefined;
}

/** A change with the right token. Rejects when the connection is reset. */
function change(agent?: Agent): Promise<Answered> {
  const from = performance.now();
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
    const sent = request(
      { port: portOf(), path: '/tracing/enabled', method: 'PUT', headers, agent: agent ?? false },
      (response) => {
        const port = sent.socket?.localPort;
        response.resume().once('end', () => resolve({ status: response.statusCode, ms: performance.now() - from, port }));
      },
    );
    sent.once('error', reject).end('{"enabled":false}');
  });
}

test('beside 300 half-open connections the right token is answered at once', async () => {
  await holdMany(300, () => HALF);
  for (let at = 0; at < 5; at++) {
    const { status, ms } = await change();
    assert.is(status, 200);
    assert.ok(ms < 1000, `${ms} ms`);
  }
});

test('during a flood of guesses on connections that stay open, the right token is answered on new ones and keeps its own', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const { port } = await change(agent);
  for (let round = 0; round < 12; round++) {
    const flood = holdMany(150, guess);
    const [fresh, kept] = await Promise.all([change(), change(agent)]);
    assert.equal([fresh.status, kept.status, kept.port], [200, 200, port]);
    assert.ok(fresh.ms < 2000 && kept.ms < 2000, `${fresh.ms} ms and ${kept.ms} ms`);
    await flood;
  }
  agent.destroy();
});

/** Waits until the server has closed all but so many. */
async function heldDownTo(count: number, meanwhile = async (): Promise<unknown> => undefined): Promise<number> {
  for (let at = 0; at < 30 && held.size > count; at++) {
    await pause(100);
    await meanwhile();
  }
  return held.size;
}

test('of 600 half-open connections 100 stay after their first quarter of a second, and others are answered', async () => {
  await holdMany(600, () => HALF);
  const left = await heldDownTo(100, async () => assert.is((await change()).status, 200));
  assert.ok(left <= 100, `${left} are open`);
});

test('of 600 connections at the same moment the 500 newest stay', () => {
  const server = createServer();
  boundConnections(server);
  const sockets = Array.from({ length: 600 }, () => new Socket());
  for (const socket of sockets) server.emit('connection', socket);
  assert.equal(
    sockets.flatMap(({ destroyed }, at) => (destroyed ? [at] : [])),
    Array.from({ length: 100 }, (_, at) => at),
  );
  for (const socket of sockets) socket.destroy();
});

test('of 150 connections that were answered, the 100 with the latest answers stay', async () => {
  await holdMany(150, () => 'GET /tracing/health HTTP/1.1\r\nHost: localhost\r\n\r\n');
  assert.is(await heldDownTo(100), 100);
  await pause(100);
  assert.is(held.size, 100);
});

test.run();
