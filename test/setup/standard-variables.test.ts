// Exporters and propagators that OpenTelemetry's variables name, in processes of their own.

import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startReceiver } from '../../viewer/receiver/receiver.js';

const ROOT = join(__dirname, '..', '..');
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

/** Runs the body of an async function that has the package as `spanwright`; the last line that it prints is JSON. */
function runProgram(body: string, env: NodeJS.ProcessEnv): { printed: string[]; log: string } {
  const program = `const spanwright = require(${JSON.stringify(join(ROOT, 'dist/runtime/index.js'))});
    (async () => {${body}})();`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', program], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, ...env },
  });
  return { printed: stdout.trim().split('\n'), log: stderr };
}

const PASS = `
  const tracing = await spanwright.startTracing({});
  const received = JSON.parse(process.env.RECEIVED);
  const sent = spanwright.withRemoteContext(received, () => spanwright.inject({}));
  console.log(JSON.stringify(sent));
  await tracing.shutdown();`;

function pass(propagators: string | undefined, received: object): { sent: Record<string, string>; log: string } {
  const env = { RECEIVED: JSON.stringify(received), ...(propagators === undefined ? {} : { OTEL_PROPAGATORS: propagators }) };
  const { printed, log } = runProgram(PASS, env);
  return { sent: JSON.parse(printed.at(-1) ?? '{}'), log };
}

const TRACEPARENT = { traceparent: `00-${TRACE}-${SPAN}-01`, baggage: 'a=1' };
const B3 = `${TRACE}-${SPAN}-1`;

test('passes on W3C trace context and baggage by default', () => {
  assert.equal(pass(undefined, TRACEPARENT), { sent: TRACEPARENT, log: '' });
  assert.equal(pass('baggage, tracecontext', TRACEPARENT).sent, TRACEPARENT);
});

test('reads and writes only what OTEL_PROPAGATORS names', () => {
  assert.equal(pass('tracecontext', TRACEPARENT).sent, { traceparent: TRACEPARENT.traceparent });
  assert.equal(pass('b3', { b3: B3, ...TRACEPARENT }).sent, { b3: B3 });
  assert.equal(pass('b3multi', { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN, 'x-b3-sampled': '1' }).sent, {
    'x-b3-traceid': TRACE,
    'x-b3-spanid': SPAN,
    'x-b3-sampled': '1',
  });
  assert.equal(pass('jaeger', { 'uber-trace-id': `${TRACE}:${SPAN}:0:01` }).sent, { 'uber-trace-id': `${TRACE}:${SPAN}:0:01` });
  assert.equal(pass('tracecontext,b3', { b3: B3 }).sent, { traceparent: TRACEPARENT.traceparent, b3: B3 });
  assert.equal(pass('none', TRACEPARENT).sent, {});
});

test('a propagator whose package is missing is left out with a warning, and an unknown one falls back to the default', () => {
  const missing = pass('tracecontext,xray', TRACEPARENT);
  assert.equal(missing.sent, { traceparent: TRACEPARENT.traceparent });
  assert.match(missing.log, /SPW038 .*OTEL_PROPAGATORS: .*npm install @opentelemetry\/propagator-aws-xray/);
  const unknown = pass('tracecontext,b33', TRACEPARENT);
  assert.equal(unknown.sent, TRACEPARENT);
  assert.match(unknown.log, /SPW038 .*OTEL_PROPAGATORS: has "b33"; expected .*Did you mean "b3"\?/);
});

test('in code a propagator whose package is missing refuses the start', () => {
  const { printed } = runProgram(
    `await spanwright.startTracing({ propagators: ['xray'] }).catch(({ code }) => console.log(JSON.stringify(code)));`,
    {},
  );
  assert.is(printed.at(-1), '"MISSING_PACKAGE"');
});

const RECORD = `
  const tracing = await spanwright.startTracing({ enabled: true });
  spanwright.instrument({ name: 'printed' }, () => {})();
  await tracing.forceFlush();
  console.log(JSON.stringify(tracing.state().built));
  await tracing.shutdown();`;

test('OTEL_TRACES_EXPORTER=console prints spans without an endpoint', () => {
  const { printed } = runProgram(RECORD, { OTEL_TRACES_EXPORTER: 'console' });
  assert.ok(
    printed.some((line) => /name: 'printed'/.test(line)),
    printed.join('\n'),
  );
  assert.is(printed.at(-1), 'true');
});

test('OTEL_TRACES_EXPORTER=none builds nothing, also with an endpoint; otlp does', () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' };
  assert.equal(runProgram(RECORD, { ...endpoint, OTEL_TRACES_EXPORTER: 'none' }).printed, ['false']);
  assert.is(runProgram(RECORD, { ...endpoint, OTEL_TRACES_EXPORTER: 'otlp' }).printed.at(-1), 'true');
});

test('OTEL_EXPORTER_OTLP_TIMEOUT bounds a flush whose Collector never answers', () => {
  const flush = `
    const { createServer } = require('node:net');
    const server = createServer(() => {}).listen(0, '127.0.0.1', async () => {
      const tracing = await spanwright.startTracing({ enabled: true, endpoint: 'http://127.0.0.1:' + server.address().port });
      spanwright.instrument({ name: 'x' }, () => {})();
      const began = performance.now();
      await tracing.forceFlush();
      console.log(JSON.stringify([performance.now() - began, tracing.state().spans.exported]));
      process.exit();
    });`;
  const [taken, exported] = JSON.parse(
    runProgram(flush, { OTEL_EXPORTER_OTLP_TIMEOUT: '300' }).printed.at(-1) ?? '[]',
  ) as number[];
  assert.is(exported, 0);
  assert.ok(taken !== undefined && taken >= 290 && taken < 2500, `${taken} ms`);
});

test('OTEL_EXPORTER_OTLP_INSECURE=true sends in plaintext to an address without a scheme', async () => {
  const receiver = await startReceiver();
  const program = `const spanwright = require(${JSON.stringify(join(ROOT, 'dist/runtime/index.js'))}); (async () => {${RECORD}})();`;
  const address = receiver.endpoint.replace('http://', '');
  for (const [insecure, arrived] of [
    ['false', 0],
    ['true', 1],
  ] as const) {
    await promisify(execFile)(process.execPath, ['-e', program], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, OTEL_EXPORTER_OTLP_ENDPOINT: address, OTEL_EXPORTER_OTLP_INSECURE: insecure },
    });
    assert.is(receiver.spans.length, arrived, `insecure ${insecure}`);
  }
  await receiver.close();
});

test('a malformed variable warns and the service starts', () => {
  const { printed, log } = runProgram(RECORD, {
    OTEL_TRACES_EXPORTER: 'console',
    OTEL_RESOURCE_ATTRIBUTES: 'a=1,lab',
    OTEL_BSP_SCHEDULE_DELAY: 'soon',
  });
  assert.is(printed.at(-1), 'true');
  assert.match(log, /SPW038 .*OTEL_RESOURCE_ATTRIBUTES/);
  assert.match(log, /SPW038 .*OTEL_BSP_SCHEDULE_DELAY/);
});

test.run();
