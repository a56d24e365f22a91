// The three states of the set-up, each in a process of its own: no endpoint (nothing is built), set and off (built, and nothing is
// sent), on. In each, the context of a request passes through to the next service over real HTTP.

import { execFile } from 'node:child_process';
import { createServer as createHttp, type IncomingHttpHeaders } from 'node:http';
import { createServer as createTcp } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Collector } from './collector.js';

const ROOT = join(__dirname, '..', '..');
const TRACE = '1f'.repeat(16);
const PARENT = '2e'.repeat(8);

interface Seen {
  built: boolean;
  recording: boolean;
  /** Modules of the SDK, of exporters and of gRPC that were loaded, and of OpenTelemetry's core before the first context passed. */
  loaded: string[];
  /** Handles that keep the process alive, before and after startTracing(). */
  before: string[];
  after: string[];
  /** Sockets at the end of all calls. */
  sockets: string[];
  provider: string;
  thirdParty: boolean;
  spans: Record<string, number>;
}

/** A service that calls the next one: in between, instrumented code, with the context of the request that it got. */
async function runStates(options: object, next: number, env: NodeJS.ProcessEnv = {}): Promise<Seen> {
  const source = `
    const { startTracing, instrument, inject, extract } = require(${JSON.stringify(join(ROOT, 'dist/runtime/index.js'))});
    const { context, trace } = require('@opentelemetry/api');
    const { get, createServer } = require('node:http');
    const ask = (port, headers) => new Promise((done, fail) => get({ host: '127.0.0.1', port, headers, agent: false }, (r) => r.resume().on('end', done)).on('error', fail));
    const handle = instrument({ name: 'handle' }, async (port) => {
      await new Promise((done) => setTimeout(done, 1));
      const headers = {};
      inject(headers);
      await ask(port, headers);
    });
    (async () => {
      // reads of files, with which modules are loaded, end by themselves
      const resources = () => process.getActiveResourcesInfo().filter((name) => !/^(PipeWrap|TTYWrap|FSReq)/.test(name)).sort();
      await new Promise((done) => setTimeout(done, 20));
      const before = resources();
      const tracing = await startTracing(${JSON.stringify(options)});
      const after = resources();
      const server = createServer((request, response) => {
        context.with(extract(request.headers), () => handle(${next})).then(() => response.end());
      }).listen(0, '127.0.0.1');
      await new Promise((done) => server.once('listening', done));
      const early = Object.keys(require.cache).filter((path) => /opentelemetry.(?!api)/.test(path));
      await ask(server.address().port, { traceparent: '00-${TRACE}-${PARENT}-' + process.env.FLAGS, baggage: 'tenant=a' });
      for (let i = 0; i < 1000; i++) await new Promise((done) => setImmediate(done));
      for (let i = 0; i < 1000; i++) instrument({ name: 'quick' }, () => i)();
      server.close();
      server.closeAllConnections();
      await new Promise((done) => setTimeout(done, 300));
      const third = trace.getTracer('mailer').startSpan('third');
      const thirdParty = third.isRecording();
      third.end();
      await tracing.forceFlush();
      const { built, recording, spans } = tracing.state();
      const loaded = [...early, ...Object.keys(require.cache).filter((path) => /opentelemetry.(?!api|core|semantic)|grpc-js|protobufjs/.test(path))];
      const sockets = resources().filter((name) => /Wrap|TCP/.test(name));
      console.log(JSON.stringify({ built, recording, loaded, before, after, sockets, thirdParty, spans,
        provider: trace.getTracerProvider().getDelegate().constructor.name }));
      await tracing.shutdown();
    })();`;
  const inherited = Object.entries(process.env).filter(([name]) => !/^(OTEL_|SPANWRIGHT_)/.test(name));
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', source], {
    cwd: ROOT,
    timeout: 30_000,
    env: { ...Object.fromEntries(inherited), FLAGS: '00', ...env },
  });
  return JSON.parse(stdout) as Seen;
}

