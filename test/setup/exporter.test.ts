// The export pipeline against real gRPC servers on loopback, fed with spans of a real BasicTracerProvider. Every test ends with the
// same sum: exported + failed + dropped + queued = ended, to the span, and exported is what the server really took.

import { AsyncLocalStorage } from 'node:async_hooks';
import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { suppressTracing } from '@opentelemetry/core';
import { BasicTracerProvider, InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfiguration } from '../../runtime/config/load.js';
import type { TracingOptions } from '../../runtime/config/options.js';
import { buildPipeline, type Pipeline } from '../../runtime/export/pipeline.js';
import type { ExportCounts } from '../../runtime/export/queue.js';
import { buildResource } from '../../runtime/export/resource.js';
import type { ReadableSpan, SpanExporter } from '../../runtime/sdk/contracts.js';
import { Collector, countSpans } from './collector.js';

const RETRY = 14;
const FATAL = 3;
const rejections: unknown[] = [];
process.on('unhandledRejection', (reason) => rejections.push(reason));

interface Bench {
  pipeline: Pipeline;
  lines: string[];
  spans(count: number): void;
  close(): Promise<void>;
}

function start(options: TracingOptions): Bench {
  const lines: string[] = [];
  const { configuration } = loadConfiguration({ options: { scheduleDelay: 20, ...options }, env: {}, cwd: __dirname });
  const pipeline = buildPipeline(configuration, (code, detail, cause) => lines.push(`${code} ${detail} [${cause}]`));
  if (!pipeline) throw new Error('the pipeline was not built');
  const provider = new BasicTracerProvider({
    resource: buildResource(configuration, () => {}) as never,
    spanProcessors: [pipeline.processor as never],
  });
  const tracer = provider.getTracer('test');
  return {
    pipeline,
    lines,
    spans: (count) => {
      for (let index = 0; index < count; index++) tracer.startSpan(`span ${index}`, {}, ROOT_CONTEXT).end();
    },
    close: () => pipeline.processor.shutdown(),
  };
}

function checkSum({ ended, exported, failed, dropped, queued }: ExportCounts): void {
  assert.is(exported + failed + dropped + queued, ended, JSON.stringify({ ended, exported, failed, dropped, queued }));
}

