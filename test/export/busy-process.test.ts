// Exports of a busy process: a connection that the server closed while it was idle, and an event loop that was blocked during a
// connect. Neither counts as a failed attempt, which would end a flush.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Agent, createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, startTracing } from '../../runtime/index.js';
import { startReceiver } from '../../viewer/receiver/receiver.js';

const call = instrument({ name: 'call' }, () => {});

async function listening<S extends Server | ReturnType<typeof createTcpServer>>(server: S): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Blocks the event loop. */
const block = (milliseconds: number): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);

test('repeats a request at once, over HTTP, when the server had closed the reused connection', async () => {
  const requests = new Map<Socket, number>();
  const server = createServer((request, response) => {
    const count = (requests.get(request.socket) ?? 0) + 1;
    requests.set(request.socket, count);
    if (count > 1) request.socket.destroy();
    else request.resume().on('end', () => response.end());
  });
  const tracing = await startTracing({ endpoint: await listening(server), otlpProtocol: 'http/protobuf', enabled: true });
  for (let batch = 1; batch <= 3; batch++) {
    call();
    const before = performance.now();
    await tracing.forceFlush();
    assert.is(tracing.state().spans.exported, batch, `batch ${batch}`);
    if (batch > 1) assert.ok(performance.now() - before < 700, 'at once: the pause before another attempt is longer');
  }
  assert.is(requests.size, 3, 'each later batch met the closed connection and opened another');
  await tracing.shutdown();
  server.closeAllConnections();
  server.close();
});

test('does not repeat a request when a reused connection answers in another protocol', async () => {
  let requests = 0;
  const server = createTcpServer((socket) => {
    socket
      .on('error', () => {})
      .on('data', (chunk) => {
        if (!String(chunk).startsWith('POST')) return;
        requests++;
        socket.write(requests === 1 ? 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' : 'SSH-2.0\r\n');
      });
  });
  const tracing = await startTracing({ endpoint: await listening(server), otlpProtocol: 'http/protobuf', enabled: true });
  for (const exported of [1, 1]) {
    call();
    await tracing.forceFlush();
    assert.is(tracing.state().spans.exported, exported);
  }
  assert.is(requests, 2);
  await tracing.shutdown();
  server.close();
});

test('does not repeat a request when a new connection is closed', async () => {
  let connections = 0;
  const server = createTcpServer((socket) => {
    connections++;
    socket.on('error', () => {}).once('data', () => socket.destroy());
  });
  const tracing = await startTracing({ endpoint: await listening(server), otlpProtocol: 'http/protobuf', enabled: true });
  call();
  await tracing.forceFlush();
  assert.equal([tracing.state().spans.exported, connections], [0, 1]);
  await tracing.shutdown();
  server.close();
});

/** Sends 64 kB, waits, and sends the next: a socket of a slow network, where a request is read from memory for long. */
function slowed(socket: Socket): Socket {
  const write = socket._write.bind(socket);
  const slow: Socket['_write'] = (chunk: Buffer | string, encoding, done) => {
    if (typeof chunk === 'string') return write(chunk, encoding, done);
    const rest = chunk.subarray(65_536);
    if (rest.length === 0) return write(chunk, encoding, done);
    write(chunk.subarray(0, 65_536), encoding, () => setTimeout(slow, 20, rest, encoding, done));
  };
  return Object.assign(socket, { _write: slow, _writev: null });
}

test('keeps a request as it was, over HTTP, when the server answers before it has read it', async () => {
  const bodies: Promise<string>[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    bodies.push(new Promise((resolve) => request.on('end', () => resolve(Buffer.concat(chunks).toString('latin1')))));
    response.end();
  });
  const agent = Agent.prototype as Agent & { createConnection: (...given: unknown[]) => Socket };
  const { createConnection } = agent;
  agent.createConnection = (...given) => slowed(createConnection(...given));
  const tracing = await startTracing({ endpoint: await listening(server), otlpProtocol: 'http/protobuf', enabled: true });
  const send = instrument({ name: 'send', attributes: (text: string) => ({ text }) }, (_text: string) => {});
  for (const letter of ['a', 'b']) {
    for (let span = 0; span < 200; span++) send(letter.repeat(5000));
    await tracing.forceFlush({ timeout: 10_000 });
  }
  agent.createConnection = createConnection;
  const lettersOf = (body: string): string[] => [...new Set(body.match(/(.)\1{99}/g))].map((run) => run.charAt(0));
  const seen = (await Promise.all(bodies)).map(lettersOf);
  assert.equal([...new Set(seen.flat())], ['a', 'b']);
  assert.equal(
    seen.filter(({ length }) => length !== 1),
    [],
  );
  await tracing.shutdown();
  server.closeAllConnections();
  server.close();
});

for (const protocol of ['http/protobuf', 'grpc'] as const) {
  test(`does not take a blocked event loop for a Collector that does not answer, over ${protocol}`, async () => {
    const receiver = await startReceiver();
    const http = createServer((request, response) => request.resume().on('end', () => response.end()));
    const endpoint = protocol === 'grpc' ? receiver.endpoint : await listening(http);
    const tracing = await startTracing({
      endpoint,
      otlpProtocol: protocol,
      enabled: true,
      otlpTimeout: '20s',
      exportTimeout: '20s',
    });
    const blockOnce = (): void => {
      unsubscribe('net.client.socket', blockOnce);
      setImmediate(() => block(3200));
    };
    call();
    subscribe('net.client.socket', blockOnce);
    await tracing.forceFlush();
    assert.is(tracing.state().spans.exported, 1);
    await tracing.shutdown();
    await receiver.close();
    http.close();
  });
}

test.run();
