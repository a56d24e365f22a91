// The export queue in front of real servers on loopback: batches that one request cannot hold, flushes on the path of a request, spans
// that are lost at the end of a process, and clocks that a test has replaced.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTcp } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { status as Status } from '@grpc/grpc-js';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfiguration } from '../../runtime/config/load.js';
import type { TracingOptions } from '../../runtime/config/options.js';
import { buildPipeline, type Pipeline } from '../../runtime/export/pipeline.js';
import { instrument, startTracing } from '../../runtime/index.js';
import { listening } from '../listening.js';
import { freePorts } from '../real/support/program.js';
import { Collector } from '../setup/collector.js';
import { exportRequestType } from './messages.js';

const ROOT = join(__dirname, '..', '..');
const FOUR_MEBIBYTES = 4 * 1024 * 1024;
const REQUEST = exportRequestType();

const cleanups: (() => void)[] = [];
test.after.each(() => {
  Collector.stopAll();
  for (const cleanup of cleanups.splice(0)) cleanup();
});

interface Bench {
  readonly pipeline: Pipeline;
  readonly lines: string[];
  spans(count: number, attributes?: Record<string, string>): void;
}

function start(options: TracingOptions): Bench {
  const lines: string[] = [];
  const { configuration } = loadConfiguration({ options: { scheduleDelay: 10_000, ...options }, env: {}, cwd: __dirname });
  const pipeline = buildPipeline(configuration, (code, detail) => lines.push(`${code} ${detail}`)) as Pipeline;
  const tracer = new BasicTracerProvider({ spanProcessors: [pipeline.processor as never] }).getTracer('test');
  const spans: Bench['spans'] = (count, attributes = {}) => {
    for (let index = 0; index < count; index++) tracer.startSpan(`span ${index}`, { attributes }, ROOT_CONTEXT).end();
  };
  return { pipeline, lines, spans };
}

interface ExportRequest {
  resourceSpans: { scopeSpans: { spans: { name: string }[] }[] }[];
}

/** Names of the spans in a request. */
function namesIn(body: Buffer): string[] {
  const { resourceSpans } = REQUEST.decode(body) as never as ExportRequest;
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name)));
}

interface Receiving {
  readonly url: string;
  /** Of each request. */
  readonly bodies: readonly Buffer[];
}

/** With the limit that gRPC sets by default. */
const grpcCollector = (): Promise<Receiving> => new Collector().start(0, undefined, FOUR_MEBIBYTES);

async function httpCollector(): Promise<Receiving> {
  const bodies: Buffer[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    bodies.push(Buffer.concat(chunks));
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close().closeAllConnections());
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, bodies };
}

async function closedPort(): Promise<number> {
  const server = createTcp().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

/** Accepts connections, reads what is sent, and never answers. */
async function silentPort(): Promise<number> {
  const server = createTcp((socket) => socket.resume().on('error', () => {})).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close().unref());
  return (server.address() as { port: number }).port;
}

for (const [protocol, open] of [
  ['http/protobuf', httpCollector],
  ['grpc', grpcCollector],
] as const) {
  test(`${protocol}: divides 512 spans of 20 kB into requests below 4 MiB, in order, and sends each span once`, async () => {
    const { url, bodies } = await open();
    const { pipeline, spans } = start({ endpoint: url, otlpProtocol: protocol });
    spans(512, { text: 'x'.repeat(20_000) });
    await pipeline.processor.shutdown();
    assert.equal(pipeline.counts, { ended: 512, exported: 512, failed: 0, dropped: 0, queued: 0 });
    assert.equal(
      bodies.flatMap(namesIn),
      Array.from({ length: 512 }, (_, at) => `span ${at}`),
    );
    assert.ok(bodies.length > 2 && bodies.length < 12, `${bodies.length} requests`);
    for (const { length } of bodies) assert.ok(length <= FOUR_MEBIBYTES, `${length} bytes`);
  });
}

test('sends a batch of small spans in one request', async () => {
  const collector = await httpCollector();
  const { pipeline, spans } = start({ endpoint: collector.url, otlpProtocol: 'http/protobuf' });
  spans(500);
  await pipeline.processor.shutdown();
  assert.equal(
    collector.bodies.map((body) => namesIn(body).length),
    [500],
  );
});