async function until(condition: () => boolean, what: string, limit = 45_000): Promise<void> {
  const end = Date.now() + limit;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`did not happen within ${limit} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test.after.each(() => Collector.stopAll());

test('batches grow from 32 spans to the limit, so that the first ones do not block the event loop, and nothing is lost', async () => {
  const collector = await new Collector().start();
  const bench = start({ endpoint: collector.url, maxQueueSize: 4096 });
  bench.spans(2100);
  await until(() => bench.pipeline.counts.exported === 2100, 'all exported');
  assert.equal(collector.bodies.map(countSpans), [32, 64, 128, 256, 512, 512, 512, 84]);
  assert.is(collector.accepted, 2100);
  bench.spans(1000);
  await until(() => bench.pipeline.counts.exported === 3100, 'all exported');
  assert.equal(collector.bodies.slice(8).map(countSpans), [512, 488]);
  checkSum(bench.pipeline.counts);
  await bench.close();
});

test('a shutdown sends full batches from the first on', async () => {
  const collector = await new Collector().start();
  const bench = start({ endpoint: collector.url, maxQueueSize: 4096 });
  bench.spans(1100);
  await bench.close();
  assert.equal(collector.bodies.map(countSpans), [512, 512, 76]);
  assert.is(bench.pipeline.counts.exported, 1100);
});

test('no span waits twice for the delay: the delay of spans that end during an export starts at their end', async () => {
  const collector = await new Collector().start();
  const delay = 1500;
  collector.behaviour = (request) => (request === 0 ? { delay: delay + 300 } : {});
  const bench = start({ endpoint: collector.url, scheduleDelay: delay });
  bench.spans(32);
  await until(() => collector.requests === 1, 'the first batch is under way');
  bench.spans(3);
  await until(() => bench.pipeline.counts.exported >= 32, 'it is answered');
  const answered = performance.now();
  await until(() => bench.pipeline.counts.exported === 35, 'the others are sent');
  const waited = performance.now() - answered;
  assert.ok(waited < delay - 300, `${waited} ms, although they were due`);
  assert.is(collector.requests, 2);
  await bench.close();
});

test('spans arrive at the Collector in batches, and are counted as exported', async () => {
  const collector = await new Collector().start();
  const bench = start({ endpoint: collector.url, maxExportBatchSize: 100, otlpHeaders: { 'x-token': 'abc' } });
  bench.spans(250);
  assert.equal(bench.pipeline.counts.queued, 250);
  checkSum(bench.pipeline.counts);
  await until(() => bench.pipeline.counts.exported === 250, 'all exported');
  assert.is(collector.accepted, 250);
  assert.equal(collector.bodies.map(countSpans), [32, 64, 100, 54]);
  assert.equal(collector.metadata[0]?.get('x-token'), ['abc']);
  assert.equal(bench.lines, []);
  await bench.close();
  checkSum(bench.pipeline.counts);
  collector.stop();
});

test('forceFlush sends at once, and spans that end after shutdown are counted as dropped', async () => {
  const collector = await new Collector().start();
  const bench = start({ endpoint: collector.url, scheduleDelay: 10_000 });
  bench.spans(3);
  await bench.pipeline.processor.forceFlush();
  assert.is(collector.accepted, 3);
  bench.spans(2);
  await bench.close();
  assert.is(collector.accepted, 5);
  bench.spans(4);
  assert.equal(bench.pipeline.counts, { ended: 9, exported: 5, failed: 0, dropped: 4, queued: 0 });
  await bench.close();
  await bench.pipeline.processor.forceFlush();
  collector.stop();
});

test('spans beyond the queue are dropped, counted exactly and logged once', async () => {
  const collector = await new Collector().start();
  collector.behaviour = () => ({ delay: 50 });
  const bench = start({ endpoint: collector.url, maxQueueSize: 100, maxExportBatchSize: 10 });
  bench.spans(1000);
  assert.is(bench.pipeline.counts.dropped, 900);
  assert.is(bench.lines.filter((line) => line.startsWith('SPW005')).length, 1);
  assert.match(bench.lines[0] as string, /^SPW005 1 dropped so far, max_queue_size is 100; /u);
  for (let round = 0; round < 20; round++) {
    bench.spans(50);
    checkSum(bench.pipeline.counts);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await bench.pipeline.processor.forceFlush();
  await bench.close();
  const counts = bench.pipeline.counts;
  assert.is(counts.ended, 2000);
  assert.is(counts.queued, 0);
  assert.is(counts.exported, collector.accepted);
  checkSum(counts);
  collector.stop();
});

test('a permanent refusal fails the batch without another attempt; the next batch is sent', async () => {
  const collector = await new Collector().start();
  collector.behaviour = (request) => (request === 0 ? { status: FATAL, details: 'no' } : {});
  const bench = start({ endpoint: collector.url });
  bench.spans(5);
  await until(() => bench.pipeline.counts.failed === 5, 'the batch failed');
  bench.spans(6);
  await until(() => bench.pipeline.counts.exported === 6, 'the next batch arrived');
  assert.is(collector.requests, 2);
  await until(() => bench.lines.length === 2, 'failure and recovery are logged');
  assert.match(
    bench.lines[0] as string,
    /^SPW003 to http:\/\/127\.0\.0\.1:\d+: INVALID_ARGUMENT: no; .*\. The service continues\./u,
  );
  assert.match(bench.lines[1] as string, /^SPW004 http:/u);
  await bench.close();
  checkSum(bench.pipeline.counts);
  collector.stop();
});

test('a temporary refusal is retried, and no span is lost', async () => {
  const collector = await new Collector().start();
  collector.behaviour = (request) => (request === 0 ? { status: RETRY } : {});
  const bench = start({ endpoint: collector.url });
  bench.spans(5);
  await until(() => bench.pipeline.counts.exported === 5, 'exported at the second attempt');
  assert.is(collector.requests, 2);
  assert.is(collector.accepted, 5);
  assert.is(bench.pipeline.counts.failed, 0);
  await bench.close();
  collector.stop();
});

test('the spans of a batch are encoded once for all attempts', async () => {
  const collector = await new Collector().start();
  let reads = 0;
  const readsAt: number[] = [];
  collector.behaviour = (request) => {
    readsAt.push(reads);
    return request === 0 ? { status: RETRY } : {};
  };
  const bench = start({ endpoint: collector.url });
  const span = new BasicTracerProvider().getTracer('test').startSpan('s');
  const name = { get: () => (++reads ? 's' : '') };
  bench.pipeline.processor.onEnd(Object.defineProperty(span, 'name', name) as never);
  await until(() => bench.pipeline.counts.exported === 1, 'exported at the second attempt');
  assert.ok(reads > 0);
  assert.equal(readsAt, [reads, reads]);
  await bench.close();
});

test('every gRPC status keeps the counts exact and is logged by name', async () => {
  const collector = await new Collector().start();
  const statuses = Array.from({ length: 16 }, (_, index) => index + 1);
  assert.is(statuses.length, 16);
  for (const status of statuses) {
    collector.behaviour = () => ({ status, details: 'told to' });
    const bench = start({ endpoint: collector.url, exportTimeout: 400 });
    bench.spans(3);
    await bench.pipeline.processor.forceFlush();
    await until(() => bench.pipeline.counts.failed === 3 && bench.lines.length > 0, `status ${status}`);
    assert.match(bench.lines[0] as string, /^SPW003 .*: [A-Z_]+: told to/u);
    assert.not.match(bench.lines[0] as string, /status \d/u);
    checkSum(bench.pipeline.counts);
    await bench.close();
  }
  collector.stop();
});

test('an absent Collector is named as such; when it appears the queued spans arrive, and recovery is logged once', async () => {
  const collector = await new Collector().start();
  const { port } = collector;
  collector.stop();
  const bench = start({ endpoint: `http://127.0.0.1:${port}` });
  bench.spans(4);
  await until(() => bench.lines.length > 0, 'the failure is logged');
  assert.match(
    bench.lines[0] as string,
    /^SPW003 to http:\/\/127\.0\.0\.1:\d+: UNAVAILABLE: nothing listens at 127\.0\.0\.1:\d+ \(connection refused\); start the Collector/u,
  );
  await collector.start(port);
  bench.spans(4);
  await until(() => bench.pipeline.counts.exported === 8, 'both batches arrive', 15_000);
  await until(() => bench.lines.some((line) => line.startsWith('SPW004')), 'the recovery is logged');
  assert.is(collector.accepted, 8);
  assert.is(bench.lines.filter((line) => line.startsWith('SPW004')).length, 1);
  await bench.close();
  checkSum(bench.pipeline.counts);
  collector.stop();
});

