// Cases that OpenTelemetry's own exporters leave out, against real servers on loopback: spans that a Collector rejects inside a success,
// waits that a server asks for, statuses of HTTP, connections that are dead, and calls that must not outlive a shutdown.
// limit: 180 s

import { execFile } from 'node:child_process';
import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcp } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfiguration } from '../../runtime/config/load.js';
import type { TracingOptions } from '../../runtime/config/options.js';
import { ExportTimeout, readFailure } from '../../runtime/export/failures.js';
import { type Carrier, OtlpExporter, type Serializer } from '../../runtime/export/otlp.js';
import { buildPipeline, type Pipeline } from '../../runtime/export/pipeline.js';
import { retryAfterMillis } from '../../runtime/export/retry-after.js';
import type { ExportResult, ReadableSpan } from '../../runtime/sdk/contracts.js';
import { Collector, countSpans, partialSuccess } from './collector.js';

const ROOT = join(__dirname, '..', '..');
const RESOURCE_EXHAUSTED = 8;
const UNAVAILABLE = 14;

/** A failed test may leave a server open, which would hold the file until its limit. */
test.after(() => {
  setTimeout(() => process.exit(), 2000).unref();
});

interface Bench {
  pipeline: Pipeline;
  lines: string[];
  spans(count: number): void;
  settled(): Promise<void>;
}

function start(options: TracingOptions): Bench {
  const lines: string[] = [];
  const { configuration } = loadConfiguration({
    options: { scheduleDelay: 10, shutdownTimeout: 1000, ...options },
    env: {},
    cwd: __dirname,
  });
  const pipeline = buildPipeline(configuration, (code, detail) => lines.push(`${code} ${detail}`));
  if (!pipeline) throw new Error('the pipeline was not built');
  const tracer = new BasicTracerProvider({ spanProcessors: [pipeline.processor as never] }).getTracer('test');
  return {
    pipeline,
    lines,
    spans: (count) => {
      for (let index = 0; index < count; index++) tracer.startSpan(`span ${index}`, {}, ROOT_CONTEXT).end();
    },
    settled: () => until(() => pipeline.counts.queued === 0, 'nothing is queued'),
  };
}

