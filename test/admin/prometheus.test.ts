// A real Prometheus scrapes `GET metrics`, with and without a token, and its own API answers what the service counts.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type AdminServer, startAdminServer } from '../../runtime/admin/index.js';
import { instrument, type Tracing } from '../../runtime/index.js';
import { freePorts } from '../real/support/program.js';
import { listFirmware, NAMESPACE, openWork, startService } from './service.js';

const sleep = instrument({ name: 'sleep', namespace: 'carbide::sleep' }, async function sleep(ms: number): Promise<void> {
  await wait(ms);
});

const READ_TOKEN = 'the-token-for-reads';

let directory: string;
let tracing: Tracing;
const exporter = new InMemorySpanExporter();
const servers: AdminServer[] = [];
let prometheus: ChildProcess;
let origin: string;
let said = '';

/** The jobs: open to local reads, with the right token, with a wrong one. */
function configuration(open: string, closed: string): string {
  const job = (name: string, url: string, extra = '') => {
    const { host, pathname } = new URL(url);
    return `  - job_name: ${name}\n    metrics_path: ${pathname}/metrics\n    static_configs: [{ targets: ['${host}'] }]\n${extra}`;
  };
  const token = (text: string) => `    authorization: { credentials: '${text}' }\n`;
  return [
    'global: { scrape_interval: 400ms, scrape_timeout: 400ms }',
    'scrape_configs:',
    job('open', open) + job('token', closed, token(READ_TOKEN)) + job('no token', closed),
  ].join('\n');
}

test.before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'spanwright-prometheus-'));
  tracing = await startService({ enabled: true, exporter });
  const open = await startAdminServer({ tracing, port: 0, log: () => undefined });
  const closed = await startAdminServer({
    tracing,
    port: 0,
    readToken: READ_TOKEN,
    prefix: '/ops/tracing',
    log: () => undefined,
  });
  servers.push(open, closed);
  writeFileSync(join(directory, 'prometheus.yml'), configuration(open.url, closed.url));
  const address = `127.0.0.1:${(await freePorts(1))[0]}`;
  origin = `http://${address}`;
  prometheus = spawn(
    'prometheus',
    [
      `--config.file=${directory}/prometheus.yml`,
      `--storage.tsdb.path=${directory}/data`,
      `--web.listen-address=${address}`,
      '--enable-feature=exemplar-storage',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  prometheus.stderr?.on('data', (part) => {
    said += part;
  });
});
test.after(async () => {
  const gone = new Promise((resolve) => prometheus?.once('exit', resolve));
  prometheus?.kill('SIGKILL');
  await gone;
  for (const server of servers) await server.close();
  await tracing.shutdown();
  rmSync(directory, { recursive: true, force: true });
});

/** The value of a query with a single result; undefined while there is none. */
async function query(text: string): Promise<number | undefined> {
  try {
    const answer = await fetch(`${origin}/api/v1/query?query=${encodeURIComponent(text)}`);
    if (answer.status === 503) return undefined; // It listens, and is not ready yet.
    const { data } = (await answer.json()) as { data?: { result: { value: [number, string] }[] } };
    assert.ok((data?.result.length ?? 0) <= 1, `${text} has several results`);
    const value = data?.result[0]?.value[1];
    return value === undefined ? undefined : Number(value);
  } catch (error) {
    if (error instanceof TypeError) return undefined; // It does not listen yet.
    throw error;
  }
}

async function answers(text: string, expected: number): Promise<void> {
  const from = performance.now();
  for (;;) {
    const found = await query(text);
    if (found === expected) return;
    if (performance.now() - from > 30_000) assert.unreachable(`${text} is ${found}, expected ${expected}: ${said.slice(-2000)}`);
    await wait(100);
  }
}

test('Prometheus sees the target up with the read token, and down without it', async () => {
  await answers('up{job="open"}', 1);
  await answers('up{job="token"}', 1);
  await answers('up{job="no token"}', 0);
});