test('a Collector that hangs costs its batch, not the service, and shutdown ends at its limit', async () => {
  const collector = await new Collector().start();
  collector.behaviour = () => ({ hang: true });
  const bench = start({ endpoint: collector.url, otlpTimeout: 30_000, shutdownTimeout: 200, maxExportBatchSize: 2 });
  bench.spans(5);
  await until(() => collector.requests === 1, 'a request hangs');
  const begun = performance.now();
  await bench.close();
  const took = performance.now() - begun;
  assert.ok(took >= 190 && took < 10_000, `shutdown took ${took} ms`);
  assert.equal(bench.pipeline.counts, { ended: 5, exported: 0, failed: 5, dropped: 0, queued: 0 });
  assert.ok(
    bench.lines.some((line) => /^SPW006 5 spans after 200 ms/u.test(line)),
    bench.lines.join('\n'),
  );
  await bench.pipeline.processor.forceFlush();
  collector.stop();
});

test('forceFlush ends at the export timeout when the Collector hangs', async () => {
  const collector = await new Collector().start();
  collector.behaviour = () => ({ hang: true });
  const bench = start({ endpoint: collector.url, exportTimeout: 300, shutdownTimeout: 50, otlpTimeout: 30_000 });
  bench.spans(1);
  const begun = performance.now();
  await bench.pipeline.processor.forceFlush();
  assert.ok(performance.now() - begun < 10_000);
  await bench.close();
  checkSum(bench.pipeline.counts);
  collector.stop();
});

