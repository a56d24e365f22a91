// The DNS service of the sample as a process of its own: always on, its own default endpoint, the SDK's own default sampler, levels, JSON
// logs with the ids of their trace. The controller that it asks is the real one.
// limit: 180 s

import { type ChildProcess, fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { decode, encode } from 'dns-packet';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ReceivedSpan } from '../../viewer/receiver/decode.js';
import { type Receiver, startReceiver } from '../../viewer/receiver/receiver.js';
import { formatTrace } from '../../viewer/receiver/tree.js';
import { until } from '../real/support/program.js';
import { SAMPLE, ServiceProcess } from './service-process.js';

interface Dns {
  port: number;
  /** Lines of its log, as the objects that they are. */
  log: Record<string, unknown>[];
  stop(): Promise<number | null>;
}

const started: ChildProcess[] = [];

async function startDns(env: Record<string, string>): Promise<Dns> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(OTEL_|SPANWRIGHT_|DNS_FILE$)/.test(name));
  const child = fork(join(SAMPLE, 'build', 'dns', 'main.js'), [], {
    env: { ...Object.fromEntries(inherited), OTEL_BSP_SCHEDULE_DELAY: '100', ...env },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  started.push(child);
  const log: Record<string, unknown>[] = [];
  const ended = once(child, 'exit');
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream as NodeJS.ReadableStream).on('line', (line) => log.push(JSON.parse(line)));
  }
  await until(() => log.length > 0 || child.exitCode !== null, 'the DNS service says something');
  const port = Number(String(log[0]?.listening ?? '').split(':')[1]);
  return {
    port,
    log,
    stop: async () => {
      child.kill('SIGTERM');
      return (await ended)[0];
    },
  };
}

async function ask(port: number, message: Buffer, waitMs = 30_000): Promise<ReturnType<typeof decode> | undefined> {
  const socket = createSocket('udp4');
  const answer = new Promise<Buffer | undefined>((resolve) => {
    socket.once('message', resolve);
    setTimeout(() => resolve(undefined), waitMs).unref();
  });
  socket.send(message, port, '127.0.0.1');
  const got = await answer;
  socket.close();
  return got === undefined ? undefined : decode(got);
}
const query = (name: string, type: 'A' | 'TXT' | 'MX' = 'A'): Buffer =>
  encode({ type: 'query', id: 7, questions: [{ type, name }] });
const code = (answer: unknown): string => (answer as { rcode: string }).rcode;

let receiver: Receiver;
let controller: ServiceProcess;
let dns: Dns;

test.before(async () => {
  receiver = await startReceiver();
  controller = await ServiceProcess.start({});
  dns = await startDns({ CARBIDE_API_URL: controller.address, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: receiver.endpoint });
});
test.before.each(() => receiver.clear());
test.after(async () => {
  await controller?.stop();
  await receiver?.close();
  for (const child of started) child.kill('SIGKILL');
});

test('every query is a trace, without any switch', async () => {
  const answer = await ask(dns.port, query('shelf-1.site.carbide.internal'));
  assert.is(answer?.id, 7);
  assert.is(code(answer), 'NOERROR');
  assert.equal(
    answer?.answers?.map(({ type, ...record }) => [type, (record as { data: unknown }).data]),
    [['A', '127.0.0.1']],
  );
  const spans = await receiver.waitFor((all) => all.length === 2, 30_000);
  assert.match(
    formatTrace(spans, { attributes: ['qname', 'qtype', 'dns.answers.count'] }),
    /^dns_request .*\n└─ retrieve_records .* qname=shelf-1 qtype=A dns\.answers\.count=1$/,
  );
  for (const { resource, attributes } of spans) {
    assert.is(resource.attributes['service.name'], 'carbide-dns');
    assert.match(String(attributes['code.namespace']), /^carbide::dns::/);
  }
});

test("the log of the DNS service is JSON, and the line of a query names the query's trace", async () => {
  await ask(dns.port, query('rack-1.site.carbide.internal', 'TXT'));
  const [span] = (await receiver.waitFor((all) => all.length === 2, 30_000)) as [ReceivedSpan];
  const lineOfQuery = () => dns.log.find(({ qname }) => qname === 'rack-1.site.carbide.internal');
  await until(() => lineOfQuery() !== undefined, 'its line of the log is read');
  const line = lineOfQuery();
  assert.is(line?.trace_id, span.traceId);
  assert.is(line?.level, 'info');
  assert.is(dns.log.find(({ msg }) => msg === 'serving')?.trace_id, undefined, 'a line outside of a query has no trace');
});

