// The admin hook on real sockets: a server of its own on loopback or a Unix socket, and the Node adapter as middleware.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type AdminServer,
  type AdminServerOptions,
  createAdminHandler,
  startAdminServer,
  toNodeHandler,
} from '../../runtime/admin/index.js';
import type { Tracing } from '../../runtime/index.js';
import { fingerprint, TOKEN } from './client.js';
import { startService } from './service.js';

let tracing: Tracing;
let admin: AdminServer;
let directory: string;
const log = () => undefined;
const AUTHORIZED = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };

test.before(async () => {
  tracing = await startService();
  directory = mkdtempSync(join(tmpdir(), 'spanwright-server-'));
  admin = await startAdminServer({ tracing, token: TOKEN, port: 0, log });
});
test.after.each(() => {
  for (const { id } of tracing.leases()) tracing.endLease(id);
});
test.after(async () => {
  await admin.close();
  rmSync(directory, { recursive: true });
  await tracing.shutdown();
});

/** Sends bytes as they are, and answers with all that comes back. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(admin.url).port), '127.0.0.1', () => socket.end(text));
    let got = '';
    socket.setEncoding('utf8').on('data', (part) => {
      got += part;
    });
    socket.once('error', reject).once('close', () => resolve(got));
  });
}

test('a change and a read work over a Unix socket', async () => {
  assert.match(admin.url, /^http:\/\/127\.0\.0\.1:\d+\/tracing$/);
  const body = JSON.stringify({ enabled: true, for: '1m' });
  const changed = await fetch(`${admin.url}/enabled`, { method: 'PUT', headers: AUTHORIZED, body });
  assert.is(changed.status, 200);
  assert.is(tracing.enabled, true);
  const state = (await (await fetch(`${admin.url}/state`)).json()) as { enabled: boolean };
  assert.is(state.enabled, true);
});

test('a body over the limit is answered 413 and can be read by the sender; the next request is served', async () => {
  const before = fingerprint(tracing);
  const body = JSON.stringify({ enabled: true, reason: 'x'.repeat(200_000) });
  const declared = await fetch(`${admin.url}/enabled`, { method: 'PUT', headers: AUTHORIZED, body });
  assert.is(declared.status, 413);
  assert.is(((await declared.json()) as { error: { code: string } }).error.code, 'ResourceExhausted');
  const chunks = new ReadableStream({
    start(controller) {
      for (let at = 0; at < 20; at += 1) controller.enqueue(new Uint8Array(4096).fill(32));
      controller.close();
    },
  });
  const chunked = await fetch(`${admin.url}/enabled`, {
    method: 'PUT',
    headers: AUTHORIZED,
    body: chunks,
    duplex: 'half',
  } as RequestInit);
  assert.is(chunked.status, 413);
  assert.is(fingerprint(tracing), before);
  assert.is((await fetch(`${admin.url}/health`)).status, 200);
});

test('a change that is refused before its body is read is answered at once', async () => {
  const times: number[] = [];
  for (let at = 0; at < 5; at += 1) {
    const from = performance.now();
    const answer = await fetch(`${admin.url}/enabled`, {
      method: 'PUT',
      body: '{"enabled":true}',
      headers: { origin: 'http://x' },
    });
    await answer.text();
    assert.is(answer.status, 403);
    times.push(performance.now() - from);
  }
  // Unwanted bodies are read on for half a second at most: none of these may have waited for that.
  assert.ok(Math.min(...times) < 250, times.join(', '));
});

test('an endless body is cut off', async () => {
  const before = fingerprint(tracing);
  const closed = new Promise<void>((resolve, reject) => {
    const url = new URL(`${admin.url}/enabled`);
    const endless = request(url, { method: 'PUT', headers: AUTHORIZED });
    const timer = setInterval(() => endless.write(Buffer.alloc(32 * 1024, 32)), 5);
    const stop = (): void => {
      clearInterval(timer);
      resolve();
    };
    endless.once('error', stop).once('close', stop);
    setTimeout(() => reject(new Error('still open after 60 s')), 60_000).unref();
  });
  await closed;
  assert.is(fingerprint(tracing), before);
});

test('a body shorter than its declared length changes nothing', async () => {
  const before = fingerprint(tracing);
  const head = `PUT /tracing/enabled HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: application/json\r\n`;
  await raw(`${head}Content-Length: 100\r\n\r\n{"enabled":true}`);
  assert.is(fingerprint(tracing), before);
  assert.match(await raw(`${head}Connection: close\r\nContent-Length: 16\r\n\r\n{"enabled":true}`), /^HTTP\/1\.1 200/);
  assert.is(tracing.enabled, true);
});

for (const [name, lines, status] of [
  ['a request without Host', ['GET /tracing/state HTTP/1.0'], 421],
  ['a foreign Host', ['GET /tracing/state HTTP/1.1', 'Host: evil.example'], 421],
  ['a Host that is no host', ['GET /tracing/state HTTP/1.1', 'Host: a/b@localhost'], 421],
  ['a whole URL in the request line', ['GET http://localhost/tracing/state HTTP/1.1', 'Host: localhost'], 200],
  ['a whole URL that disagrees with a foreign Host', ['GET http://localhost/tracing/state HTTP/1.1', 'Host: evil.example'], 421],
  ['a whole foreign URL beside an allowed Host', ['GET http://evil.example/tracing/state HTTP/1.1', 'Host: localhost'], 421],
  ['a whole URL with the port of its scheme', ['GET http://localhost:80/tracing/state HTTP/1.1', 'Host: localhost'], 200],
  ['a path of two slashes', ['GET //localhost/tracing/state HTTP/1.1', 'Host: localhost'], 404],
  ['a header below 16 KiB', ['GET /tracing/state HTTP/1.1', 'Host: localhost', `X-Long: ${'x'.repeat(16_000)}`], 200],
  ['a header of more than 16 KiB', ['GET /tracing/state HTTP/1.1', 'Host: localhost', `X-Long: ${'x'.repeat(16_500)}`], 431],
  ['a method that no Request can hold', ['TRACE /tracing/state HTTP/1.1', 'Host: localhost'], 400],
  [
    'a GET with a change as body',
    [
      'GET /tracing/enabled HTTP/1.1',
      'Host: localhost',
      `Authorization: Bearer ${TOKEN}`,
      'Content-Type: application/json',
      'Content-Length: 16',
      '',
      '{"enabled":true}',
    ],
    405,
  ],
  ...[
    'Forwarded: for=192.0.2.7',
    'Via: 1.1 proxy',
    'X-Forwarded-For: 192.0.2.7',
    'X-Forwarded-Host: api.example',
    'X-Forwarded-Proto: https',
    'X-Real-IP: 192.0.2.7',
    'CF-Connecting-IP: 192.0.2.7',
    'True-Client-IP: 192.0.2.7',
    'X-Envoy-External-Address: 192.0.2.7',
  ].map(
    (header) =>
      [`a remote caller, proxied with ${header}`, ['GET /tracing/state HTTP/1.1', 'Host: localhost', header], 401] as const,
  ),
  [
    'a caller with a header that only looks like one of a proxy',
    ['GET /tracing/state HTTP/1.1', 'Host: localhost', 'X-Forward: 1'],
    200,
  ],
] as const) {
  test(`${name} is answered ${status}, and nothing changes`, async () => {
    const before = fingerprint(tracing);
    const whole = [lines[0], 'Connection: close', ...lines.slice(1)].join('\r\n');
    const answer = await raw(whole.includes('\r\n\r\n') ? whole : `${whole}\r\n\r\n`);
    assert.is(Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]), status, answer);
    assert.is(fingerprint(tracing), before);
  });
}

test('the server listens on loopback only', async () => {
  for (const host of ['0.0.0.0', '::', '[::1]', '192.0.2.1', 'example.com', '127.0.0.1.example']) {
    try {
      await (await startAdminServer({ tracing, token: TOKEN, port: 0, host, log })).close();
      assert.unreachable(host);
    } catch (error) {
      assert.match((error as Error).message, /is not a loopback address/);
    }
  }
  const local = await startAdminServer({ tracing, token: TOKEN, port: 0, host: 'localhost', log });
  assert.is((await fetch(`${local.url}/health`)).status, 200);
  await local.close();
});

test('a port in use, an invalid port and a misspelt option are errors, each of which names the port or option', async () => {
  const port = Number(new URL(admin.url).port);
  for (const [options, says] of [
    [{ port }, /cannot listen on 127\.0\.0\.1:\d+: it is in use/],
    [{ port: 70000 }, /whole number from 0 to 65535; found 70000/],
    [{ port: 0, tokne: 'x' }, /Unknown admin option "tokne"/],
  ] as const) {
    const started = startAdminServer({ tracing, token: TOKEN, log, ...options } as AdminServerOptions);
    const error = await started.then(
      () => undefined,
      (reason: Error) => reason,
    );
    assert.match(error?.message ?? 'no error', says);
  }
});

test('a Unix socket serves its owner only, replaces a stale socket, and never replaces another kind of file', async () => {
  const socketPath = join(directory, 'admin.sock');
  const first = await startAdminServer({ tracing, token: TOKEN, socketPath, log });
  assert.is(statSync(socketPath).mode & 0o777, 0o600);
  const status = await new Promise((resolve, reject) => {
    request({ socketPath, path: '/tracing/state', headers: { host: 'localhost' } }, (answer) =>
      resolve(answer.resume().statusCode),
    )
      .once('error', reject)
      .end();
  });
  assert.is(status, 200);
  const taken = await startAdminServer({ tracing, token: TOKEN, socketPath, log }).then(
    () => '',
    (error: Error) => error.message,
  );
  assert.match(taken, 'served by another process');
  await first.close();
  assert.not.ok(existsSync(socketPath));

  const script = `require('node:net').createServer().listen(${JSON.stringify(socketPath)}, () => process.kill(process.pid, 'SIGKILL'))`;
  await new Promise((resolve) => spawn(process.execPath, ['-e', script]).once('exit', resolve));
  assert.ok(existsSync(socketPath), 'a killed server leaves its socket behind');
  await (await startAdminServer({ tracing, token: TOKEN, socketPath, log })).close();

  const file = join(directory, 'file');
  writeFileSync(file, 'precious');
  chmodSync(file, 0o644);
  const nowhere = join(directory, 'no-such-directory', 'admin.sock');
  const failed = await startAdminServer({ tracing, token: TOKEN, socketPath: nowhere, log }).then(
    () => 'started',
    (error: Error) => error.message,
  );
  // libuv reports EACCES for a missing directory
  assert.match(failed, /^The admin server cannot listen on .*no-such-directory\/admin\.sock: (?:EACCES|ENOENT)\.$/);
  const refused = await startAdminServer({ tracing, token: TOKEN, socketPath: file, log }).then(
    () => '',
    (error: Error) => error.message,
  );
  assert.match(refused, 'is not a socket');
  assert.ok(existsSync(file));
});

test('a Unix socket whose server is too busy to accept is not replaced', async () => {
  if (process.platform !== 'linux') return; // other systems refuse what Linux lets wait
  const socketPath = join(directory, 'busy.sock');
  const script = `require('node:net').createServer().listen({ path: ${JSON.stringify(socketPath)}, backlog: 1 }, () => {
    require('node:fs').writeSync(1, 'listening');
    process.kill(process.pid, 'SIGSTOP');
  })`;
  const busy = spawn(process.execPath, ['-e', script]);
  const waiting: Socket[] = [];
  try {
    await once(busy.stdout, 'data');
    // connections wait to be accepted until the kernel takes no more
    let full = false;
    while (!full) {
      const socket = connect(socketPath).on('error', () => (full = true));
      await once(socket, 'connect').catch(() => {});
      waiting.push(socket);
    }
    const refused = await startAdminServer({ tracing, token: TOKEN, socketPath, log }).then(
      () => 'it listens',
      (error: Error) => error.message,
    );
    assert.is(
      refused,
      `socketPath "${socketPath}" cannot be connected to (EAGAIN): its server may be busy; choose another path.`,
    );
    assert.ok(existsSync(socketPath));
  } finally {
    for (const socket of waiting) socket.destroy();
    busy.kill('SIGKILL');
  }
});

async function mounted(
  make: (node: ReturnType<typeof toNodeHandler>) => (request: IncomingMessage, response: ServerResponse) => void,
  prefix = '/tracing',
) {
  const server: Server = createServer(make(toNodeHandler(createAdminHandler(tracing, { token: TOKEN, prefix, log }))));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const status = async (path: string, init?: RequestInit) => (await fetch(origin + path, init)).status;
  return { status, close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()) };
}

test('the middleware answers requests under its prefix and passes the others to next()', async () => {
  const app = await mounted((node) => (incoming, response) => node(incoming, response, () => response.writeHead(204).end()));
  assert.is(await app.status('/tracing/health'), 200);
  assert.is(await app.status('/tracing/nothing'), 404);
  assert.is(await app.status('/machines?next=/tracing/state'), 204);
  assert.is(await app.status('/tracingx'), 204);
  await app.close();
});

test('the middleware recognizes its routes when the framework has stripped the mount path from the URL', async () => {
  const app = await mounted((node) => (incoming, response) => {
    const original = incoming.url as string;
    Object.assign(incoming, { originalUrl: original, url: original.replace(/^\/ops/, '') });
    node(incoming, response, () => response.writeHead(204).end());
  });
  assert.is(await app.status('/ops/tracing/health'), 200);
  assert.is(await app.status('/tracing/health'), 200);
  assert.is(await app.status('/ops/other'), 204);
  await app.close();
});

test('a body that a parser has read already is taken from request.body', async () => {
  const app = await mounted((node) => async (incoming, response) => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    node(Object.assign(incoming, { body: JSON.parse(Buffer.concat(parts).toString()) }), response);
  });
  const put = (body: unknown) =>
    app.status('/tracing/enabled', { method: 'PUT', headers: AUTHORIZED, body: JSON.stringify(body) });
  assert.is(await put({ enabled: true }), 200);
  assert.is(tracing.enabled, true);
  assert.is(await put({ enabled: 'true' }), 400);
  await app.close();
});

test('100 half-open connections are ended within their five seconds; then the next client is served', async () => {
  const { port } = new URL(admin.url);
  const from = performance.now();
  const ended = Array.from(
    { length: 100 },
    () =>
      new Promise<number>((resolve) => {
        const socket = connect(Number(port), '127.0.0.1', () => socket.write('GET /tracing/health HTTP/1.1\r\nHost: 127'));
        socket.once('error', () => undefined).once('close', () => resolve(performance.now() - from));
        socket.resume();
      }),
  );
  const times = await Promise.all(ended);
  assert.ok(Math.max(...times) < 15_000, `the last after ${Math.round(Math.max(...times))} ms`);
  assert.ok(Math.max(...times) > 3_000, 'they are given time to finish');
  assert.is((await fetch(`${admin.url}/health`)).status, 200);
});

test('neither the server nor an open connection keeps the process alive', async () => {
  const script = `
    const { connect } = require('node:net');
    const { startAdminServer } = require('./dist/runtime/admin/index.js');
    const { startTracing } = require('./dist/runtime/index.js');
    (async () => {
      const admin = await startAdminServer({ tracing: await startTracing({ serviceName: 'short' }), token: 'the-token-for-changes', port: 0 });
      const socket = connect(Number(new URL(admin.url).port), '127.0.0.1', () => { console.log('connected'); socket.unref(); });
    })();`;
  const child = spawn(process.execPath, ['-e', script], {
    cwd: join(__dirname, '../..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (part) => {
    output += part;
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), 100_000);
  const code = await new Promise((resolve) => child.once('exit', resolve));
  clearTimeout(timer);
  assert.is(code, 0);
  assert.match(output, 'connected');
});

test('where the service has no global Request, as under jest-environment-jsdom, the answer says so', async () => {
  const { Request } = globalThis;
  Reflect.deleteProperty(globalThis, 'Request');
  try {
    const answer = await raw(`GET /tracing/state HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 500 /);
    const body = JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1)) as { error: { message: string } };
    assert.match(body.error.message, /no global Request.* jest-environment-jsdom has none\. Use the environment "node"\.$/);
  } finally {
    Object.assign(globalThis, { Request });
  }
  assert.match(await raw('GET /tracing/state HTTP/1.1\r\nHost: localhost\r\n\r\n'), /^HTTP\/1\.1 200 /);
});

test.run();
