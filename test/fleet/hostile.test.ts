// OpAMP servers that misbehave: floods, messages that are huge, malformed or for another agent, answers without end. Each kind of
// fault is logged once, and the service follows the next valid message. Needs `ws`, which plays the server.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type WebSocket, WebSocketServer } from 'ws';
import { decodeServerToAgent } from '../../runtime/control/opamp/messages.js';
import { startTracing, type Tracing } from '../../runtime/index.js';
import { field } from '../export/protobuf-fields.js';
import { randomFrom } from '../random.js';
import { until } from '../real/support/program.js';
import { OPAMP_SERVER, OpampServer } from './opamp-server.js';

const PROJECT = join(__dirname, '../..');
/** Of link.ts. */
const MOST_BYTES = 256 * 1024;
/** Milliseconds; reactions take far less, the margin is for a loaded machine. */
const LIMIT = 20_000;

let lines: string[] = [];
let tracing: Tracing | undefined;
let server: Server | undefined;
test.before.each(() => {
  lines = [];
});
test.after.each(async () => {
  await tracing?.shutdown();
  tracing = undefined;
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
});

const logged = (part: string): number => lines.filter((line) => line.includes(part)).length;

async function start(scheme: 'http' | 'ws', port: number): Promise<Tracing> {
  tracing = await startTracing({
    serviceName: 'hostile-test',
    exporter: new InMemorySpanExporter(),
    opampEndpoint: `${scheme}://127.0.0.1:${port}/v1/opamp`,
    opampInterval: 200,
    logLevel: 'info',
    logger: ({ message }) => void lines.push(message),
  });
  return tracing;
}

async function listen(listening: Server): Promise<number> {
  server = listening;
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  return (listening.address() as AddressInfo).port;
}

/** A WebSocket server that calls `treat` with each connection, and counts connections. */
async function webSockets(treat: (socket: WebSocket) => void): Promise<{ port: number; connections: () => number }> {
  const http = createServer();
  let count = 0;
  new WebSocketServer({ server: http }).on('connection', (socket) => {
    count += 1;
    socket.on('error', () => undefined);
    treat(socket);
  });
  return { port: await listen(http), connections: () => count };
}

/** ServerToAgent with a configuration. */
const offering = (files: Readonly<Record<string, string>>, hash = 'h'): Buffer => {
  const entries = Object.entries(files).map(([name, body]) =>
    field(1, Buffer.concat([field(1, name), field(2, field(1, body))])),
  );
  return field(3, Buffer.concat([field(1, Buffer.concat(entries)), field(2, hash)]));
};
const ON = { enabled: '{"enabled":true,"for":"1m"}' };
const withHeader = (message: Uint8Array): Buffer => Buffer.concat([Buffer.from([0]), message]);

const WEBSOCKET: readonly (readonly [what: string, message: Buffer | string, line: RegExp])[] = [
  ['bytes that break off', withHeader(Buffer.from([0x1a, 0xff])), /a message cannot be read \(the message is truncated\)/],
  ['a number without end', withHeader(Buffer.alloc(40, 0xff)), /a message cannot be read \(a number has more than ten bytes\)/],
  ['text', '{"enabled":true}', /a message is not one of OpAMP over WebSocket/],
  ['another header', offering(ON), /a message is not one of OpAMP over WebSocket/],
  ['a message that is too large', withHeader(Buffer.alloc(MOST_BYTES + 1)), /a message is larger than 262144 bytes/],
  ['an error', withHeader(field(2, field(2, 'go away'))), /the server answered with an error: go away/],
];

for (const [what, message, line] of WEBSOCKET)
  test(`logs ${what} once, and comes back (WebSocket)`, async () => {
    const { port, connections } = await webSockets((socket) => socket.send(message));
    const service = await start('ws', port);
    await until(() => connections() >= 2, 'it comes back', LIMIT);
    await wait(50);
    assert.is(logged('SPW022'), 1, lines.join('\n'));
    assert.match(lines.find((each) => each.includes('SPW022')) ?? '', line);
    assert.is(service.enabled, false);
  });

test('reconnects at growing intervals to a server whose messages are invalid', async () => {
  const at: number[] = [];
  const { port } = await webSockets((socket) => {
    at.push(performance.now());
    socket.send('no OpAMP');
  });
  await start('ws', port);
  await until(() => at.length >= 4, 'it comes back', LIMIT);
  const [first = 0, second = 0, third = 0, fourth = 0] = at;
  // each pause is half to the whole of 500 ms, 1 s and 2 s
  assert.ok(second - first >= 250 && third - second >= 500 && fourth - third >= 1000, at.join(', '));
});

const MEDIA_TYPE = { 'content-type': 'application/x-protobuf' };
const HTTP: readonly (readonly [what: string, answer: (response: ServerResponse) => void, line: RegExp])[] = [
  [
    'an answer without end',
    (response) => {
      response.writeHead(200, MEDIA_TYPE);
      const write = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384)));
      };
      response.on('drain', write);
      write();
    },
    /a message is larger than 262144 bytes/,
  ],
  ['a fault of the server', (response) => response.writeHead(500, MEDIA_TYPE).end(), /answered with status 500/],
  ['a redirect', (response) => response.writeHead(302, { location: '/' }).end(), /answered with status 302/],
  [
    'a page',
    (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
    /content-type text\/html; expected/,
  ],
  [
    'compression',
    (response) => response.writeHead(200, { ...MEDIA_TYPE, 'content-encoding': 'gzip' }).end(),
    /content-encoding gzip/,
  ],
  ['bytes that are no message', (response) => response.writeHead(200, MEDIA_TYPE).end(Buffer.alloc(9, 0xff)), /cannot be read/],
];