/** The next service: what it was called with. */
async function nextService(): Promise<{ port: number; calls: IncomingHttpHeaders[]; close(): void }> {
  const calls: IncomingHttpHeaders[] = [];
  const server = createHttp((request, response) => {
    calls.push(request.headers);
    response.end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { port: (server.address() as { port: number }).port, calls, close };
}

/** Connections that a Collector gets. */
async function watchedEndpoint(): Promise<{ url: string; connections: () => number; close(): void }> {
  let connections = 0;
  const server = createTcp((socket) => {
    connections++;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, connections: () => connections, close: () => server.close() };
}

test('no endpoint: nothing is built, loaded, opened or scheduled, even when tracing is enabled, and the context passes through', async () => {
  const next = await nextService();
  for (const options of [{}, { enabled: true, serviceName: 'a' }]) {
    const seen = await runStates(options, next.port);
    assert.is(seen.built, false);
    assert.is(seen.recording, false);
    assert.equal(seen.loaded, []);
    assert.equal(seen.after, seen.before);
    assert.equal(seen.sockets, []);
    assert.is(seen.provider, 'NoopTracerProvider');
    assert.is(seen.thirdParty, false);
    assert.is(seen.spans.started, 0);
  }
  assert.is(next.calls.length, 2);
  for (const { traceparent, baggage } of next.calls) {
    assert.is(traceparent, `00-${TRACE}-${PARENT}-00`);
    assert.is(baggage, 'tenant=a');
  }
  next.close();
});

test('an empty endpoint in the environment counts as none, and so does a disabled SDK', async () => {
  const next = await nextService();
  const empty = await runStates({ enabled: true }, next.port, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '' });
  const disabled = await runStates({ enabled: true, endpoint: 'http://127.0.0.1:4317' }, next.port, {
    OTEL_SDK_DISABLED: 'true',
  });
  for (const seen of [empty, disabled]) {
    assert.is(seen.built, false);
    assert.equal(seen.loaded, []);
  }
  assert.equal(
    next.calls.map(({ traceparent }) => traceparent),
    Array(2).fill(`00-${TRACE}-${PARENT}-00`),
  );
  next.close();
});

test('endpoint set, tracing off: the pipeline is built, no package is loaded, no connection is made, the process can end, and the context is propagated', async () => {
  const next = await nextService();
  const endpoint = await watchedEndpoint();
  const seen = await runStates({ endpoint: endpoint.url, scheduleDelay: 10 }, next.port);
  assert.is(seen.built, true);
  assert.is(seen.recording, false);
  assert.equal(seen.loaded, []);
  assert.equal(seen.after, seen.before, "Spanwright's timers do not keep the process alive");
  assert.equal(seen.sockets, []);
  assert.is.not(seen.provider, 'NoopTracerProvider');
  assert.is(seen.thirdParty, false);
  assert.is(seen.spans.started, 0);
  assert.is(endpoint.connections(), 0);
  assert.is(next.calls[0]?.traceparent, `00-${TRACE}-${PARENT}-00`);
  assert.is(next.calls[0]?.baggage, 'tenant=a');
  endpoint.close();
  next.close();
});

test('on: calls are recorded and sent, and the next service becomes part of the same trace', async () => {
  const next = await nextService();
  const collector = await new Collector().start();
  const seen = await runStates({ endpoint: collector.url, enabled: true, scheduleDelay: 10 }, next.port, { FLAGS: '01' });
  assert.is(seen.recording, true);
  assert.ok(seen.loaded.length > 0, 'the search sees what is loaded');
  assert.is(seen.thirdParty, true);
  assert.is(seen.spans.started, 1002);
  assert.is(seen.spans.exported, 1002);
  assert.is(collector.accepted, 1002);
  const [, trace, parent, flags] = String(next.calls[0]?.traceparent).split('-');
  assert.equal([trace, flags], [TRACE, '01']);
  assert.is.not(parent, PARENT);
  assert.is(next.calls[0]?.baggage, 'tenant=a');
  collector.stop();
  next.close();
});

test.run();