async function until(condition: () => boolean, what: string, limit = 45_000): Promise<void> {
  const end = performance.now() + limit;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`did not happen within ${limit} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

type Handler = (request: IncomingMessage, response: ServerResponse, spans: number) => void;

/** A Collector over HTTP that answers as scripted. */
async function http(handle: Handler): Promise<{ url: string; close(): void }> {
  const server: Server = createHttp(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    handle(request, response, countSpans(Buffer.concat(chunks)));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, close };
}

const ANSWERS: readonly { what: string; answer: Buffer; exported: number; says: RegExp | undefined }[] = [
  { what: 'an empty answer', answer: Buffer.alloc(0), exported: 10, says: undefined },
  {
    what: 'three of ten rejected',
    answer: partialSuccess(3, 'too old'),
    exported: 7,
    says: /^SPW009 http:.* rejected 3 of 10 spans: too old$/u,
  },
  { what: 'all rejected', answer: partialSuccess(10, ''), exported: 0, says: /rejected 10 of 10 spans: no message/u },
  { what: 'more rejected than were sent', answer: partialSuccess(99, 'x'), exported: 0, says: /rejected 10 of 10/u },
  { what: 'fewer than none rejected', answer: partialSuccess(-5, 'x'), exported: 10, says: /accepted 10 spans: x/u },
  { what: 'the lowest number rejected', answer: partialSuccess(-(2 ** 63), 'x'), exported: 10, says: /accepted 10 spans: x/u },
  { what: 'a warning', answer: partialSuccess(0, 'use batches'), exported: 10, says: /accepted 10 spans: use batches/u },
  { what: 'bytes that are no answer', answer: Buffer.from('ffffffffffff', 'hex'), exported: 10, says: undefined },
];

test.after.each(() => Collector.stopAll());

for (const protocol of ['grpc', 'http/protobuf'] as const) {
  test(`${protocol}: the exact number of spans that a partial success rejects counts as failed, and is logged`, async () => {
    assert.ok(ANSWERS.length > 0);
    for (const { what, answer, exported, says } of ANSWERS) {
      const collector = await new Collector().start();
      collector.behaviour = () => ({ answer });
      let requests = 0;
      const server = await http((_request, response) => {
        requests++;
        response.end(answer);
      });
      const bench = start({ endpoint: protocol === 'grpc' ? collector.url : server.url, otlpProtocol: protocol });
      bench.spans(10);
      await bench.settled();
      await bench.pipeline.processor.shutdown();
      assert.equal(bench.pipeline.counts, { ended: 10, exported, failed: 10 - exported, dropped: 0, queued: 0 }, what);
      assert.is(requests + collector.requests, 1, `${what}: it is not sent again`);
      if (says === undefined) assert.equal(bench.lines, [], what);
      else assert.match(bench.lines[0] as string, says);
      collector.stop();
      server.close();
    }
  });
}

test('gRPC: RESOURCE_EXHAUSTED is tried again when the server names a wait, after that wait, and not otherwise', async () => {
  const collector = await new Collector().start();
  collector.behaviour = () => ({ status: RESOURCE_EXHAUSTED });
  const without = start({ endpoint: collector.url });
  without.spans(2);
  await without.settled();
  assert.is(without.pipeline.counts.failed, 2);
  assert.is(collector.requests, 1);
  await without.pipeline.processor.shutdown();

  for (const status of [RESOURCE_EXHAUSTED, UNAVAILABLE]) {
    const times: number[] = [];
    collector.requests = 0;
    collector.behaviour = (request) => {
      times.push(performance.now());
      return request === 0 ? { status, retryAfter: 1700 } : {};
    };
    const bench = start({ endpoint: collector.url });
    bench.spans(2);
    await bench.settled();
    assert.is(bench.pipeline.counts.exported, 2);
    const waited = (times[1] as number) - (times[0] as number);
    assert.ok(waited >= 1690 && waited < 10_000, `waited ${waited} ms`);
    await bench.pipeline.processor.shutdown();
  }
  collector.stop();
});

test('a wait that is longer than the export may take fails the batch at once', async () => {
  const collector = await new Collector().start();
  collector.behaviour = () => ({ status: UNAVAILABLE, retryAfter: 3_600_000 });
  const bench = start({ endpoint: collector.url });
  bench.spans(1);
  await bench.settled();
  assert.is(bench.pipeline.counts.failed, 1);
  await bench.pipeline.processor.shutdown();
  collector.stop();
});

test('status details that are no protobuf ask for no delay', () => {
  const metadata = (bytes: unknown): object => ({ get: () => [bytes] });
  for (const bytes of [Buffer.from('ffffff', 'hex'), Buffer.alloc(0), 'text', undefined, Buffer.from('1a05', 'hex')]) {
    const failure = readFailure({ code: RESOURCE_EXHAUSTED, message: 'x', metadata: metadata(bytes) });
    assert.is(failure.retryAfter, undefined);
    assert.is(failure.retry, false);
  }
});

/** Retryable statuses: OTLP specification, "OTLP/gRPC Response" and "OTLP/HTTP Response"; RESOURCE_EXHAUSTED only with a delay. */
const RETRYABLE = new Set([1, 4, 10, 11, 14, 15, 429, 502, 503, 504]);
/** Those that put the connection in doubt, so that the address is probed. */
const DOUBTFUL = new Set([4, 13, 14]);

test('the statuses of the specification are worth another attempt, and no others; each is named', () => {
  for (const code of [...Array(17).keys(), 99, 100, 400, 401, 403, 404, 413, 429, 500, 501, 502, 503, 504]) {
    const failure = readFailure({ code, details: 'why', message: 'other' });
    assert.is(failure.retry, RETRYABLE.has(code), `${code}`);
    assert.is(failure.connection === true, DOUBTFUL.has(code), `${code}`);
    assert.is(failure.text, 'why');
    if (code === 0 || code === 99) assert.is(failure.name, `status ${code}`);
    else if (code < 17) assert.match(failure.name, /^[A-Z_]+$/u);
    else assert.is(failure.name, `HTTP ${code}`);
  }
});

test('a lost or refused connection is worth another attempt; other errors of Node are not, and every one is probed', () => {
  const lost = ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ENOTFOUND', 'ENETUNREACH', 'EHOSTUNREACH'];
  for (const code of [...lost, 'EACCES', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID'])
    assert.equal(readFailure(Object.assign(new Error('no'), { code })), {
      ...{ name: code, retry: lost.includes(code), connection: true, text: 'no' },
    });
  assert.equal(readFailure(new Error('no')), { name: 'error', retry: false, connection: true, text: 'no' });
  assert.is(readFailure('plain text').text, 'plain text');
  assert.is(readFailure({ code: 14, message: 'x'.repeat(1000) }).text.length, 300);
  const { retry, connection, name, text } = readFailure(new ExportTimeout(99.6));
  assert.equal([retry, connection, name, text], [true, true, 'TIMEOUT', 'no answer within 100 ms']);
  const hostile = new Proxy({}, { get: () => assert.unreachable('read') });
  assert.equal(readFailure(hostile), { name: 'error', retry: false, text: 'an error that cannot be read' });
});

test('a delay of RetryInfo has seconds and fractions; one of Retry-After seconds or a date', () => {
  const details = (hex: string): number | undefined =>
    readFailure({ code: 14, message: 'x', metadata: { get: () => [Buffer.from(hex, 'hex')] } }).retryAfter;
  const type = Buffer.from('type.googleapis.com/google.rpc.RetryInfo').toString('hex');
  const any = (duration: string): string => {
    const info = `0a${(duration.length / 2).toString(16).padStart(2, '0')}${duration}`;
    const body = `0a28${type}12${(info.length / 2).toString(16).padStart(2, '0')}${info}`;
    return `080e1a${(body.length / 2).toString(16).padStart(2, '0')}${body}`;
  };
  assert.is(details(any('0803')), 3000);
  assert.is(details(any('10c0843d')), 1);
  assert.is(details(any('080210c0843d')), 2001);
  assert.is(details(any('')), 0);
  assert.is(details(any('0803').replace(type, type.replace(/6f$/u, '70'))), undefined, 'details of another type');
  assert.is(retryAfterMillis('120'), 120_000);
  assert.is(retryAfterMillis('0'), 0);
  const at = retryAfterMillis(new Date(Date.now() + 60_000).toUTCString()) as number;
  assert.ok(at > 55_000 && at <= 60_000, `${at}`);
  assert.is(retryAfterMillis(new Date(0).toUTCString()), 0, 'a date that has passed');
  for (const header of [undefined, 'soon', '']) assert.is(retryAfterMillis(header), undefined);
});

const STATUSES: readonly [status: number, attempts: number][] = [
  [200, 1],
  [202, 1],
  [302, 1],
  [400, 1],
  [401, 1],
  [404, 1],
  [413, 1],
  [429, 2],
  [500, 1],
  [502, 2],
  [503, 2],
  [504, 2],
];

test('HTTP: only retryable statuses are retried, and each failed one is named', async () => {
  for (const [status, attempts] of STATUSES) {
    let requests = 0;
    const server = await http((_request, response) => {
      requests++;
      response.writeHead(requests === 1 ? status : 200, { 'content-type': 'text/plain' }).end('because');
    });
    const bench = start({ endpoint: server.url, otlpProtocol: 'http/protobuf' });
    bench.spans(1);
    await bench.settled();
    assert.is(requests, attempts, `${status}`);
    assert.is(bench.pipeline.counts.exported, status < 300 || attempts > 1 ? 1 : 0, `${status}`);
    await until(() => status < 300 || bench.lines.length > 0, 'it is logged');
    if (status >= 300) assert.match(bench.lines[0] as string, new RegExp(`HTTP ${status}: because`, 'u'));
    await bench.pipeline.processor.shutdown();
    server.close();
  }
});

test('HTTP: Retry-After is waited for', async () => {
  const times: number[] = [];
  const server = await http((_request, response) => {
    times.push(performance.now());
    response.writeHead(times.length === 1 ? 503 : 200, { 'retry-after': '2' }).end();
  });
  const bench = start({ endpoint: server.url, otlpProtocol: 'http/protobuf' });
  bench.spans(1);
  await bench.settled();
  assert.is(bench.pipeline.counts.exported, 1);
  assert.ok((times[1] as number) - (times[0] as number) >= 1990);
  await bench.pipeline.processor.shutdown();
  server.close();
});

test('HTTP: a connection that is reset is tried again; an endless answer does not fill the memory and counts by its status', async () => {
  let requests = 0;
  const server = await http((request, response) => {
    if (request.method !== 'POST') return void response.end(); // the probe, which asks what is there
    requests++;
    if (requests === 1) return void request.socket.resetAndDestroy();
    const filler = setInterval(() => response.write(Buffer.alloc(32 * 1024)), 1);
    response.on('close', () => clearInterval(filler));
  });
  const bench = start({ endpoint: server.url, otlpProtocol: 'http/protobuf' });
  bench.spans(3);
  await bench.settled();
  assert.equal(bench.pipeline.counts, { ended: 3, exported: 3, failed: 0, dropped: 0, queued: 0 });
  assert.is(requests, 2);
  await bench.pipeline.processor.shutdown();
  server.close();
});

test('HTTP: gzip and the headers arrive, and one connection serves many exports', async () => {
  const seen: IncomingMessage[] = [];
  const sockets = new Set<unknown>();
  const server = await http((request, response) => {
    seen.push(request);
    sockets.add(request.socket);
    response.end();
  });
  const bench = start({
    endpoint: server.url,
    otlpProtocol: 'http/protobuf',
    otlpCompression: 'gzip',
    otlpHeaders: { 'x-token': 'abc', 'content-type': 'text/evil' },
  });
  for (let round = 0; round < 5; round++) {
    bench.spans(1);
    await bench.settled();
  }
  assert.is(seen.length, 5);
  assert.is(sockets.size, 1);
  const { headers } = seen[0] as IncomingMessage;
  assert.is(headers['content-encoding'], 'gzip');
  assert.is(headers['content-type'], 'application/x-protobuf');
  assert.is(headers['x-token'], 'abc');
  assert.match(String(headers['user-agent']), /^spanwright\/\d/u);
  await bench.pipeline.processor.shutdown();
  server.close();
});

test('gRPC: after an attempt without an answer the next one opens another connection', async () => {
  const collector = await new Collector().start();
  let connections = 0;
  const { connect } = await import('node:net');
  const proxy = createTcp((client) => {
    connections++;
    const upstream = connect(collector.port, '127.0.0.1');
    client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
    if (connections === 1)
      client.resume(); // dead: everything is swallowed
    else client.pipe(upstream).pipe(client);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => proxy.once('listening', resolve));
  const { port } = proxy.address() as { port: number };
  const bench = start({ endpoint: `http://127.0.0.1:${port}`, otlpTimeout: 400 });
  bench.spans(2);
  await bench.settled();
  assert.is(bench.pipeline.counts.exported, 2);
  assert.is(collector.accepted, 2);
  await bench.pipeline.processor.shutdown();
  proxy.close();
  collector.stop();
});

