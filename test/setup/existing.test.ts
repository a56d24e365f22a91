// A process that has a tracing set-up already: each mistake is logged once with its remedy, and shutdown() removes only what
// Spanwright registered.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { context, propagation, type TextMapPropagator, type TracerProvider, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { BasicTracerProvider, InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createAdminHandler } from '../../runtime/admin/index.js';
import { createSampler, createSpanProcessor, instrument, startTracing, type TracingOptions } from '../../runtime/index.js';
import { noticesAboutOthers, setNoticeLogger } from '../../runtime/warnings.js';
import { mustSkip } from '../missing.js';

const ROOT = join(__dirname, '..', '..');
let lines: string[] = [];
const withCode = (code: string): string[] => lines.filter((line) => line.includes(code));

test.before.each(() => {
  lines = [];
  setNoticeLogger((_level, line) => lines.push(line));
});
test.after.each(() => {
  setNoticeLogger(undefined);
  for (const api of [trace, context, propagation]) api.disable();
});

test('startTracing() beside a registered provider names the provider and createSampler()', async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new BasicTracerProvider());
  const tracing = await startTracing({ exporter: new InMemorySpanExporter(), enabled: false });
  await tracing.shutdown();
  assert.is(withCode('SPW030').length, 1);
  assert.match(withCode('SPW030')[0] as string, /BasicTracerProvider.*createSampler\(\)/);
});

test('startTracing() alone logs neither notice', async () => {
  const tracing = await startTracing({ exporter: new InMemorySpanExporter(), enabled: false });
  await tracing.shutdown();
  assert.equal([...withCode('SPW016'), ...withCode('SPW030'), ...withCode('SPW034')], []);
});

test('a registered propagator that does not write traceparent is reported with the headers that it writes; one that does is not reported', async () => {
  const sentry = { inject() {}, extract: (given: unknown) => given, fields: () => ['sentry-trace', 'baggage'] };
  propagation.setGlobalPropagator(sentry as unknown as TextMapPropagator);
  await (await startTracing()).shutdown();
  assert.is(withCode('SPW034').length, 1);
  assert.match(withCode('SPW034')[0] as string, /sentry-trace, baggage.*W3CTraceContextPropagator/);
  propagation.disable();
  lines = [];
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  await (await startTracing()).shutdown();
  assert.equal(withCode('SPW034'), []);
});

test('shutdown() leaves a provider, a context manager and a propagator that were registered since', async () => {
  const tracing = await startTracing({ exporter: new InMemorySpanExporter() });
  for (const api of [trace, context, propagation]) api.disable();
  const provider = new BasicTracerProvider();
  const manager = new AsyncLocalStorageContextManager().enable();
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(manager);
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  await tracing.shutdown();
  const registered = trace.getTracerProvider() as TracerProvider & { getDelegate(): TracerProvider };
  assert.is(registered.getDelegate(), provider);
  assert.equal(propagation.fields(), ['traceparent', 'tracestate']);
  const key = Symbol('k');
  context.with(context.active().setValue(key, 1), () => assert.is(context.active().getValue(key), 1));
});

test('shutdown() removes the provider, context manager and propagator that Spanwright registered', async () => {
  const tracing = await startTracing({ exporter: new InMemorySpanExporter() });
  assert.equal(propagation.fields(), ['traceparent', 'tracestate', 'baggage']);
  await tracing.shutdown();
  assert.equal(propagation.fields(), []);
  assert.is(trace.setGlobalTracerProvider(new BasicTracerProvider()), true);
});

test('createSpanProcessor() without createSampler() is logged at the first span; with it, it is not', async () => {
  const provider = new BasicTracerProvider({ spanProcessors: [createSpanProcessor() as never] });
  provider.getTracer('library').startSpan('one').end();
  provider.getTracer('library').startSpan('two').end();
  assert.is(withCode('SPW032').length, 1);
  assert.match(withCode('SPW032')[0] as string, /createSampler\(\)/);
  assert.is(withCode('SPW032')[0], `spanwright: ${noticesAboutOthers().find((line) => line.startsWith('SPW032'))}`);
  lines = [];
  const sampler = createSampler();
  provider.getTracer('library').startSpan('three').end();
  await sampler.tracing.shutdown();
  assert.equal(withCode('SPW032'), []);
});

test('a span that starts after a shutdown does not log that createSampler() is missing', async () => {
  const { tracing } = createSampler();
  const provider = new BasicTracerProvider({ spanProcessors: [createSpanProcessor() as never] });
  await tracing.shutdown();
  provider.getTracer('library').startSpan('late').end();
  assert.equal(withCode('SPW032'), []);
});

