// The recipes that look at running parts: a real Collector's own metrics, sampling as a live service and Collectors' files have it,
// a request sent through real services, a peak in a real Prometheus. Missing parts are a printed skip, on a build server a failure.
// limit: 180 s

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startAdminServer } from '../../../runtime/admin/index.js';
import { type QueryServer, startQueryServer } from '../../../viewer/receiver/query.js';
import { type Receiver, startReceiver } from '../../../viewer/receiver/receiver.js';
import { startService } from '../../admin/service.js';
import { missingCommands, mustSkip } from '../../missing.js';
import { OTELCOL } from '../../real/support/otel-collector.js';
import { freePorts, Program, until } from '../../real/support/program.js';
import { invoke } from '../invoke.js';
import { type Ran, spanwright } from '../program.js';

const test = suite('traces of running parts');
const withCollector = OTELCOL === undefined ? test.skip : test;
const folder = mkdtempSync(join(tmpdir(), 'spanwright-operations-'));

let receiver: Receiver;
let query: QueryServer;
test.before(async () => {
  receiver = await startReceiver();
  query = await startQueryServer(() => receiver.spans, '127.0.0.1', 0);
});
test.after(async () => {
  await query.close();
  await receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Sends `count` spans over OTLP, one by one. */
async function send(endpoint: string, count: number): Promise<void> {
  const exporter = new OTLPTraceExporter({ url: endpoint });
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  for (let made = 0; made < count; made++) provider.getTracer('t').startSpan('work').end();
  await provider.shutdown();
}

withCollector('collector: reports a healthy Collector, and names the exporter of one that cannot deliver', async () => {
  const [otlp, metrics, gone] = (await freePorts(3)) as [number, number, number];
  const exporter = (port: number) => ({
    endpoint: `127.0.0.1:${port}`,
    tls: { insecure: true },
    retry_on_failure: { enabled: false },
    sending_queue: { enabled: false },
  });
  const configuration = {
    receivers: { otlp: { protocols: { grpc: { endpoint: `127.0.0.1:${otlp}` } } } },
    exporters: { 'otlp/good': exporter(receiver.port), 'otlp/gone': exporter(gone) },
    service: {
      telemetry: {
        logs: { level: 'error' },
        metrics: { level: 'normal', readers: [{ pull: { exporter: { prometheus: { host: '127.0.0.1', port: metrics } } } }] },
      },
      pipelines: { traces: { receivers: ['otlp'], exporters: ['otlp/good'] } },
    },
  };
  const url = `http://127.0.0.1:${metrics}`;
  const look = async (args: readonly string[] = []) => invoke(['traces', 'collector', url, ...args]);
  const run = async (name: string, with_: object): Promise<Program> =>
    Program.start(OTELCOL as string, ['--config', file(`${name}.yaml`, JSON.stringify(with_))], otlp);
  let program = await run('good', configuration);
  try {
    await send(`http://127.0.0.1:${otlp}`, 5);
    await until(async () => JSON.parse((await look(['--json'])).out).counts.sent === 5, 'the Collector counts 5 spans');
    const healthy = await look();
    assert.is(healthy.code, 0, healthy.out);
    assert.match(healthy.out, /Spans in +5 accepted, 0 refused/);
    assert.match(healthy.out, /Healthy\./);
    assert.is(JSON.parse((await look(['--every', '100ms', '--json'])).out).counts.accepted, 0, 'nothing came between two looks');
    await program.stop();

    configuration.service.pipelines.traces.exporters = ['otlp/gone'];
    program = await run('gone', configuration);
    await send(`http://127.0.0.1:${otlp}`, 3);
    await until(async () => JSON.parse((await look(['--json'])).out).counts.failed === 3, 'the Collector counts 3 failures');
    const ill = await look();
    assert.is(ill.code, 1);
    assert.match(ill.out, /3 failed: its exporters cannot deliver: .* \(otlp\/gone 3\)/);
    assert.not.match(ill.out, /Healthy/);
    const log = await look(['--log', file('gone.log', program.output), '--json']);
    const { counts, log: read, faults } = JSON.parse(log.out);
    const [row] = read.rows;
    assert.equal([log.code, counts.failed, row.level, row.component], [1, 3, 'error', 'otlp/gone']);
    assert.match(row.message, /^Exporting failed\./);
    assert.match(row.error, /connection refused/);
    assert.equal([row.lines, faults.at(-1)], [3, 'its log: 3 lines of 1 error']);
    await program.stop();

    const limited = {
      ...configuration,
      processors: { memory_limiter: { check_interval: '50ms', limit_mib: 2, spike_limit_mib: 1 } },
    };
    const { logs } = limited.service.telemetry as { logs: { level: string; encoding?: string } };
    Object.assign(logs, { level: 'warn', encoding: 'json' });
    Object.assign(limited.service.pipelines.traces, { processors: ['memory_limiter'], exporters: ['otlp/good'] });
    program = await run('limited', limited);
    await until(() => program.output.includes('Refusing data'), 'the memory limiter refuses');
    await send(`http://127.0.0.1:${otlp}`, 2);
    const full = await look(['--log', file('limited.log', program.output)]);
    assert.is(full.code, 1);
    assert.match(full.out, /refusedByProcessor: .* \(memory_limiter \d+\)/);
    assert.match(full.out, /warn +\d+ .*Refusing data/);
    assert.not.match(full.out, /its log:/, 'a warning is no fault');
  } finally {
    await program.stop();
  }
});

const CONSOLE_LINE = (level: string, message: string, fields: object = {}): string =>
  `[pod/otel-collector-7b9/c] 2026-11-29T09:44:29.0Z\t${level}\tinternal/sender.go:57\t${message}\t${JSON.stringify(fields)}`;
const checkLog = (name: string, lines: readonly string[], ...more: string[]) =>
  invoke(['traces', 'collector', '--log', file(name, lines.join('\n')), ...more]);

test('collector --log alone: lists errors by component and message, passes a log without errors, and refuses the log of another program', async () => {
  const gone = { 'otelcol.component.id': 'otlp/backend', error: 'dial tcp: connection refused' };
  const log = [
    CONSOLE_LINE('info', 'Everything is ready. Begin running and processing data.'),
    CONSOLE_LINE('warn', 'slow'),
    CONSOLE_LINE('warn', 'slow'),
    CONSOLE_LINE('error', 'Exporting failed. Dropping data.', gone),
    'go.opentelemetry.io/collector/exporter.(*sender).Send',
    CONSOLE_LINE('error', 'Exporting failed. Dropping data.', { ...gone, error: 'timeout' }),
    '{"level":"error","ts":1.5,"msg":"bind: address already in use"}',
  ];
  const { code, out } = await checkLog('all.log', log, '--json');
  const { log: read, faults } = JSON.parse(out);
  assert.equal([code, read.read, read.unread], [1, 6, { otherForm: 1, tooLong: 0 }]);
  assert.equal(
    read.rows.map(({ level, lines, component, message, error }: Record<string, unknown>) => [
      level,
      lines,
      component,
      message,
      error,
    ]),
    [
      ['error', 2, 'otlp/backend', 'Exporting failed. Dropping data.', 'timeout'],
      ['error', 1, '', 'bind: address already in use', ''],
      ['warn', 2, '', 'slow', ''],
    ],
  );
  assert.equal(faults, ['its log: 3 lines of 2 errors']);
  const shown = await checkLog('all.log', log);
  assert.match(
    shown.out,
    /^its log: 3 lines of 2 errors\nLEVEL .*\nerror +2 .*otlp\/backend +Exporting failed\. Dropping data\. timeout\n/,
  );
  assert.is(shown.out.split('Exporting failed').length, 2, 'each error is printed once');
  const calm = await checkLog('calm.log', log.slice(0, 3), '--json');
  assert.equal([calm.code, JSON.parse(calm.out).faults], [0, []]);
  const other = await checkLog(
    'other.log',
    ['error: nothing of a Collector', '{"level":"error","msg":"order lost","time":"2026-11-29T09:44:29Z"}'],
    '--json',
  );
  assert.equal([other.code, JSON.parse(other.out).faults], [1, ['the log contains no Collector line']]);
});

test('collector --log: lines that could not be read are counted, also when no error is found', async () => {
  const lines = [CONSOLE_LINE('info', 'ready'), 'x'.repeat(1_100_000), '', 'a stack', '\tat its frame'];
  const shown = await checkLog('unread.log', lines);
  assert.equal([shown.code, shown.out], [0, 'Healthy.\n']);
  assert.is(shown.err, "2 lines in another form than a Collector's.\n1 line too long to be read.\n");
  const { read, unread } = JSON.parse((await checkLog('unread.log', lines, '--json')).out).log;
  assert.equal([read, unread], [1, { otherForm: 2, tooLong: 1 }]);
});

test('collector --log: reads a line of 1 MiB within seconds, and a line with values of another type', async () => {
  const began = performance.now();
  const lines = ['x'.repeat(1024 * 1024), 'x '.repeat(512 * 1024), `${'x'.repeat(1024 * 512)}\terror\tfailed`].map((line) =>
    line.slice(0, 1024 * 1024),
  );
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  for (const value of ['{"toString":1}', deep]) lines.push(`{"level":"error","ts":1,"msg":"m","error":${value},"name":${value}}`);
  const { log } = JSON.parse((await checkLog('long.log', lines, '--json')).out);
  assert.ok(performance.now() - began < 5000, `${performance.now() - began} ms`);
  assert.equal([log.read, log.unread], [3, { otherForm: 2, tooLong: 0 }]);
});

test('collector --log: bounds rows and texts, counts the messages beyond the limit, and reports an error among them', async () => {
  const warnings = Array.from({ length: 1200 }, (_, at) => CONSOLE_LINE('warn', `${at} ${'m'.repeat(3000)}`));
  const error = { error: `${'e'.repeat(3000)}\u001b[2J`, name: 'c'.repeat(3000) };
  const { code, out } = await checkLog('many.log', [...warnings, CONSOLE_LINE('error', 'late', error)], '--json');
  const { log, faults } = JSON.parse(out);
  assert.equal([code, log.read, log.rows.length, faults], [1, 1201, 1002, ['its log: 1 line of 1 error']]);
  assert.is(
    log.rows.reduce((sum: number, { lines }: { lines: number }) => sum + lines, 0),
    1201,
  );
  assert.equal(
    log.rows.slice(0, 2).map(({ level, lines, message }: Record<string, unknown>) => [level, lines, message]),
    [
      ['error', 1, '(messages beyond the first 1000)'],
      ['warn', 200, '(messages beyond the first 1000)'],
    ],
  );
  const first = await checkLog('one.log', [CONSOLE_LINE('error', 'm'.repeat(3000), error)], '--json');
  const [row] = JSON.parse(first.out).log.rows;
  for (const text of [row.message, row.error, row.component]) assert.ok(text.length <= 200, `${text.length} characters`);
});

const GATEWAY = `
processors:
  tail_sampling:
    decision_wait: 10s
    policies:
      - {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}
      - {name: slow, type: latency, latency: {threshold_ms: 5000}}
      - {name: some, type: probabilistic, probabilistic: {sampling_percentage: 10}}
  probabilistic_sampler/unused: {sampling_percentage: 1}
  batch: {}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [tail_sampling, batch], exporters: [otlp]}
    metrics: {receivers: [otlp], exporters: [otlp]}
`;

test('sampling: lists what a live service and each Collector keep, and reports a sampler that no pipeline uses', async () => {
  const tracing = await startService();
  const admin = await startAdminServer({ tracing, token: 'the-token-for-changes', port: 0, log: () => undefined });
  try {
    const rows = async (...args: string[]): Promise<string[][]> => {
      const ran = await invoke(['traces', 'sampling', ...args, '--json']);
      assert.is(ran.code, 0, ran.err);
      return JSON.parse(ran.out).decisions.map(({ what, keeps }: Record<string, string>) => [what, keeps]);
    };
    const find = (all: string[][], what: string): string | undefined => all.find(([name]) => name === what)?.[1];
    assert.is(find(await rows('--url', admin.url), 'enabled'), 'no new trace starts');
    tracing.setEnabled(true, { for: '1m' });
    tracing.setRules('carbide::db=off', { for: '1m' });
    const live = await rows('--url', admin.url);
    assert.is(find(live, 'enabled'), 'new traces start');
    assert.match(find(live, 'rules') ?? '', /carbide::db=off/);
    assert.match(find(live, 'lease') ?? '', /^tracing-enabled true until /);

    const gateway = await rows(file('gateway.yaml', GATEWAY));
    assert.equal(gateway, [
      ['traces: tail_sampling', "decides 10s after a trace's first span, holds 50000 traces"],
      ['traces: tail_sampling', 'errors: traces with status ERROR'],
      ['traces: tail_sampling', 'slow: traces over 5000 ms'],
      ['traces: tail_sampling', 'some: 10 % of traces'],
      ['probabilistic_sampler/unused', 'decides nothing: it is defined, but in no traces pipeline'],
    ]);
    const plain = file('plain.yaml', 'service: {pipelines: {traces: {receivers: [otlp], exporters: [otlp]}}}');
    assert.equal(await rows(plain), [['traces', 'all: no processor decides']]);
    assert.is((await rows('--url', admin.url, plain)).length, live.length + 1, 'both, in the order of the way');
  } finally {
    await admin.close();
    await tracing.shutdown();
  }
});

test('sampling: a long path is shown in full', async () => {
  const deep = join(folder, 'a-folder-with-a-long-name', 'another-folder-with-a-long-name', 'and-one-more');
  mkdirSync(deep, { recursive: true });
  const path = join(deep, 'collector.yaml');
  writeFileSync(path, GATEWAY);
  const { out } = await invoke(['traces', 'sampling', path]);
  assert.ok(out.includes(`${path}  traces: tail_sampling`), out);
});

test('sampling: a file that is not there, not YAML, or full of aliases is reported, and nothing breaks', async () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefgh'].map((name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[at]}`)}]`).join('\n')}\n`;
  for (const [path, says] of [
    [join(folder, 'none.yaml'), /none\.yaml cannot be read: ENOENT/],
    [file('broken.yaml', 'a: [1,\nb: }'), /broken\.yaml cannot be read: /],
    [file('bomb.yaml', bomb), /bomb\.yaml cannot be read: .*alias/],
    [
      file('large.yaml', `# ${'é'.repeat(600_000)}`),
      /large\.yaml cannot be read: it has 1200002 bytes; at most 1048576 are read/,
    ],
  ] as const) {
    const ran = await invoke(['traces', 'sampling', path]);
    assert.is(ran.code, 1);
    assert.match(ran.err, says);
  }
});

test('sampling: a file that never ends is refused at once, with the reason', async () => {
  if (process.platform === 'win32') return;
  const pipe = join(folder, 'pipe.yaml');
  execFileSync('mkfifo', [pipe]);
  for (const path of [pipe, '/dev/zero']) {
    const { code, out, err } = await invoke(['traces', 'sampling', path]);
    assert.equal([code, out, err], [1, '', `${path} cannot be read: it is not a regular file.\n`]);
  }
});

test('sampling: standard input is named, and limited in bytes like a file', async () => {
  const sampling = (input: string): Promise<Ran> => spanwright(['traces', 'sampling', '-', '--json'], {}, input);
  const gateway = await sampling(GATEWAY);
  assert.is(gateway.code, 0, gateway.err);
  const { decisions } = JSON.parse(gateway.out);
  assert.equal([decisions.length, decisions[0].where], [5, 'standard input']);
  const large = await sampling(`${GATEWAY}# ${'é'.repeat(600_000)}`);
  assert.equal([large.code, large.err], [1, 'spanwright: standard input cannot be read: it has more than 1048576 bytes.\n']);
  const other = await sampling('a: 1');
  assert.equal(
    [other.code, other.err],
    [2, 'spanwright: standard input is no configuration of a Collector: it has no service.pipelines.\n'],
  );
});

/** Two services over HTTP; the first one propagates the context, or does not. */
async function startHops(handOn: boolean): Promise<{ url: string; close(): Promise<void> }> {
  const propagator = new W3CTraceContextPropagator();
  const get = { get: (carrier: Record<string, string>, key: string) => carrier[key], keys: Object.keys };
  const set = {
    set: (carrier: Record<string, string>, key: string, value: string) => void Object.assign(carrier, { [key]: value }),
  };
  const providers: BasicTracerProvider[] = [];
  async function service(name: string, next?: string) {
    const spanProcessors = [new SimpleSpanProcessor(new OTLPTraceExporter({ url: receiver.endpoint }))];
    const provider = new BasicTracerProvider({ resource: resourceFromAttributes({ 'service.name': name }), spanProcessors });
    providers.push(provider);
    const server = createServer(async (request, response) => {
      const context = propagator.extract(ROOT_CONTEXT, request.headers, get as never);
      const span = provider.getTracer('t').startSpan('serve', { kind: SpanKind.SERVER }, context);
      const headers: Record<string, string> = {};
      if (handOn) propagator.inject(trace.setSpan(context, span), headers, set as never);
      if (next !== undefined) await fetch(next, { headers });
      span.end();
      response.end('ok');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }
  const back = await service('back');
  const front = await service('front', back.url);
  return {
    url: front.url,
    close: async () => {
      for (const { server } of [front, back]) server.close().closeAllConnections();
      for (const provider of providers) await provider.shutdown();
      propagation.disable();
    },
  };
}

test('verify: reports that the context crosses every hop, or between which two services it is lost', async () => {
  const good = await startHops(true);
  const bad = await startHops(false);
  try {
    const verify = (url: string, ...more: string[]) =>
      invoke(['traces', 'verify', url, '--expect', 'front,back', '--jaeger', query.url, ...more]);
    const whole = await verify(good.url);
    assert.is(whole.code, 0, whole.out + whole.err);
    assert.match(whole.out, /^front: serve .*\n└─ back: serve .*\nReached front → back\. The context crosses every hop\.\n$/);
    assert.match(whole.err, /answered 200; trace [0-9a-f]{32}\./);
    const lost = await verify(bad.url, '--wait', '6s', '--json');
    assert.is(lost.code, 1);
    const { services, missing, joined } = JSON.parse(lost.out);
    assert.equal([services, missing, joined], [['front'], ['back'], true]);
  } finally {
    await good.close();
    await bad.close();
  }
});

test('verify: names what to check when a service records nothing', async () => {
  const server = createServer((_, response) => response.writeHead(204).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const ran = await invoke(['traces', 'verify', url, '--jaeger', query.url, '--wait', '500ms']);
    assert.is(ran.code, 1);
    assert.match(ran.out, /No span within 500 ms: the service does not extract the traceparent/);
  } finally {
    server.close();
  }
});

const withPrometheus = mustSkip(missingCommands('prometheus')) ? test.skip : test;
withPrometheus('spike: the highest point of a Prometheus query is the moment', async () => {
  // A gauge with one peak, scraped for real; a trace is made at the peak, another well after it.
  let value = 1;
  const target = createServer((_, response) => response.end(`queue_depth ${value}\n`));
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  const [port] = (await freePorts(1)) as [number];
  const address = `127.0.0.1:${(target.address() as AddressInfo).port}`;
  const config = file(
    'prometheus.yml',
    `scrape_configs:\n- {job_name: t, scrape_interval: 1s, static_configs: [{targets: ['${address}']}]}\n`,
  );
  const prometheus: ChildProcess = spawn(
    'prometheus',
    [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${port}`],
    { stdio: 'ignore' },
  );
  try {
    const base = `http://127.0.0.1:${port}`;
    await until(
      () =>
        fetch(`${base}/-/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
      'Prometheus is ready',
    );
    const highest = async (): Promise<number> => {
      const response = await fetch(`${base}/api/v1/query?query=max_over_time(queue_depth[1h])`);
      const answer = (await response.json()) as { data: { result: { value: [number, string] }[] } };
      return Number(answer.data.result[0]?.value[1] ?? 0);
    };
    await until(async () => (await highest()) === 1, 'the gauge is scraped');
    value = 9;
    await until(async () => (await highest()) === 9, 'the peak is scraped');
    const provider = new BasicTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(new OTLPTraceExporter({ url: receiver.endpoint }))],
    });
    const during = provider.getTracer('t').startSpan('at the peak');
    during.end();
    const before = provider.getTracer('t').startSpan('long before', { startTime: Date.now() - 600_000 });
    before.end(Date.now() - 599_000);
    await provider.shutdown();
    value = 1;
    const args = [
      'traces',
      'spike',
      '--prometheus',
      base,
      '--query',
      'queue_depth',
      '--window',
      '60s',
      '--since',
      '2m',
      '--json',
      '--jaeger',
      query.url,
    ];
    const ran = await invoke(args);
    assert.is(ran.code, 0, ran.err);
    const ids = JSON.parse(ran.out).traces.map(({ traceId }: { traceId: string }) => traceId);
    assert.ok(ids.includes(during.spanContext().traceId));
    assert.not.ok(ids.includes(before.spanContext().traceId));
    const none = await invoke([...args.slice(0, 5), 'no_such_metric', ...args.slice(6)]);
    assert.is(none.code, 1, none.out);
    assert.match(none.err, /Prometheus has no value of "no_such_metric"/);
  } finally {
    const gone = once(prometheus, 'exit');
    prometheus.kill('SIGKILL');
    await gone;
    target.close().closeAllConnections();
  }
});

test.run();
