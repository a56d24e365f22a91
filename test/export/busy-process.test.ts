// Exports of a busy process: a connection that the server closed while it was idle, and an event loop that was blocked during a
// connect. Neither counts as a failed attempt, which would end a flush.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer, type Server } from 'node:http';
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