test('sends a span larger than a request in a request of its own, and the spans after it too', async () => {
  const collector = await httpCollector();
  const { pipeline, spans } = start({ endpoint: collector.url, otlpProtocol: 'http/protobuf' });
  spans(1, { text: 'x'.repeat(FOUR_MEBIBYTES + 1) });
  spans(3);
  await pipeline.processor.shutdown();
  assert.equal(collector.bodies.map(namesIn), [['span 0'], ['span 0', 'span 1', 'span 2']]);
  assert.is(pipeline.counts.exported, 4);
});

for (const protocol of ['grpc', 'http/protobuf'] as const) {
  test(`${protocol}: a flush returns at once when the Collector is refused; the spans wait for the next attempt`, async () => {
    const port = await closedPort();
    const { pipeline, spans } = start({ endpoint: `http://127.0.0.1:${port}`, otlpProtocol: protocol, enabled: true });
    for (let invocation = 1; invocation <= 3; invocation++) {
      spans(1);
      const before = performance.now();
      await pipeline.processor.forceFlush();
      const took = performance.now() - before;
      assert.ok(took < 1500, `invocation ${invocation}: ${took} ms`);
      assert.is(pipeline.counts.queued, invocation, 'nothing is given up');
    }
    await pipeline.processor.shutdown();
    assert.is(pipeline.counts.failed, 3);
  });

  test(`${protocol}: a flush ends at its own limit, else at the limit of an attempt, while a Collector hangs`, async () => {
    const port = await silentPort();
    const { pipeline, spans } = start({
      endpoint: `http://127.0.0.1:${port}`,
      otlpProtocol: protocol,
      otlpTimeout: 700,
      shutdownTimeout: 100,
    });
    spans(1);
    const before = performance.now();
    await pipeline.processor.forceFlush(200);
    const own = performance.now() - before;
    assert.ok(own >= 195 && own < 650, `${own} ms of 200`);
    await pipeline.processor.forceFlush();
    assert.ok(performance.now() - before < 3000, 'otlp_timeout');
    await pipeline.processor.shutdown();
  });
}

test('where a request awaits it, a flush ends at the limit that it is given, else after two seconds, while a Collector hangs', async () => {
  const endpoint = `http://127.0.0.1:${await silentPort()}`;
  process.env.AWS_LAMBDA_FUNCTION_NAME = 'orders';
  try {
    const tracing = await startTracing({
      endpoint,
      otlpProtocol: 'http/protobuf',
      enabled: true,
      scheduleDelay: 10_000,
      shutdownTimeout: 100,
      logger: () => {},
    });
    instrument({ namespace: 'a', name: 'work' }, () => 1)();
    const flush = async (options?: Parameters<typeof tracing.forceFlush>[0]): Promise<number> => {
      const before = performance.now();
      await tracing.forceFlush(options);
      return performance.now() - before;
    };
    const given = await flush({ timeout: '200ms' });
    const usual = await flush();
    assert.is(tracing.state().spans.queued, 1, 'nothing is given up');
    await tracing.shutdown();
    assert.ok(given >= 195 && given < 1500, `${given} ms of 200`);
    assert.ok(usual >= 1950 && usual < 5000, `${usual} ms of 2,000`);
  } finally {
    delete process.env.AWS_LAMBDA_FUNCTION_NAME;
  }
});

test('a flush waits for its spans while the Collector answers', async () => {
  const collector = await new Collector().start();
  collector.behaviour = () => ({ delay: 200 });
  const { pipeline, spans } = start({ endpoint: collector.url });
  spans(10);
  await pipeline.processor.forceFlush();
  assert.is(pipeline.counts.exported, 10);
  await pipeline.processor.shutdown();
});

test('a flush that reached its limit does not keep the queue sending', async () => {
  const attempts: number[] = [];
  const exporter = {
    export: (spans: unknown[], done: (result: { code: number }) => void) => {
      attempts.push(spans.length);
      setTimeout(() => done({ code: 0 }), 100);
    },
    shutdown: async () => {},
  };
  const { pipeline, spans } = start({ exporter: exporter as never, maxExportBatchSize: 32, scheduleDelay: 5000 });
  spans(31);
  spans(60);
  await pipeline.processor.forceFlush(20);
  await new Promise((resolve) => setTimeout(resolve, 900));
  assert.equal(attempts, [32, 32], 'full batches only');
  await pipeline.processor.shutdown();
  assert.is(pipeline.counts.exported, 91);
});

