// The HTTP parts of the sample control-plane without its broker: names in requests, the route of the metrics, settings and log-in of its
// driver.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readServerRequest } from '../../samples/control-plane/src/compute-api/server-request.js';
import { configuredDestinations, System } from '../../samples/control-plane/src/drive/system.js';
import { SAMPLE } from './control-plane-system.js';

// the built ones, because they share the state of the built package
const { HttpServer } = require(
  join(SAMPLE, 'build/http/http-server.js'),
) as typeof import('../../samples/control-plane/src/http/http-server.js');
const { METRICS_ROUTE, rpcMetrics } = require(
  join(SAMPLE, 'build/messaging/rpc-metrics.js'),
) as typeof import('../../samples/control-plane/src/messaging/rpc-metrics.js');

test('the image id of a server is one segment of a path', () => {
  const server = { name: 'web-1', flavor: 'm1.small' };
  assert.is(readServerRequest({ ...server, image: 'cirros-0.6_x' }).image, 'cirros-0.6_x');
  for (const image of ['../../healthz', 'a/b', '.', '..', '', 'a?b', 5])
    assert.throws(() => readServerRequest({ ...server, image }), /image must be 1 to 64 letters/);
});

test('metrics are served as OpenMetrics, and other routes as JSON', async () => {
  const server = new HttpServer([METRICS_ROUTE], async () => undefined);
  const address = await server.listen(0);
  try {
    rpcMetrics.begin('call', 'conductor', 'build_server')('ok');
    const metrics = await fetch(`${address}/metrics`);
    assert.is(metrics.headers.get('content-type'), 'application/openmetrics-text; version=1.0.0; charset=utf-8');
    assert.match(await metrics.text(), /_invocation_end_total\{.*outcome="ok"\} 1\n[\s\S]*# EOF\n$/);
    assert.is((await fetch(`${address}/healthz`)).headers.get('content-type'), 'application/json');
  } finally {
    await server.close();
  }
});

test('destinations over HTTP are those of both clusters or of none; half of a configuration is refused', () => {
  const gateways = { GATEWAY_A: 'http://a', GATEWAY_B: 'http://b', CENTRAL: 'http://c' };
  const [a, b] = [{ GATEWAY_A_OTLP_HTTP: 'http://a:1' }, { GATEWAY_B_OTLP_HTTP: 'http://b:1' }];
  assert.is(configuredDestinations({}), undefined);
  assert.is(configuredDestinations(gateways)?.http, undefined);
  assert.equal(configuredDestinations({ ...gateways, ...a, ...b })?.http, { a: 'http://a:1', b: 'http://b:1' });
  for (const half of [a, b, { ...gateways, ...a }, { ...gateways, ...b }])
    assert.throws(() => configuredDestinations(half), /Set GATEWAY_A_OTLP_HTTP and GATEWAY_B_OTLP_HTTP, or neither of them/);
});

test('a log-in that is refused throws, and one that succeeds returns the token', async () => {
  let token: string | undefined;
  const identity = createServer((_request, response) => {
    response.writeHead(token ? 201 : 401, token ? { 'x-subject-token': token } : {}).end('Name or password is wrong.');
  });
  await new Promise<void>((listening) => identity.listen(0, '127.0.0.1', listening));
  const a = `http://127.0.0.1:${(identity.address() as AddressInfo).port}`;
  const system = { catalog: { identity: { a } }, secrets: { PASSWORD: 'wrong' } } as unknown as System;
  const logIn = (): Promise<string> => System.prototype.logIn.call(system, 'operator');
  try {
    await logIn().then(
      () => assert.unreachable(),
      (error: Error) => assert.match(error.message, /refused operator: 401 Name or password is wrong/),
    );
    token = 'token-1';
    assert.is(await logIn(), 'token-1');
  } finally {
    identity.close();
  }
});

test.run();