for (const otlpCompression of ['none', 'gzip'] as const) {
  test(`gRPC, ${otlpCompression}: requests of every length arrive whole, and the transport copies none`, async () => {
    const collector = await new Collector().start();
    collector.behaviour = (request) => (request === 2 ? { status: UNAVAILABLE, retryAfter: 5 } : {});
    const bench = start({ endpoint: collector.url, otlpCompression, maxQueueSize: 4096 });
    const { from } = Buffer;
    const large: boolean[] = [];
    Buffer.from = ((...given: Parameters<typeof from>) => {
      const made = from(...given);
      const { resizable } = made.buffer as ArrayBuffer;
      if ((given[0] as unknown) instanceof Uint8Array && made.length > 4096) large.push(resizable);
      return made;
    }) as typeof from;
    try {
      const counts = [500, 3, 200, 400, 1, 350];
      for (const count of counts) {
        bench.spans(count);
        await bench.settled();
      }
      const taken = collector.bodies.filter((_, request) => request !== 2).map((body) => from(body));
      assert.is(collector.accepted, 1454);
      const named = Array.from({ length: 500 }, (_, index) => from(`span ${index}`));
      let at = 0;
      for (const count of counts) {
        let seen = 0;
        for (; seen < count; at++) {
          const body = taken[at] as Buffer;
          const spans = countSpans(body);
          for (const name of named.slice(seen, seen + spans)) assert.ok(body.includes(name), String(name));
          seen += spans;
        }
        assert.is(seen, count);
      }
      assert.ok(large.length >= 4 && large.every(Boolean), `shared: ${large}`);
    } finally {
      Buffer.from = from;
    }
    await bench.pipeline.processor.shutdown();
    collector.stop();
  });
}

