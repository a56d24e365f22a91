// The sample's collector configurations, loaded by the real Collector: the sidecar, the shared one with its tail sampling, and over TLS a
// third Collector in front of the backend.
// Missing parts are a printed skip, on a build server a failure.
// limit: 180 s

import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Receiver, startReceiver } from '../../viewer/receiver/receiver.js';
import { groupTraces } from '../../viewer/receiver/tree.js';
import { invoke } from '../cli/invoke.js';
import { OTELCOL } from '../real/support/otel-collector.js';
import { freePorts, Program, until } from '../real/support/program.js';
import { type Certificates, makeCertificates } from '../setup/certificates.js';
import { SAMPLE, ServiceProcess } from './service-process.js';

const test = suite('collectors of infra-controller');
const all = OTELCOL === undefined ? test.skip : test;
const CONFIGURATIONS = join(SAMPLE, 'collector');

let backend: Receiver;
let shared: Program;
let sidecar: Program;
let service: ServiceProcess;
let remote: Program;
let certificates: Certificates;
let [sharedPort, sidecarPort, metricsPort, remotePort]: number[] = [];

test.before(async () => {
  if (OTELCOL === undefined) return;
  backend = await startReceiver();
  [sharedPort, sidecarPort, metricsPort, remotePort] = await freePorts(4);
  certificates = makeCertificates();
  remote = await startRemote(backend.port);
  shared = await Program.start(OTELCOL, ['--config', join(CONFIGURATIONS, 'shared.yaml')], sharedPort as number, {
    LISTEN: `127.0.0.1:${sharedPort}`,
    BACKEND_ENDPOINT: `127.0.0.1:${remotePort}`,
    BACKEND_CA: certificates.path('ca', 'crt'),
    DECISION_WAIT: '2s', // the sample's file waits ten; the decisions are the same
    METRICS_HOST: '127.0.0.1',
    METRICS_PORT: String(metricsPort),
  });
  sidecar = await Program.start(OTELCOL, ['--config', join(CONFIGURATIONS, 'sidecar.yaml')], sidecarPort as number, {
    LISTEN: `127.0.0.1:${sidecarPort}`,
    GATEWAY_ENDPOINT: `127.0.0.1:${sharedPort}`,
  });
  service = await ServiceProcess.start({ env: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `http://127.0.0.1:${sidecarPort}` } });
});
test.after(async () => {
  await service?.stop();
  await sidecar?.stop();
  await shared?.stop();
  await remote?.stop();
  await backend?.close();
  certificates?.remove();
});

/** A Collector of another cluster: takes spans over TLS alone. */
function startRemote(port: number): Promise<Program> {
  const tls = { cert_file: certificates.path('server', 'crt'), key_file: certificates.path('server', 'key') };
  const file = join(dirname(tls.cert_file), 'remote.yaml');
  const configuration = {
    receivers: { otlp: { protocols: { grpc: { endpoint: `127.0.0.1:${remotePort}`, tls } } } },
    exporters: { otlp: { endpoint: `127.0.0.1:${port}`, tls: { insecure: true } } },
    service: {
      telemetry: { metrics: { level: 'none' } },
      pipelines: { traces: { receivers: ['otlp'], exporters: ['otlp'] } },
    },
  };
  writeFileSync(file, JSON.stringify(configuration));
  return Program.start(OTELCOL as string, ['--config', file], remotePort as number);
}

const WORK = 60;

all(
  'sidecar to shared, over TLS to backend: the trace with the error arrives whole, and of the other traces only some',
  async () => {
    await service.admin('PUT', '/enabled', { enabled: true, for: '5m', reason: 'test' });
    const failed = await service.call('POST', '/v1/firmware', { component: 'rack-2', version: '1.5.0' });
    assert.is(failed.status, 502);
    for (let made = 1; made < WORK; made++) assert.is((await service.call('POST', '/v1/migrate')).status, 200);
    const traces = () => groupTraces(backend.spans);
    const isFailed = (trace: ReturnType<typeof traces>[number]) => trace.some(({ status }) => status.code === 'error');
    // more than one batch may bring it
    await until(
      () => traces().find(isFailed)?.length === 4,
      'of the trace with the error request, query, update and call of the BMC are there',
    );
    const health = async () =>
      JSON.parse((await invoke(['traces', 'collector', `http://127.0.0.1:${metricsPort}`, '--json'])).out);
    await until(async () => (await health()).counts.sampledOut > 0, 'the Collector has decided against some');
    await until(async () => (await health()).counts.sampledOut + traces().length >= WORK, 'all traces are decided');
    assert.ok(traces().length < WORK / 2, `${traces().length} of ${WORK} came`);
    assert.equal((await health()).faults, []);
  },
);

all('the shared Collector reports which traces it keeps, and the sidecar that it samples nothing', async () => {
  const { out, code } = await invoke([
    'traces',
    'sampling',
    join(CONFIGURATIONS, 'sidecar.yaml'),
    join(CONFIGURATIONS, 'shared.yaml'),
  ]);
  assert.is(code, 0);
  assert.match(out, /sidecar\.yaml +traces +all: no processor decides/);
  assert.match(out, /tail_sampling +errors: traces with status ERROR/);
  assert.match(out, /tail_sampling +slow: traces over 500 ms/);
  assert.match(out, /tail_sampling +baseline: 5 % of traces/);
});

test.run();