test('a connection cut during a request fails or repeats that batch only', async () => {
  const collector = await new Collector().start();
  const { port } = collector;
  collector.behaviour = () => ({ hang: true });
  const bench = start({ endpoint: collector.url, otlpTimeout: 2000 });
  bench.spans(3);
  await until(() => collector.requests === 1, 'a request is under way');
  collector.stop();
  collector.behaviour = () => ({});
  await collector.start(port);
  bench.spans(3);
  await until(() => bench.pipeline.counts.queued === 0, 'all settled', 15_000);
  await bench.close();
  checkSum(bench.pipeline.counts);
  assert.is(bench.pipeline.counts.exported, collector.accepted);
  assert.is(collector.accepted, 6);
  collector.stop();
});

test('an exporter of the application is used, and its faults are counted and do not reach the program', async () => {
  const memory = new InMemorySpanExporter();
  const good = start({ exporter: memory, endpoint: 'http://127.0.0.1:1' });
  assert.is(good.pipeline.endpoint, null);
  good.spans(3);
  await good.pipeline.processor.forceFlush();
  assert.is(memory.getFinishedSpans().length, 3);
  assert.is(good.pipeline.counts.exported, 3);
  await good.close();

  const faulty: Record<string, SpanExporter['export']> = {
    throws: () => {
      throw new Error('broken');
    },
    rejects: (async () => {
      throw new Error('broken');
    }) as never,
    'reports failure': (_spans, done) => done({ code: 1 }),
    'never answers': () => {},
    'answers late with nothing': (_spans, done) => void setTimeout(() => done(undefined as never), 1),
    'answers late with what cannot be read': (_spans, done) => {
      const result = Object.defineProperty({}, 'code', { get: () => assert.unreachable('read') });
      setTimeout(() => done(result as never), 1);
    },
    'answers twice': (_spans, done) => {
      done({ code: 1, error: new Error('broken') });
      done({ code: 0 });
    },
  };
  assert.ok(Object.keys(faulty).length > 0);
  for (const [name, exportSpans] of Object.entries(faulty)) {
    const bench = start({
      exporter: { export: exportSpans, shutdown: () => Promise.reject(new Error('stuck')) },
      exportTimeout: 100,
      shutdownTimeout: 100,
    });
    bench.spans(3);
    await bench.pipeline.processor.forceFlush();
    await bench.close();
    assert.equal(bench.pipeline.counts, { ended: 3, exported: 0, failed: 3, dropped: 0, queued: 0 }, name);
  }
});

test('span processors of the application get every span, and their exceptions are logged and swallowed', async () => {
  const seen: string[] = [];
  const failing = {
    onStart: () => seen.push('start'),
    onEnd: (span: ReadableSpan) => {
      seen.push(span.name);
      throw new Error('mine');
    },
    forceFlush: () => Promise.reject(new Error('flush')),
    shutdown: () => new Promise<void>(() => {}),
  };
  const memory = new InMemorySpanExporter();
  const bench = start({ spanProcessors: [failing], exporter: memory, shutdownTimeout: 100 });
  bench.spans(1);
  await bench.pipeline.processor.forceFlush();
  assert.equal(seen, ['start', 'span 0']);
  assert.is(memory.getFinishedSpans().length, 1);
  await bench.close();
  const said = bench.lines.filter((line) => line.startsWith('SPW007'));
  assert.is(said.length, 3, bench.lines.join('\n'));
  assert.match(said[0] as string, /spanProcessors\[0\]\.onEnd: Error: mine/u);
});

test('exports run with tracing suppressed and outside the context of the request that ended the span', async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const { isTracingSuppressed } = await import('@opentelemetry/core');
  const key = Symbol('request');
  const requests = new AsyncLocalStorage<string>();
  const found: unknown[] = [];
  const exporter: SpanExporter = {
    export: (_spans, done) => {
      found.push(isTracingSuppressed(context.active()), context.active().getValue(key), requests.getStore());
      done({ code: 0 });
    },
    shutdown: async () => {},
  };
  const bench = start({ exporter });
  requests.run('a request', () => context.with(ROOT_CONTEXT.setValue(key, 'a request'), () => bench.spans(1)));
  await until(() => found.length > 0, 'the export ran');
  assert.equal(found, [true, undefined, undefined]);
  assert.not.ok(isTracingSuppressed(ROOT_CONTEXT));
  assert.ok(isTracingSuppressed(suppressTracing(ROOT_CONTEXT)), 'the key of the SDK is the one that is read');
  await bench.close();
  context.disable();
});