/** Runs a program of its own; `tracing`, `span()` and `pause()` are there. */
function runProgram(options: object, script: string): { child: ReturnType<typeof spawn>; ended: Promise<string> } {
  const source = `
    const { startTracing } = require(${JSON.stringify(join(ROOT, 'dist/runtime/index.js'))});
    const { trace } = require('@opentelemetry/api');
    const span = () => trace.getTracer('t').startSpan('s').end();
    const pause = (ms) => new Promise((done) => setTimeout(done, ms));
    (async () => {
      const tracing = await startTracing(${JSON.stringify({ enabled: true, scheduleDelay: 10_000, ...options })});
      ${script}
    })();`;
  const child = spawn(process.execPath, ['-e', source], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (out += text));
  return { child, ended: once(child, 'close').then(() => out) };
}

const by = (signal: string): string => `process.kill(process.pid, "${signal}"); await pause(30_000);`;
const OVER_HTTP = { otlpProtocol: 'http/protobuf' } as const;
const ENDS: readonly (readonly [what: string, end: string, options?: TracingOptions])[] = [
  ['SIGTERM', by('SIGTERM')],
  ['SIGTERM over HTTP', by('SIGTERM'), OVER_HTTP],
  ['SIGINT', by('SIGINT')],
  ['SIGINT over HTTP', by('SIGINT'), OVER_HTTP],
  ['SIGHUP', by('SIGHUP')],
  ['SIGHUP over HTTP', by('SIGHUP'), OVER_HTTP],
  [
    'a second SIGTERM',
    'process.kill(process.pid, "SIGTERM"); await pause(100); process.kill(process.pid, "SIGTERM"); await pause(30_000);',
  ],
  ['shutdown()', 'await tracing.shutdown();'],
  ['process.exit()', 'process.exit();'],
  [
    'process.exit() in a handler of SIGTERM',
    'process.on("SIGTERM", () => process.exit()); process.kill(process.pid, "SIGTERM"); await pause(30_000);',
  ],
  ['the natural end', ''],
];
/** On a busy machine the limit can be over before the first attempt. */
const REASON =
  /; (?:not sent yet|no answer from http:\/\/127\.0\.0\.1:\d+\S* for \d+ ms|http:\/\/127\.0\.0\.1:\d+\S*: TIMEOUT: no answer within \d+ ms)$/u;
for (const [what, end, options] of ENDS) {
  test(`${what}: the number of spans that a hanging Collector has not taken is reported, once`, async () => {
    const endpoint = `http://127.0.0.1:${await silentPort()}`;
    const { ended } = runProgram({ endpoint, shutdownTimeout: 300, ...options }, `span(); span(); span(); ${end}`);
    const reports = (await ended).match(/SPW006 .*/gu) ?? [];
    assert.is(reports.length, 1, String(reports));
    assert.match(reports[0] as string, /: 3 spans /u);
    assert.match(reports[0] as string, what === 'process.exit()' ? /; not sent yet$/u : REASON);
  });
}

for (const otlpProtocol of ['grpc', 'http/protobuf'] as const)
  for (const [what, end] of [
    ['SIGTERM', by('SIGTERM')],
    ['the natural end', ''],
  ])
    test(`${otlpProtocol}, ${what}: the log says why spans were lost to a Collector that refuses, is absent or hangs`, async () => {
      const collector = await new Collector().start();
      collector.behaviour = () => ({ status: Status.UNAUTHENTICATED });
      const http = await listening(
        createServer((request, response) => request.resume().on('end', () => response.writeHead(401).end())),
      );
      cleanups.push(() => void http.close());
      const [free] = await freePorts(1);
      for (const [endpoint, said, before = ''] of [
        [otlpProtocol === 'grpc' ? collector.url : http.origin, /UNAUTHENTICATED|HTTP 401/u],
        [`http://127.0.0.1:${free}`, /nothing listens|ECONNREFUSED|UNAVAILABLE/u],
        [
          `http://127.0.0.1:${await silentPort()}`,
          /no answer|No connection established/u,
          'void tracing.forceFlush(); await pause(3000);',
        ],
      ] as const) {
        const out = await runProgram({ endpoint, otlpProtocol, shutdownTimeout: 1500 }, `span(); ${before} ${end}`).ended;
        assert.match(out, /SPW006 .*: 1 span/u);
        assert.match(out, said);
        assert.not.match(out, /the exporter is shut down/u);
      }
    });