test('createSampler() without a provider is logged at the first recorded call', async () => {
  const { tracing } = createSampler({ enabled: true });
  const call = instrument({ namespace: 'x', name: 'call' }, () => 1);
  assert.equal([call(), call()], [1, 1]);
  await tracing.shutdown();
  assert.is(withCode('SPW035').length, 1);
  assert.match(withCode('SPW035')[0] as string, /startTracing\(\)/);
});

test('startTracing({ enabled: true }) without an endpoint is logged once, with the remedy', async () => {
  const started = async (options: TracingOptions): Promise<string[]> => {
    lines = [];
    await (await startTracing(options)).shutdown();
    return withCode('SPW033');
  };
  // cases without a line come first, because a line is repeated only after a minute
  assert.equal(await started({ enabled: true, endpoint: 'nonsense://' }), []);
  assert.is(withCode('SPW002').length, 1);
  for (const silent of [
    {},
    { enabled: true, exporter: new InMemorySpanExporter() },
    { enabled: true, tracesExporter: 'none' as const },
  ])
    assert.equal(await started(silent), []);
  const [line, ...more] = await started({ enabled: true });
  assert.match(line as string, /nothing is recorded.*OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or \[tracing\] otlp_endpoint/);
  assert.equal(more, []);
});

test("the spans of a user's SDK are exported by it, in the state and at the admin hook", async () => {
  const { tracing } = createSampler({ enabled: true });
  assert.is(tracing.state().exportedBy, 'sdk');
  const health = async () => {
    const answer = await createAdminHandler(tracing, { token: 'the-token-for-changes' })(
      new Request('http://127.0.0.1/tracing/health', { headers: { authorization: 'Bearer the-token-for-changes' } }),
    );
    return ((await (answer as Response).json()) as { exporter: { state: string } }).exporter.state;
  };
  assert.is(await health(), 'by your SDK');
  await tracing.shutdown();
  const own = await startTracing({ exporter: new InMemorySpanExporter() });
  assert.is(own.state().exportedBy, 'spanwright');
  await own.shutdown();
  const none = await startTracing();
  assert.is(none.state().exportedBy, 'none');
  await none.shutdown();
});

/** The notices of a program that ends at once. */
function noticesOf(program: string): string {
  const script = `
    const lines = [];
    console.warn = (line) => lines.push(line);
    ${program}
    process.on('exit', () => process.stdout.write(lines.join('\\n')));`;
  return execFileSync(process.execPath, ['-e', script], { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' });
}

const SDK = `
  const { trace } = require('@opentelemetry/api');
  const { BasicTracerProvider } = require('@opentelemetry/sdk-trace-base');
  trace.setGlobalTracerProvider(new BasicTracerProvider());`;
const SITE = `
  const { instrument, createSampler } = require('./dist/runtime/index.js');
  globalThis.held = instrument({ namespace: 'x', name: 'call' }, () => 1);`;

test('instrumented code beside an SDK without createSampler() is logged once, also by a short program', () => {
  const seen = noticesOf(SDK + SITE);
  assert.is(seen.split('SPW031').length, 2, seen);
  assert.match(seen, /BasicTracerProvider.*createSampler\(/);
});

test('instrumented code beside an SDK is logged where startTracing() has no endpoint, and not where it exports', () => {
  const start = (options: string) => noticesOf(`${SDK}${SITE} void require('./dist/runtime/index.js').startTracing(${options});`);
  assert.match(start(''), /SPW031.*startTracing\(\) has no endpoint. Call createSampler\(/);
  assert.not.match(start("{ endpoint: 'http://127.0.0.1:9' }"), 'SPW031');
});

test('nothing is logged with createSampler(), after its shutdown, without an SDK, or without instrumented code', () => {
  assert.not.match(noticesOf(`${SDK}${SITE} createSampler();`), 'SPW031');
  assert.not.match(noticesOf(`${SDK}${SITE} void createSampler().tracing.shutdown();`), 'SPW031', 'a service that ends');
  assert.not.match(noticesOf(SITE), 'SPW031');
  assert.not.match(noticesOf(`${SDK} require('./dist/runtime/index.js');`), 'SPW031');
});

const newer = join(ROOT, '.cache/sdk3/node_modules/@opentelemetry/api');
const withBothLines = mustSkip(existsSync(newer) ? [] : ['sdk2', 'sdk3']) ? test.skip : test;
withBothLines('copies of the API that cannot see each other are logged with their folders', () => {
  const seen = noticesOf(`${SDK}${SITE} require(${JSON.stringify(newer)});`);
  assert.match(seen, /SPW036 .*1\.9\.\d.*1\.10\.\d at .*sdk3.*npm dedupe/);
  const same = join(ROOT, '.cache/sdk2/node_modules/@opentelemetry/api');
  assert.not.match(noticesOf(`${SDK}${SITE} require(${JSON.stringify(same)});`), 'SPW036');
});

test.run();