test('no pipeline is built without an endpoint, and none, with a notice, for an invalid endpoint or when disabled', () => {
  const build = (options: TracingOptions): [Pipeline | null, string[]] => {
    const lines: string[] = [];
    const { configuration } = loadConfiguration({ options, env: {}, cwd: __dirname });
    return [buildPipeline(configuration, (code, detail) => lines.push(`${code} ${detail}`)), lines];
  };
  assert.equal(build({}), [null, []]);
  const [bad, lines] = build({ endpoint: 'http://127.0.0.1:4318' });
  assert.is(bad, null);
  assert.match(
    lines[0] as string,
    /^SPW002 otlp_endpoint "http:\/\/127\.0\.0\.1:4318" has port 4318.*The service continues without tracing\.$/u,
  );
  assert.is(build({ disabled: true, exporter: new InMemorySpanExporter() })[0], null);
  assert.ok(build({ exporter: new InMemorySpanExporter() })[0]);
});

/** Runs a program of its own, which measures how long it lives once it is loaded. */
async function live(script: string): Promise<{ out: string; took: number }> {
  const root = join(__dirname, '..', '..');
  const source = `
    const { loadConfiguration } = require(${JSON.stringify(join(root, 'runtime/config/load.ts'))});
    const { buildPipeline } = require(${JSON.stringify(join(root, 'runtime/export/pipeline.ts'))});
    const { BasicTracerProvider } = require('@opentelemetry/sdk-trace-base');
    const begin = (options) => {
      const { configuration } = loadConfiguration({ options, env: {}, cwd: '/' });
      const pipeline = buildPipeline(configuration, (code, detail) => console.log(code, detail));
      const tracer = new BasicTracerProvider({ spanProcessors: [pipeline.processor] }).getTracer('t');
      return { pipeline, span: () => tracer.startSpan('s').end() };
    };
    const loaded = performance.now();
    process.on('exit', () => console.log('lived', performance.now() - loaded));
    (async () => { ${script} })();`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--require', 'tsx/cjs', '-e', source], {
    cwd: root,
    timeout: 100_000,
  });
  return { out: stdout, took: Number(/lived (\d+)/u.exec(stdout)?.[1]) };
}

test('a finished process flushes and then ends, with spans queued and with an absent Collector', async () => {
  const waiting = await live(`begin({ endpoint: 'http://127.0.0.1:9', scheduleDelay: 10000 }).span();`);
  assert.ok(waiting.took < 5000, `${waiting.took} ms, of a delay of 10 s`);

  const retrying = await live(
    `const b = begin({ endpoint: 'http://127.0.0.1:9', scheduleDelay: 10 }); b.span(); await new Promise((r) => setTimeout(r, 500)); console.log(JSON.stringify(b.pipeline.counts));`,
  );
  assert.match(retrying.out, /SPW003 to http:\/\/127\.0\.0\.1:9: UNAVAILABLE: nothing listens/u);
  assert.match(retrying.out, /"queued":1/u, 'it waits for its next attempt');
  assert.ok(retrying.took < 6000, `${retrying.took} ms, of 30 s of attempts`);

  const hanging = createServer(() => {}).listen(0, '127.0.0.1');
  const port = await listening(hanging);
  const flushed = await live(
    `const b = begin({ endpoint: 'http://127.0.0.1:${port}', shutdownTimeout: 300, otlpTimeout: 500 }); b.span(); await b.pipeline.processor.shutdown(); console.log('after', JSON.stringify(b.pipeline.counts));`,
  );
  assert.match(flushed.out, /after .*"failed":1/u);
  hanging.close();
});

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => server.once('listening', () => resolve((server.address() as { port: number }).port)));
}

test('none of these faults left an unhandled rejection', () => {
  assert.equal(rejections, []);
});

test.run();