test('the bytes of a request stay as they are after an attempt that failed, because it may still be reading them', async () => {
  const requests: Uint8Array[] = [];
  const results = [{ code: 1 }, { code: 0 }, { code: 0 }, { code: 0 }];
  const carry = (serializer: Serializer): Carrier => ({
    prepare: async () => {},
    send: async (items) => {
      requests.push(serializer.serializeRequest(items));
      return results[requests.length - 1] as ExportResult;
    },
    close() {},
  });
  const exporter = new OtlpExporter(carry, () => ({}), 1000);
  const finished: ReadableSpan[] = [];
  const processor = {
    onStart() {},
    onEnd: (span: ReadableSpan) => void finished.push(span),
    async forceFlush() {},
    async shutdown() {},
  };
  const tracer = new BasicTracerProvider({ spanProcessors: [processor as never] }).getTracer('test');
  for (const name of ['first', 'second', 'third']) tracer.startSpan(name, {}, ROOT_CONTEXT).end();
  const send = (span: ReadableSpan): Promise<unknown> => new Promise((resolve) => exporter.export([span], resolve));
  const [first, second, third] = finished as [ReadableSpan, ReadableSpan, ReadableSpan];
  await send(first);
  const before = Buffer.from(requests[0] as Uint8Array);
  for (const span of [first, second, third]) await send(span);
  const memory = requests.map(({ buffer }) => buffer);
  assert.ok(before.equals(requests[0] as Uint8Array));
  assert.is(memory[1], memory[0], 'the second attempt sends the same bytes');
  assert.is.not(memory[2], memory[0]);
  assert.is(memory[3], memory[2], 'the memory of a request that was accepted is used again');
});