test('a failure that was followed by a success is not named as the cause of a later loss', async () => {
  const collector = await new Collector().start();
  collector.behaviour = (request) => (request === 0 ? { status: Status.INVALID_ARGUMENT } : request === 1 ? {} : { hang: true });
  const flushed = 'span(); await tracing.forceFlush();';
  const out = await runProgram(
    { endpoint: collector.url, shutdownTimeout: 300 },
    `${flushed} ${flushed} span(); await tracing.shutdown();`,
  ).ended;
  assert.match(out, /SPW003 .*INVALID_ARGUMENT/u);
  assert.match(out, /SPW006 .*: 1 span after 300 ms \(shutdown_timeout\); no answer from \S+ for \d+ ms$/mu);
});

for (const end of ['process.exit();', 'throw new Error("not caught");', ''])
  test(`spans that wait for the end of their trace are reported as lost at the exit of the process: ${end || 'natural end'}`, async () => {
    const endpoint = `http://127.0.0.1:${await silentPort()}`;
    const open = "trace.getTracer('t').startActiveSpan('root', () => { span(); span(); span(); });";
    const kept = await runProgram({ endpoint, keep: { errors: false, ratio: 1 } }, `${open} ${end}`).ended;
    assert.match(kept, /SPW006 .*: 3 spans at the exit of the process/u);
    assert.match(kept, /SPW013 .*1 span is open at the exit of the process/u);
  });

test('spans that `keep` does not select are not lost', async () => {
  const endpoint = `http://127.0.0.1:${await silentPort()}`;
  const out = await runProgram({ endpoint, keep: { errors: true } }, 'span(); process.exit();').ended;
  assert.not.match(out, /SPW006/u);
});

test('a shutdown whose last spans fail reports the cause and the number', async () => {
  const collector = await new Collector().start();
  const { ended } = runProgram({ endpoint: `https://127.0.0.1:${collector.port}` }, 'span(); await tracing.shutdown();');
  const out = await ended;
  assert.match(out, /SPW003 .*does not speak TLS/u);
  assert.match(out, /SPW006 .*: 1 span at shutdown/u);
});

test('nothing is reported as lost when all was sent', async () => {
  const collector = await new Collector().start();
  for (const end of ['await tracing.shutdown();', '', 'process.kill(process.pid, "SIGTERM"); await pause(30_000);']) {
    const out = await runProgram({ endpoint: collector.url }, `span(); ${end}`).ended;
    assert.not.match(out, /SPW006/u);
  }
  assert.is(collector.accepted, 3);
});

test('timers and clocks that a test has replaced neither stop the queue nor hang a flush, during and after', async () => {
  const collector = await httpCollector();
  const { pipeline, spans } = start({ endpoint: collector.url, otlpProtocol: 'http/protobuf', scheduleDelay: 20 });
  const real = { setTimeout, setInterval, setImmediate, clearTimeout, now: Date.now, performanceNow: performance.now };
  const never = (() => 1) as never;
  Object.assign(globalThis, { setTimeout: never, setInterval: never, setImmediate: never, clearTimeout: never });
  let clock = 0;
  Date.now = () => (clock += 1e9);
  performance.now = Date.now;
  try {
    spans(2);
    await pipeline.processor.forceFlush();
    assert.is(pipeline.counts.exported, 2);
    spans(1);
    await new Promise((resolve) => real.setTimeout(resolve, 300));
    assert.is(pipeline.counts.exported, 3, 'sent by its delay');
    spans(1);
  } finally {
    const { now, performanceNow, ...timers } = real;
    Object.assign(globalThis, timers);
    Date.now = now;
    performance.now = performanceNow;
  }
  await pipeline.processor.forceFlush();
  assert.is(pipeline.counts.exported, 4);
  spans(1);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.is(pipeline.counts.exported, 5, 'sent by its delay');
  await pipeline.processor.shutdown();
});

test('tracing starts and exports where timers are numbers', async () => {
  const collector = await new Collector().start();
  const script = `
    for (const name of ['setTimeout', 'setInterval']) {
      const real = globalThis[name];
      globalThis[name] = (...given) => Number(real(...given));
    }
    const { startTracing, instrument } = require(${JSON.stringify(join(ROOT, 'dist/runtime/index.js'))});
    (async () => {
      const tracing = await startTracing({ enabled: true, endpoint: ${JSON.stringify(collector.url)} });
      instrument(() => 1)();
      await tracing.shutdown();
      console.log(JSON.stringify(tracing.state().spans));
    })();`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { cwd: ROOT });
  assert.match(stdout, /"exported":1/u);
});

test.run();