for (const [what, answer, line] of HTTP)
  test(`logs ${what} once, and asks again (HTTP)`, async () => {
    let requests = 0;
    const port = await listen(
      createServer((request, response) => {
        requests += 1;
        request.resume().on('end', () => answer(response));
      }),
    );
    await start('http', port);
    await until(() => requests >= 2, 'it asks again', LIMIT);
    assert.is(logged('SPW022'), 1, lines.join('\n'));
    assert.match(lines.find((each) => each.includes('SPW022')) ?? '', line);
  });

test('applies a valid message after invalid ones, and ignores messages for another agent', async () => {
  let sockets = 0;
  const { port } = await webSockets((socket) => {
    sockets += 1;
    if (sockets === 1) socket.send(Buffer.from([0, 0xff]));
    else if (sockets === 2) {
      socket.send(withHeader(Buffer.concat([field(1, Buffer.alloc(16, 7)), offering(ON, 'other')])));
      setTimeout(() => socket.send(withHeader(offering({ rules: '{"rules":"carbide::db=off"}' }, 'own'))), 100);
    }
  });
  const service = await start('ws', port);
  await until(() => service.leases().length > 0, 'a lease', LIMIT);
  assert.equal(
    service.leases().map(({ kind }) => kind),
    ['rules'],
  );
});

test('refuses thousands of files with one short message', async () => {
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`file-${index}`, '{}']));
  const { port } = await webSockets((socket) => socket.send(withHeader(offering(many))));
  const service = await start('ws', port);
  await until(() => logged('unknown file') > 0, 'refusal', LIMIT);
  assert.is(logged('SPW022'), 1);
  assert.ok((lines.find((line) => line.includes('unknown file'))?.length ?? 0) < 300);
  assert.equal(service.leases(), []);
});

test('adopts the instance that the server gives it', async () => {
  const seen: string[] = [];
  const { port } = await webSockets((socket) => {
    socket.on('message', (data: Buffer) => seen.push(data.subarray(3, 19).toString('hex')));
    socket.send(withHeader(field(8, field(1, Buffer.alloc(16, 0xab)))));
  });
  await start('ws', port);
  await until(() => seen.includes('ab'.repeat(16)), 'the new instance', LIMIT);
});

test('reads any bytes as a message or refuses them with a RangeError', () => {
  const random = randomFrom(20261129);
  const good = Buffer.concat([field(1, Buffer.alloc(16, 1)), offering(ON), field(2, field(2, 'x'))]);
  assert.is(decodeServerToAgent(good).remoteConfig?.files.size, 1);
  let refused = 0;
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(good.subarray(0, Math.floor(random() * (good.length + 1))));
    for (let change = 0; change < 3 && bytes.length > 0; change++)
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    try {
      decodeServerToAgent(bytes);
    } catch (error) {
      assert.instance(error, RangeError);
      refused += 1;
    }
  }
  assert.ok(refused > 1000 && refused < 20_000, `${refused} refused`);
});

const withServer = OPAMP_SERVER === undefined ? test.skip : test;

withServer('a flood of messages makes few changes, and the last configuration counts', async () => {
  const flooding = await OpampServer.start();
  try {
    const service = await start('ws', Number(new URL(flooding.url('ws')).port));
    const { messages } = await flooding.until(() => true);
    const from = performance.now();
    await flooding.flood(1000);
    const last = await flooding.configure({ rules: { rules: 'carbide::last=off' } });
    const agent = await flooding.until(({ hash }) => hash === last, 60_000);
    const seconds = (performance.now() - from) / 1000;
    assert.is(agent.status, 'RemoteConfigStatuses_APPLIED');
    assert.equal(
      service.leases().map(({ value }) => value),
      ['carbide::last=off'],
    );
    // two changes a second, of two settings at most, and ten messages
    assert.ok(logged('SPW021') <= 2 * (seconds * 2 + 3), `${logged('SPW021')} changes in ${seconds} s`);
    assert.ok(agent.messages - messages <= seconds * 10 + 10, `${agent.messages - messages} messages in ${seconds} s`);
  } finally {
    await flooding.program.stop();
  }
});

withServer('neither a connection nor an attempt to connect holds the process', async () => {
  const quiet = await OpampServer.start();
  try {
    // 192.0.2.1 is reserved for documentation (RFC 5737): nothing answers
    const urls = [quiet.url('ws'), quiet.url('http'), 'ws://192.0.2.1:4320/v1/opamp', 'http://192.0.2.1:4320/v1/opamp'];
    const ends = await Promise.all(urls.map((url) => endOf(url)));
    for (const [index, { code, seconds }] of ends.entries()) {
      assert.is(code, 0, urls[index]);
      assert.ok(seconds < 8, `${urls[index]}: ${seconds} s`);
    }
  } finally {
    await quiet.program.stop();
  }
});

/** A program that starts tracing, works for half a second, and has nothing left to do. */
async function endOf(url: string): Promise<{ code: number | null; seconds: number }> {
  const program = `const { startTracing } = require('./dist/runtime/index.js');
startTracing({ serviceName: 's', opampEndpoint: ${JSON.stringify(url)} }).then(() => setTimeout(() => process.send('worked', () => process.disconnect()), 500));`;
  const child = spawn(process.execPath, ['-e', program], {
    cwd: PROJECT,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exit = once(child, 'exit');
  await Promise.race([once(child, 'message'), exit]);
  const from = performance.now();
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
  const [code] = (await exit) as [number | null];
  clearTimeout(timer);
  return { code, seconds: (performance.now() - from) / 1000 };
}

test.run();