test('a name of another zone is refused, an unknown one does not exist, and what is no question is not answered', async () => {
  assert.is(code(await ask(dns.port, query('example.com'))), 'REFUSED');
  assert.is(code(await ask(dns.port, query('evilsite.carbide.internal'))), 'REFUSED');
  assert.is(code(await ask(dns.port, query('rack-77.site.carbide.internal'))), 'NXDOMAIN');
  assert.is(code(await ask(dns.port, query('rack-1.site.carbide.internal', 'MX'))), 'NXDOMAIN');
  assert.is(await ask(dns.port, Buffer.from('not a packet'), 300), undefined);
  assert.is(await ask(dns.port, encode({ type: 'response', id: 1, questions: [{ type: 'A', name: 'a.b' }] }), 300), undefined);
  const spans = await receiver.waitFor((all) => all.length >= 6, 30_000);
  assert.is(spans.filter(({ name }) => name === 'retrieve_records').length, 2, 'the controller is not asked about other zones');
});

test('an unreachable controller is answered with SERVFAIL, and the trace has the reason', async () => {
  const lonely = await startDns({ CARBIDE_API_URL: 'http://127.0.0.1:1', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: receiver.endpoint });
  assert.is(code(await ask(lonely.port, query('rack-1.site.carbide.internal'))), 'SERVFAIL');
  const spans = await receiver.waitFor((all) => all.length === 2, 30_000);
  assert.equal(
    spans.map(({ status }) => status.code),
    ['error', 'error'],
  );
  assert.is(await lonely.stop(), 0);
});

test('without an endpoint the DNS service exports to the Collector of the cluster, and serves although none runs', async () => {
  const alone = await startDns({ CARBIDE_API_URL: controller.address });
  await until(() => alone.log.some(({ msg }) => msg === 'serving'), 'it serves');
  assert.is(
    alone.log.find(({ msg }) => msg === 'serving')?.otlp_endpoint,
    'http://opentelemetry-collector.otel.svc.cluster.local:4317',
  );
  assert.is(code(await ask(alone.port, query('rack-1.site.carbide.internal'))), 'NOERROR');
  assert.is(await alone.stop(), 0);
  assert.is(receiver.received, 0);
});

test('an unknown key ends the process with an error that names key, file and expected keys', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'carbide-dns-'));
  try {
    const path = join(folder, 'dns.toml');
    writeFileSync(path, '[dns]\nenabled = false\n');
    const { log } = await startDns({ DNS_FILE: path });
    assert.match(JSON.stringify(log), /dns\.toml: unknown key \\"enabled\\"; expected otlp_endpoint, port, zone/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the SDK's own sampler decides: with OTEL_TRACES_SAMPLER=always_off nothing is recorded, with always_on all is", async () => {
  for (const [sampler, count] of [
    ['always_off', 0],
    ['always_on', 2],
  ] as const) {
    receiver.clear();
    const sampled = await startDns({
      CARBIDE_API_URL: controller.address,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: receiver.endpoint,
      OTEL_TRACES_SAMPLER: sampler,
    });
    assert.is(code(await ask(sampled.port, query('rack-1.site.carbide.internal'))), 'NOERROR');
    assert.is(await sampled.stop(), 0); // sends what it has
    assert.is(receiver.received, count, sampler);
  }
});

test('LOG_LEVEL=debug adds a span and lines to the log; at info both are absent, and an unknown level ends the process', async () => {
  const detailed = await startDns({
    CARBIDE_API_URL: controller.address,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: receiver.endpoint,
    LOG_LEVEL: 'debug',
  });
  await ask(detailed.port, query('rack-1.site.carbide.internal'));
  assert.is(await detailed.stop(), 0);
  assert.match(
    formatTrace(receiver.spans, { attributes: ['http.response.status_code'] }),
    /^dns_request .*\n└─ retrieve_records .*\n {3}└─ ask_controller .* http\.response\.status_code=200$/,
  );
  assert.is(detailed.log.filter(({ level }) => level === 'debug').length, 1);
  assert.is(dns.log.filter(({ level }) => level === 'debug').length, 0);
  const { log } = await startDns({ LOG_LEVEL: 'loud' });
  assert.match(JSON.stringify(log), /LOG_LEVEL=\\"loud\\"; expected info or debug/);
});

test.run();
