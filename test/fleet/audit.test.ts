// `spanwright audit --fleet` against a real process, Collector and Jaeger: all spans are accounted for while they run, and the hop is named
// when the Collector cannot deliver, when it refuses, and when it is killed with spans in its batch.

import { setTimeout as wait } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { accountOf, type Look } from '../../cli/live/fleet-account.js';
import { type AdminServer, startAdminServer } from '../../runtime/admin/index.js';
import { instrument, startTracing, type Tracing, type TracingOptions } from '../../runtime/index.js';
import { invoke } from '../cli/invoke.js';
import { JAEGER, JaegerServer } from '../real/support/jaeger-server.js';
import { forwardTo, OTELCOL, OtelCollector } from '../real/support/otel-collector.js';
import { freePorts, until } from '../real/support/program.js';

const test = suite('audit of a fleet');
const real = OTELCOL === undefined ? test.skip : test;
const withJaeger = JAEGER === undefined ? test.skip : real;

const call = instrument({ namespace: 'fleet::audit', name: 'call' }, () => 1);
let tracing: Tracing;
let admin: AdminServer;
let collector: OtelCollector | undefined;
let jaeger: JaegerServer | undefined;

async function startProcess(endpoint: string, options: TracingOptions = {}): Promise<void> {
  const base = {
    serviceName: 'audited',
    endpoint,
    enabled: true,
    scheduleDelay: 50,
    otlpTimeout: 30_000,
    resourceDetectors: 'none',
  };
  tracing = await startTracing({ ...base, ...options });
  admin = await startAdminServer({ tracing, port: 0, log: () => {} });
}

async function work(spans: number): Promise<void> {
  for (let at = 0; at < spans; at++) call();
  await tracing.forceFlush();
}

async function audit(...more: string[]) {
  const metrics = ['--collector-metrics', collector?.metricsUrl ?? ''];
  const ran = await invoke(['audit', '--fleet', admin.url, ...metrics, ...more, '--json']);
  assert.is(ran.err, '');
  const { hops, accounted } = JSON.parse(ran.out.trim().split('\n').at(-1) ?? '') as {
    hops: ReturnType<typeof accountOf>;
    accounted: boolean;
  };
  assert.is(ran.code, accounted ? 0 : 1);
  const faults = hops.filter(({ lost, unexplained }) => lost.length > 0 || unexplained !== 0);
  return { hops, faults, accounted };
}

test.after.each(async () => {
  await admin?.close();
  await tracing?.shutdown();
  await collector?.remove();
  await jaeger?.stop();
  [collector, jaeger] = [undefined, undefined];
});

withJaeger(
  'accounts for every span of process, Collector and Jaeger, and names the Collector once it cannot deliver',
  async () => {
    jaeger = await JaegerServer.start();
    collector = await OtelCollector.start({ metrics: true, file: false, exporters: forwardTo(jaeger.url) });
    await startProcess(collector.url);
    await work(300);
    const good = await audit('--jaeger-metrics', jaeger.metricsUrl);
    assert.equal(good.faults, []);
    assert.equal(
      good.hops.map(({ entered, left }) => [entered, left]),
      good.hops.map(() => [300, 300]),
    );
    assert.is(good.hops.length, 4, 'process, way to the Collector, Collector, way to Jaeger');
    await jaeger.stop();
    await work(20);
    const bad = await audit();
    assert.not.ok(bad.accounted);
    // without a queue the Collector reports the failure to the process, which counts it too
    assert.ok(
      bad.faults.some(({ name, lost }) => /exporter otlp$/.test(name) && lost.some(({ why }) => why === 'export failed')),
      JSON.stringify(bad.faults),
    );
  },
);

real('names the Collector that acknowledged spans and lost them behind its batch', async () => {
  const [nowhere] = await freePorts(1);
  const batch = { batch: { timeout: '50ms' } };
  const exporters = forwardTo(`http://127.0.0.1:${nowhere}`);
  collector = await OtelCollector.start({ metrics: true, file: false, processors: batch, exporters });
  await startProcess(collector.url);
  await work(40);
  await until(async () => (await audit()).faults.length > 0, 'the failure is counted');
  const { faults } = await audit();
  assert.equal(
    faults.map(({ name, lost, unexplained }) => [name.replace(/^Collector \S+, /, ''), lost, unexplained]),
    [['exporter otlp', [{ why: 'export failed', spans: 40 }], 0]],
  );
});

