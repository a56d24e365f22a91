// OpenTelemetry's transports bring the proxies of variables and the metrics of an exporter.

import type { AddressInfo } from 'node:net';
import { connect as connectTo, createServer } from 'node:net';
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, startTracing, type Tracing } from '../../runtime/index.js';
import { Collector } from './collector.js';

const call = instrument({ namespace: 'carried', name: 'call' }, () => 1);
let tracing: Tracing | undefined;
const VARIABLES = ['grpc_proxy', 'https_proxy', 'http_proxy', 'no_grpc_proxy', 'no_proxy'];
function clearVariables(): void {
  for (const name of VARIABLES) delete process.env[name];
}
test.before(clearVariables);

test.after.each(async () => {
  await tracing?.shutdown();
  tracing = undefined;
  metrics.disable();
  Collector.stopAll();
  clearVariables();
});

/** A proxy that connects every request to this port, or refuses it. */
async function startProxy(answer: number | 'refuse'): Promise<{ address: string; asked: string[] }> {
  const asked: string[] = [];
  const proxy = createServer((client) => {
    client.on('error', () => {});
    client.once('data', (head: Buffer) => {
      asked.push(head.toString().split('\r\n', 1)[0] as string);
      if (answer === 'refuse') return void client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      const upstream = connectTo(answer, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        client.pipe(upstream).pipe(client);
      });
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  proxy.unref();
  return { address: `127.0.0.1:${(proxy.address() as AddressInfo).port}`, asked };
}

/** Spans that were exported of one, and the log. */
async function send(endpoint: string): Promise<{ exported: number; log: string }> {
  const lines: string[] = [];
  tracing = await startTracing({ endpoint, enabled: true, logger: ({ message }) => void lines.push(message) });
  call();
  await tracing.forceFlush({ timeout: '5s' });
  await tracing.shutdown();
  return { exported: tracing.state().spans.exported, log: lines.filter((line) => line.includes('SPW003')).join('\n') };
}

const BEHIND = 'http://collector.example:4317';

for (const variable of ['grpc_proxy', 'https_proxy', 'http_proxy'])
  test(`over gRPC spans go through the proxy that ${variable} names, and directly without it or for a host in no_proxy`, async () => {
    const collector = await new Collector().start();
    const { address, asked } = await startProxy(collector.port);
    process.env[variable] = `http://${address}`;
    assert.is((await send(BEHIND)).exported, 1);
    assert.equal(asked, ['CONNECT collector.example:4317 HTTP/1.1']);
    process.env.no_proxy = 'internal.example,127.0.0.1';
    assert.is((await send(collector.url)).exported, 1);
    clearVariables();
    assert.is((await send(collector.url)).exported, 1);
    assert.equal([asked.length, collector.accepted], [1, 3]);
  });

test('a connection that fails behind a proxy is reported with the proxy, without its password, and not as a wrong host', async () => {
  const closed = await startProxy('refuse');
  process.env.https_proxy = `http://user:s3cr3t@${closed.address}`;
  const refused = await send(BEHIND);
  assert.is(refused.exported, 0);
  assert.match(refused.log, `to ${BEHIND} through the proxy ${closed.address} (https_proxy): UNAVAILABLE: `);
  assert.match(
    refused.log,
    'the proxy that https_proxy names does not connect to collector.example:4317 (HTTP 403); correct https_proxy, or write collector.example into no_proxy',
  );
  assert.not.match(refused.log, /s3cr3t|cannot be resolved/u);
  const { port } = await new Collector().start();
  Collector.stopAll(); // nothing listens there any more
  process.env.https_proxy = `http://127.0.0.1:${port}`;
  assert.match((await send(BEHIND)).log, 'does not connect to collector.example:4317 (ECONNREFUSED)');
});

test('an empty or blank no_proxy excludes no host, and an empty entry every host, as in @grpc/grpc-js', async () => {
  const { address, asked } = await startProxy('refuse');
  process.env.https_proxy = `http://${address}`;
  for (const [host, none] of [
    ['empty.example', ''],
    ['blank.example', ' , '],
  ]) {
    process.env.no_proxy = none;
    const { log } = await send(`http://${host}:4317`);
    assert.match(log, `the proxy that https_proxy names does not connect to ${host}:4317 (HTTP 403)`);
    assert.not.match(log, 'cannot be resolved');
  }
  const before = asked.length;
  process.env.no_proxy = 'internal.example,';
  assert.match((await send('http://direct.example:4317')).log, 'the name direct.example cannot be resolved');
  assert.is(asked.length, before);
});

test('a host in a network of no_proxy is reported by itself', async () => {
  const { port } = await new Collector().start();
  Collector.stopAll();
  process.env.https_proxy = 'http://127.0.0.1:9';
  process.env.no_proxy = '10.0.0.0/8,127.0.0.0/8';
  const { log } = await send(`http://127.0.0.1:${port}`);
  assert.match(log, `nothing listens at 127.0.0.1:${port}`);
  assert.not.match(log, 'proxy');
});

test("the exporter's metrics keep one component name, also after it has opened another connection", async () => {
  const exported = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: exported, exportIntervalMillis: 100_000 });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  const collector = await new Collector().start();
  const { port } = collector;
  tracing = await startTracing({ endpoint: collector.url, enabled: true });
  call();
  await tracing.forceFlush({ timeout: '5s' });
  collector.stop();
  call();
  await tracing.forceFlush({ timeout: '1s' });
  await new Collector().start(port);
  await tracing.forceFlush({ timeout: '5s' });
  await reader.forceFlush();
  const points = exported
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
    .filter(({ descriptor }) => descriptor.name === 'otel.sdk.exporter.span.exported')
    .flatMap(({ dataPoints }) => dataPoints as { attributes: Record<string, unknown>; value: number }[]);
  assert.equal([...new Set(points.map(({ attributes }) => attributes['otel.component.name']))], ['otlp_grpc_span_exporter/0']);
  const taken = points.find(({ attributes }) => attributes['error.type'] === undefined);
  assert.equal([taken?.value, taken?.attributes['server.port']], [2, port]);
  assert.ok(points.some(({ attributes }) => attributes['error.type'] !== undefined));
  await reader.shutdown();
});

test.run();