test('Prometheus follows the number of open spans of the service, in total and by namespace', async () => {
  const works = [openWork({}), openWork({}), openWork({})];
  assert.is(tracing.openCount, 3);
  for (const job of ['open', 'token']) {
    await answers(`otel_sdk_span_live{job="${job}"}`, 3);
    await answers(`spanwright_namespace_spans_open{job="${job}", namespace="${NAMESPACE}"}`, 3);
  }
  await works[0]?.finish();
  await answers('otel_sdk_span_live{job="open"}', 2);
  await works[1]?.finish();
  await works[2]?.finish();
  await answers('otel_sdk_span_live{job="open"}', 0);
  await answers('spanwright_spans_ended_total{job="open"}', 3);
});

test('Prometheus reads every metric of the service, with its type', async () => {
  const written = new Map(
    [...tracing.metrics({ openMetrics: true }).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [
      name as string,
      type as string,
    ]),
  );
  assert.ok(written.size > 5);
  const { data } = (await (await fetch(`${origin}/api/v1/targets/metadata`)).json()) as {
    data: { metric: string; type: string; target: { job: string } }[];
  };
  const read = new Map(data.filter(({ target }) => target.job === 'open').map(({ metric, type }) => [metric, type]));
  for (const [name, type] of written) assert.is(read.get(name), type, name);
});

test('the duration of calls arrives as a histogram, with an exemplar that names a recorded call', async () => {
  for (let call = 0; call < 3; call += 1) listFirmware();
  const of = '{job="open",namespace="carbide::firmware"}';
  await answers(`spanwright_call_duration_seconds_count${of}`, 3);
  await answers(`spanwright_call_duration_seconds_bucket{job="open",namespace="carbide::firmware",le="+Inf"}`, 3);
  await answers(`histogram_quantile(0.5, spanwright_call_duration_seconds_bucket${of}) < bool 60`, 1);
  const query = new URLSearchParams({
    query: `spanwright_call_duration_seconds_bucket${of}`,
    start: '0',
    end: String(Date.now() / 1000 + 60),
  });
  let exemplars: { labels: { trace_id?: string } }[] = [];
  for (const from = performance.now(); exemplars.length === 0 && performance.now() - from < 30_000; await wait(100)) {
    const answer = await fetch(`${origin}/api/v1/query_exemplars?${query}`);
    const { data } = (await answer.json()) as { data: { exemplars: typeof exemplars }[] };
    exemplars = data.flatMap((series) => series.exemplars);
  }
  assert.match(exemplars[0]?.labels.trace_id ?? '', /^[0-9a-f]{32}$/);
});

test('a quantile computed by Prometheus lies in the bucket of that call', async () => {
  const asked = [3, 6, 6, 12, 12, 24, 24, 24, 50, 90, 90, 180, 180];
  await Promise.all(asked.map((ms) => sleep(ms)));
  await tracing.forceFlush();
  const took = exporter
    .getFinishedSpans()
    .filter(({ name }) => name === 'sleep')
    .map(({ duration: [seconds, nanos] }) => seconds + nanos / 1e9)
    .sort((a, b) => a - b);
  assert.is(took.length, asked.length);
  const of = '{job="open",namespace="carbide::sleep"}';
  await answers(`spanwright_call_duration_seconds_count${of}`, asked.length);
  for (const share of [0.1, 0.5, 0.8, 0.95]) {
    const exact = took[Math.ceil(share * took.length) - 1] as number;
    const upper = 2 ** Math.ceil(Math.log2(exact * 1000)) / 1000;
    const found = (await query(`histogram_quantile(${share}, spanwright_call_duration_seconds_bucket${of})`)) ?? Number.NaN;
    assert.ok(found > upper / 2 && found <= upper, `${share}: Prometheus says ${found}, the call took ${exact}`);
  }
  const sum = (await query(`spanwright_call_duration_seconds_sum${of}`)) ?? Number.NaN;
  const exactSum = took.reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(sum - exactSum) < 0.005 * asked.length, `${sum}, the calls took ${exactSum}`);
});

test('promtool finds the text well-formed', () => {
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: tracing.metrics(), encoding: 'utf8' });
  assert.equal([checked.status, checked.stdout, checked.stderr], [0, '', '']);
});

test.run();