real('names the process whose spans a Collector at its memory limit refuses', async () => {
  const processors = { memory_limiter: { check_interval: '100ms', limit_mib: 1, spike_limit_mib: 0 } };
  collector = await OtelCollector.start({ metrics: true, processors });
  await startProcess(collector.url, { exportTimeout: 3000 });
  await wait(300);
  await work(15);
  const { faults, hops } = await audit();
  assert.equal(
    faults.map(({ name, lost }) => [name.replace(/pid \d+/, 'pid'), lost]),
    [['audited, pid', [{ why: 'export failed', spans: 15 }]]],
  );
  assert.ok(hops.length >= 2);
});

real('names the way to a Collector that was killed with spans in its batch', async () => {
  const processors = { batch: { timeout: '60s', send_batch_size: 100_000 } };
  collector = await OtelCollector.start({ metrics: true, processors });
  await startProcess(collector.url);
  await work(25);
  await collector.program.kill();
  await collector.start();
  const { faults } = await audit();
  assert.equal(
    faults.map(({ name, unexplained }) => [name, unexplained]),
    [['processes to Collectors', 25]],
  );
  assert.match(
    faults[0]?.remark ?? '',
    /^Collector \S+ has restarted: the spans that it held, and its earlier counts, are lost$/,
  );
});

test('with --every, each interval has an account of its own, and a process that restarted is named', () => {
  const counts = { open: 0, started: 10, ended: 10, leaked: 0, refused: 0, tooDeep: 0, remoteRoots: 0, remoteRefused: 0 };
  const outcome = { exported: 7, failed: 1, dropped: 2, sampledOut: 0, queued: 0 };
  const look = (startedAt: string, more: object): Look => ({
    processes: [{ name: 'shop', startedAt, bySdk: false, counts: { ...counts, ...outcome, ...more } }],
    collectors: [],
    jaeger: undefined,
  });
  const first = look('2026-01-01T00:00:00Z', {});
  const next = look('2026-01-01T00:00:00Z', { started: 16, ended: 15, open: 1, exported: 10, sampledOut: 1, queued: 1 });
  const [hop] = accountOf(next, first);
  assert.is(hop?.entered, 6);
  assert.is(hop?.left, 3);
  assert.equal(hop?.kept, [
    { why: 'open', spans: 1 },
    { why: 'queued', spans: 1 },
    { why: 'sampled out (keep)', spans: 1 },
  ]);
  assert.equal(hop?.lost, []);
  assert.is(hop?.unexplained, 0);
  const missing = accountOf(
    look('2026-01-01T00:00:00Z', { started: 16, ended: 14, open: 1, exported: 10, sampledOut: 1 }),
    first,
  );
  assert.is(missing[0]?.unexplained, 1);
  assert.match(accountOf(look('2026-01-02T00:00:00Z', {}), first)[0]?.remark ?? '', /restarted/);
});

test('spans that failed in a process and were received, and those that an SDK exports, are explained', () => {
  const counts = { open: 0, started: 50, ended: 50, leaked: 0, refused: 0, tooDeep: 0, remoteRoots: 0, remoteRefused: 0 };
  const of = (exported: number, failed: number) => ({ ...counts, exported, failed, dropped: 0, sampledOut: 0, queued: 0 });
  const started = '2026-01-01T00:00:00Z';
  const metrics = new Map([['otelcol_receiver_accepted_spans', [{ labels: {}, value: 40 }]]]);
  const collectors = [{ name: 'Collector', metrics }];
  const look = (bySdk: boolean, exported: number, failed: number): Look => ({
    processes: [{ name: 'shop', startedAt: started, bySdk, counts: of(exported, failed) }],
    collectors: bySdk ? [] : collectors,
    jaeger: undefined,
  });
  const [shop, way] = accountOf(look(false, 18, 32), undefined);
  assert.equal(shop?.lost, [{ why: 'export failed', spans: 32 }]);
  assert.is(shop?.unexplained, 0);
  assert.is(way?.unexplained, 0);
  assert.match(way?.remark ?? '', /^22 spans failed in a process and were received here/);
  const [sdk] = accountOf(look(true, 0, 0), undefined);
  assert.equal(sdk?.kept, [{ why: 'exported by its SDK', spans: 50 }]);
  assert.is(sdk?.unexplained, 0);
});

test.run();
