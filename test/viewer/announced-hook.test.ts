// The admin hook that a service announces in its resource: when it is announced, and that the viewer watches it without its token.

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createAdminHandler, startAdminServer } from '../../runtime/admin/index.js';
import { instrument, startTracing, type Tracing } from '../../runtime/index.js';
import type { ReceivedSpan } from '../../viewer/receiver/decode.js';
import { startReceiver } from '../../viewer/receiver/receiver.js';
import type { ViewerState } from '../../viewer/server/shapes.js';
import { startViewer, type Viewer } from '../../viewer/view/viewer.js';
import { order } from './example-traces.js';

const TOKEN = 'a-token-of-the-hook-test';
const work = instrument({ namespace: 'announced::work', name: 'work' }, () => 1);

async function until<Value>(read: () => Promise<Value> | Value, fits: (value: Value) => boolean): Promise<Value> {
  for (const limit = Date.now() + 15_000; ; ) {
    const value = await read();
    if (fits(value)) return value;
    if (Date.now() > limit) throw new Error(`not seen in time: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const stateOf = async ({ url }: Viewer): Promise<ViewerState> => (await fetch(`${url}/api/state`)).json() as Promise<ViewerState>;
const hooksOf = (viewer: Viewer) =>
  until(
    () => stateOf(viewer),
    ({ hooks }) => hooks.some(({ reachable }) => reachable),
  );

/** The attribute that arrives at a receiver, with a hook made by `make`. */
async function announcedBy(
  make: (tracing: Tracing) => Promise<() => Promise<void>>,
  { exported = true, scheme = true }: { exported?: boolean; scheme?: boolean } = {},
) {
  const arrived: ReceivedSpan[] = [];
  const receiver = await startReceiver({ port: 0, onSpans: (spans) => void arrived.push(...spans) });
  const remote = {
    export(spans: unknown[], done: (result: { code: number }) => void) {
      arrived.push(...(spans as never[]));
      done({ code: 0 });
    },
    shutdown: async () => {},
  };
  const tracing = await startTracing({
    enabled: true,
    ...(exported
      ? { endpoint: scheme ? receiver.endpoint : receiver.endpoint.replace('http://', ''), otlpInsecure: !scheme }
      : { exporter: remote as never }),
  });
  const close = await make(tracing);
  try {
    work();
    await tracing.forceFlush();
    const [span] = await until(
      () => arrived,
      ({ length }) => length > 0,
    );
    return (span as ReceivedSpan).resource.attributes['spanwright.admin.url'];
  } finally {
    await close();
    await tracing.shutdown();
    await receiver.close();
  }
}

test('a server on loopback is announced to an exporter on loopback, so that the process view fills itself', async () => {
  const viewer = await startViewer();
  const tracing = await startTracing({ enabled: true, endpoint: viewer.grpc, serviceName: 'announces' });
  const admin = await startAdminServer({ tracing, port: 0, token: TOKEN, log: () => {} });
  try {
    work();
    await tracing.forceFlush();
    const { hooks } = await hooksOf(viewer);
    assert.equal(hooks, [{ url: admin.url, service: 'announces', reachable: true, trusted: false }]);
    const refused = await fetch(`${viewer.url}/api/hooks/0/enabled`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{"enabled": false}',
    });
    assert.is(refused.status, 401, 'watched, not changed');
  } finally {
    await admin.close();
    await tracing.shutdown();
    await viewer.close();
  }
});

test('announces the server of startAdminServer() unless `announce` is false, and a mounted hook only by a URL of the user', async () => {
  const server = (announce?: string | false) => async (tracing: Tracing) => {
    const admin = await startAdminServer({ tracing, port: 0, log: () => {}, ...(announce === undefined ? {} : { announce }) });
    return () => admin.close();
  };
  assert.match(String(await announcedBy(server())), /^http:\/\/127\.0\.0\.1:\d+\/tracing$/);
  assert.match(String(await announcedBy(server(), { scheme: false })), /^http:\/\/127\.0\.0\.1:\d+\/tracing$/);
  assert.is(await announcedBy(server(false)), undefined);
  const mounted = (announce?: string) => async (tracing: Tracing) => {
    createAdminHandler(tracing, announce === undefined ? {} : { announce });
    return async () => {};
  };
  assert.is(await announcedBy(mounted()), undefined);
  assert.is(await announcedBy(mounted('https://admin.example.com/tracing')), 'https://admin.example.com/tracing');
});

test('the address of a loopback server is not sent to an exporter whose address is unknown', async () => {
  const server = async (tracing: Tracing) => {
    const admin = await startAdminServer({ tracing, port: 0, log: () => {} });
    return () => admin.close();
  };
  assert.is(await announcedBy(server, { exported: false }), undefined);
});

test('an address with credentials or of another scheme is refused', async () => {
  const tracing = await startTracing({ enabled: false });
  for (const announce of ['http://me:secret@127.0.0.1/tracing', 'file:///etc', 'tracing']) {
    assert.throws(() => createAdminHandler(tracing, { announce }), /expected an http or https URL without credentials/);
  }
  assert.throws(() => createAdminHandler(tracing, { traceUrl: 'javascript:alert({trace_id})' }), /expected an http or https URL/);
  await tracing.shutdown();
});

test('the token of --hook is sent to that hook, and to no announced one; an announced address elsewhere is not asked', async () => {
  const asked: IncomingMessage[] = [];
  const impostor = createServer((request, response) => {
    asked.push(request);
    response.setHeader('content-type', 'application/json').end('{"serviceName":"impostor","spans":[]}');
  });
  await new Promise<void>((resolve) => impostor.listen(0, '127.0.0.1', resolve));
  const own = createServer((request, response) => {
    response.setHeader('content-type', 'application/json').end(`{"serviceName":"${request.headers.authorization}","spans":[]}`);
  });
  await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve));
  const urlOf = (server: typeof own): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const viewer = await startViewer({ hooks: [urlOf(own)], hookToken: TOKEN });
  const announcing = (url: string, number: number): ReceivedSpan[] =>
    order(number, Date.now()).map((span) => ({
      ...span,
      resource: { attributes: { ...span.resource.attributes, 'spanwright.admin.url': url } },
    }));
  viewer.add([
    ...announcing(urlOf(impostor), 1),
    ...announcing('http://192.0.2.1:9465/tracing', 2),
    ...announcing('file:///etc/passwd', 3),
  ]);
  try {
    const { hooks } = await until(
      () => stateOf(viewer),
      (state) => state.hooks.length === 2 && state.hooks.every(({ reachable }) => reachable),
    );
    assert.equal(
      hooks.map(({ service, trusted }) => [service, trusted]),
      [
        [`Bearer ${TOKEN}`, true],
        ['impostor', false],
      ],
    );
    assert.ok(asked.length > 0 && asked.every(({ headers }) => headers.authorization === undefined));
  } finally {
    await viewer.close();
    impostor.close();
    own.close();
  }
});

test.run();
