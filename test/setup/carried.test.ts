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

test.after.each(async () => {
  await tracing?.shutdown();
  tracing = undefined;
  metrics.disable();
  Collector.stopAll();
});

test('over gRPC spans go through the proxy that grpc_proxy names, and directly without the variable', async () => {
  const collector = await new Collector().start();
  const asked: string[] = [];
  const proxy = createServer((client) => {
    client.once('data', (head: Buffer) => {
      asked.push(head.toString().split('\r\n', 1)[0] as string);
      const upstream = connectTo(collector.port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        client.pipe(upstream).pipe(client);
      });
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  proxy.unref();
  const send = async (endpoint: string): Promise<number | undefined> => {
    tracing = await startTracing({ endpoint, enabled: true });
    call();
    await tracing.forceFlush({ timeout: '5s' });
    const { exported } = tracing.state().spans;
    await tracing.shutdown();
    return exported;
  };
  process.env.grpc_proxy = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  try {
    assert.is(await send('http://collector.example:4317'), 1);
  } finally {
    delete process.env.grpc_proxy;
  }
  assert.equal(asked, ['CONNECT collector.example:4317 HTTP/1.1']);
  assert.is(await send(collector.url), 1);
  assert.equal([asked.length, collector.accepted], [1, 2]);
  proxy.close();
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