/** Runs a program to its natural end; what it prints last is when its own work was done. */
async function live(script: string): Promise<{ out: string; after: number }> {
  const source = `
    const { startTracing } = require(${JSON.stringify(join(ROOT, 'dist/runtime/index.js'))});
    const { trace } = require('@opentelemetry/api');
    const span = () => trace.getTracer('t').startSpan('s').end();
    const pause = (ms) => new Promise((done) => setTimeout(done, ms));
    (async () => { ${script}; console.log('done', Date.now()); })();`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', source], {
    cwd: ROOT,
    timeout: 40_000,
  });
  return { out: stdout, after: Date.now() - Number(/done (\d+)/u.exec(stdout)?.[1]) };
}

for (const protocol of ['grpc', 'http/protobuf'] as const) {
  test(`${protocol}: a Collector that hangs holds neither the shutdown beyond its limit nor the ended process`, async () => {
    const held: unknown[] = [];
    const hanging = createTcp((socket) => void held.push(socket.on('error', () => {}))).listen(0, '127.0.0.1');
    await new Promise((resolve) => hanging.once('listening', resolve));
    const collector = await new Collector().start();
    collector.behaviour = () => ({ hang: true });
    const { port } = hanging.address() as { port: number };
    const silent = `http://127.0.0.1:${port}`;
    for (const url of protocol === 'grpc' ? [silent, collector.url] : [silent]) {
      const options = `{ endpoint: '${url}', otlpProtocol: '${protocol}', enabled: true, scheduleDelay: 10, shutdownTimeout: 300 }`;
      const { out, after } = await live(
        `const t = await startTracing(${options}); span(); await pause(200); const at = Date.now(); await t.shutdown();
         console.log(Date.now() - at, JSON.stringify(t.state().spans))`,
      );
      const took = Number.parseInt(out, 10);
      assert.ok(took >= 250 && took < 5000, `shutdown took ${took} ms; an export under way lasts 10 s`);
      assert.match(out, /"failed":1/u);
      console.log(`${protocol} ${url === silent ? 'silent' : 'hanging'}: ended ${after} ms after its shutdown`);
      assert.ok(after < 5000, `the process lived ${after} ms longer than its shutdown`);
    }
    hanging.close();
    for (const socket of held) (socket as { destroy(): void }).destroy();
    collector.stop();
  });
}

test.run();
