// Jaeger (all-in-one): spans of a program sent to it, directly and through the Collector, and the sample's service sending to both.
// What Jaeger's HTTP API says is compared with what the program recorded. Missing parts are a printed skip, on a build server a failure.
// limit: 180 s

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ServiceProcess } from '../samples/service-process.js';
import { differences } from './support/differences.js';
import { asJaegerHolds, JAEGER, JaegerServer } from './support/jaeger-server.js';
import { BATCH, forwardTo, MEMORY_LIMITER, OTELCOL, OtelCollector } from './support/otel-collector.js';
import { outline } from './support/otlp-json.js';
import { until } from './support/program.js';
import { ORDER, placeOrder, startRecording } from './support/work.js';

const test = suite('jaeger');
const all = JAEGER === undefined || OTELCOL === undefined ? test.skip : test;

let jaeger: JaegerServer;
let gateway: OtelCollector;

test.before(async () => {
  if (JAEGER === undefined || OTELCOL === undefined) return;
  jaeger = await JaegerServer.start();
  gateway = await OtelCollector.start({ processors: { ...MEMORY_LIMITER, ...BATCH }, exporters: forwardTo(jaeger.url) });
});
test.after(async () => {
  await gateway?.remove();
  await jaeger?.stop();
});

for (const [path, service] of [
  ['directly', 'orders-direct'],
  ['through the Collector', 'orders-gateway'],
] as const) {
  all(`${path}: Jaeger's trees, attributes, events, links and status are those that the program recorded`, async () => {
    const endpoint = path === 'directly' ? jaeger.url : gateway.url;
    const run = await startRecording(endpoint, { serviceName: service });
    for (let id = 1; id <= 10; id++) await placeOrder(id);
    await run.tracing.shutdown();
    const { ended } = run;
    const { spans } = run.tracing.state();
    assert.is(ended.length, 10 * ORDER.length);
    assert.is(spans.exported, ended.length);
    const got = await jaeger.waitFor(service, ended.length);
    assert.equal(differences(got, ended.map(asJaegerHolds)), []);
    const roots = got.filter(({ parentSpanId }) => parentSpanId === '');
    assert.is(roots.length, 10);
    for (const { traceId } of roots) assert.equal(outline(got.filter((span) => span.traceId === traceId)), ORDER);
  });
}

all('an operator finds what failed and what a namespace did, by the tags that Jaeger searches', async () => {
  const failed = await jaeger.traces('orders-direct', { tags: JSON.stringify({ error: 'true' }) });
  assert.is(failed.length, 10);
  assert.is((await jaeger.traces('orders-direct', { tags: JSON.stringify({ provider: 'bank' }) })).length, 10);
  assert.is((await jaeger.traces('orders-direct', { tags: JSON.stringify({ provider: 'other' }) })).length, 0);
  assert.equal(await jaeger.trace(`${'0'.repeat(31)}1`), undefined);
});

const SEND = 'carbide::component-manager::bmc-client::BmcClient::send';
const RMS = 'carbide::component-manager::rms::RmsBackend';

interface Work {
  method: string;
  path: string;
  body?: object;
  status: number;
  tree: string[];
}

/** Calls of the sample, and the trace that each must make. */
const WORK: readonly Work[] = [
  {
    method: 'POST',
    path: '/v1/power',
    body: { component: 'rack-1', action: 'off' },
    status: 200,
    tree: ['request', '  components.select', `  ${RMS}::powerControl`, ...Array(4).fill(`    ${SEND}`), '  components.update'],
  },
  {
    method: 'POST',
    path: '/v1/firmware',
    body: { component: 'rack-2', version: '1.5.0' },
    status: 502,
    tree: ['request', '  components.select', `  ${RMS}::updateFirmware`, `    ${SEND}`],
  },
  { method: 'GET', path: '/v1/nothing', status: 404, tree: ['request'] },
];

all('the sample: Collector and Jaeger hold the same traces, and these are the traces that its calls must make', async () => {
  // spans of earlier tests may still arrive in the file
  const ofSample = () => gateway.spans().filter(({ resource }) => resource['service.name'] === 'carbide-api');
  const service = await ServiceProcess.start({ env: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: gateway.url } });
  try {
    const answer = await service.admin('PUT', '/enabled', { enabled: true, for: '5m', reason: 'test' });
    assert.is(answer.status, 200, answer.text);
    for (const { method, path, body, status } of WORK) assert.is((await service.call(method, path, body)).status, status);
    const counts = async () => (await service.admin('GET', '/state')).body.spans;
    await until(async () => {
      const { open, started, exported } = await counts();
      return open === 0 && started > 0 && exported === started;
    }, 'all spans of the sample are exported');
    const { exported, failed, dropped } = await counts();
    assert.is(
      exported,
      WORK.reduce((sum, { tree }) => sum + tree.length, 0),
    );
    assert.equal([failed, dropped], [0, 0]);
    await until(() => ofSample().length >= exported, 'they are in the file of the Collector');
    const atCollector = ofSample();
    const atJaeger = await jaeger.waitFor('carbide-api', exported);
    assert.equal(differences(atJaeger, atCollector.map(asJaegerHolds)), []);
    const roots = atCollector
      .filter(({ parentSpanId }) => parentSpanId === '')
      .sort((a, b) => (BigInt(a.start) < BigInt(b.start) ? -1 : 1));
    assert.equal(
      roots.map(({ traceId }) => outline(atCollector.filter((span) => span.traceId === traceId))),
      WORK.map(({ tree }) => tree),
    );
    const refused = atJaeger.find(({ name, events }) => name === SEND && events.length > 0);
    assert.is(refused?.status.code, 'error');
    assert.is(refused?.events[0]?.name, 'exception');
    assert.match(String(refused?.attributes['code.file.path']), /bmc-client\.ts$/);
  } finally {
    await service.stop();
  }
});

test.run();
