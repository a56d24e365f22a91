// `npm start` of the camera pipeline as built, with nothing but what it brings and the redis-server of this machine: its exit code is the
// verdict of the run, no process outlives it, and the README shows what it prints. UPDATE_README=1 writes the output of this run into it.
// limit: 400 s

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkBatches, checkHead, checkImages, checkTail } from '../../../samples/camera-pipeline/src/drive/checks.js';
import { RunRecord } from '../../../samples/camera-pipeline/src/drive/record.js';
import { createLog } from '../../../samples/camera-pipeline/src/pipeline/log.js';
import { type Receiver, startReceiver } from '../../../viewer/receiver/receiver.js';
import { readLogLine } from '../../../viewer/traces/log-line.js';
import { asReceived, CONVENTIONS, LiveCheck } from '../../real/support/live-check.js';
import { listens } from '../../real/support/program.js';
import { assertNothingLeft, leftBehind } from '../left-behind.js';
import { SHORT_LIVED } from '../node-flags.js';
import { inherited, SAMPLE } from './pipeline.js';

const README = join(SAMPLE, 'README.md');

interface Run {
  readonly code: number | null;
  readonly output: string;
  readonly seconds: number;
  /** Text in the environment of all processes that it started. */
  readonly mark: string;
}

function drive(script: string, env: NodeJS.ProcessEnv = {}, flags: readonly string[] = []): Promise<Run> {
  const begin = performance.now();
  const mark = randomUUID();
  const child = spawn(process.execPath, [...SHORT_LIVED, ...flags, join(SAMPLE, 'build', script)], {
    cwd: SAMPLE,
    env: { ...inherited(), RUN_OF_TEST: mark, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, output, seconds: (performance.now() - begin) / 1000, mark }));
  });
}

/**
 * The part of the output that is the same in all runs: its headings, and which spans the trees hold. The number of spans of a kind changes
 * with the objects that were seen in the first image to raise an alert, and with how many images had come when its batch was closed.
 */
function shapeOf(output: string): string[] {
  const spans = [...output.matchAll(/^[│├└─ ]*(✗ )?(\S+(?: \/\S+)?) {2}[\d.]+ (?:µs|ms|s)(?! {2}\d{3} )(?: {2}(\[[^\]]+\]))?/gm)];
  const headings = [...output.matchAll(/^-- ([^,\n\d]+)/gm)].map(([, heading]) => heading ?? '');
  return [
    ...new Set([...headings, ...spans.map(([, failed = '', name, namespace = '']) => `${failed}${name} ${namespace}`)]),
  ].sort();
}

let run: Run;
/** The same with an endpoint that is configured: a receiver of this test. */
let sent: Run;
let receiver: Receiver;
test.before(async () => {
  receiver = await startReceiver();
  const endpoint = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: receiver.endpoint };
  [run, sent] = await Promise.all([drive('drive/start.js', {}, ['--enable-source-maps']), drive('drive/start.js', endpoint)]);
});
test.after(() => receiver.close());

test('with nothing configured the sample starts a receiver, PostgreSQL and Redis, and all its checks pass', () => {
  assert.is(run.code, 0, run.output);
  assert.match(run.output, /^All as it must be, in [\d.]+ s\.$/m);
  assert.match(run.output, /^25 images: something in \d+, 1 unreadable; \d+ events, [1-9]\d* alerts$/m);
  assert.match(run.output, /^48 images, \d+ sampled$/m);
  assert.match(run.output, /^34 requests, \d+ spans sampled out$/m);
  assert.match(run.output, /✗ Error: the PNG of \d+ bytes is cut off or damaged \(at \S+ \(src\/pipeline\/png\.ts:\d+:\d+\)\)/);
});

test('with an endpoint the spans go there, and the sample reports that it cannot check them', () => {
  assert.is(sent.code, 0, sent.output);
  assert.match(sent.output, /^What arrived at http:\/\/127\.0\.0\.1:\d+ cannot be seen from here/m);
  const services = new Set(receiver.spans.map(({ resource }) => resource.attributes['service.name']));
  assert.equal([...services].sort(), ['analyzer', 'api', 'camera', 'detector', 'event-writer']);
});

(CONVENTIONS === undefined ? test.skip : test)(
  'every attribute is one of the conventions, of Spanwright or of telemetry.yaml, and has the type given there',
  () => {
    assert.ok(receiver.spans.length > 0);
    const check = new LiveCheck([join(SAMPLE, 'telemetry.yaml')]);
    assert.equal(check.spans(receiver.spans.map(asReceived)), []);
  },
);

test('neither run leaves a process behind', async () => {
  const ports = [...run.output.matchAll(/^[\w-]+ +(?:http|postgresql|redis):\/\/\S*?127\.0\.0\.1:(\d+)/gm)].map(([, port]) =>
    Number(port),
  );
  assert.is(ports.length, 9, run.output);
  await assertNothingLeft(run.mark, ports);
  await assertNothingLeft(sent.mark, []);
});

test('the README shows what the sample prints', () => {
  const readme = readFileSync(README, 'utf8');
  const block = /```text\n([\s\S]*?)```/;
  if (process.env.UPDATE_README)
    writeFileSync(
      README,
      readme.replace(block, () => `\`\`\`text\n${run.output.trim()}\n\`\`\``),
    );
  else assert.equal(shapeOf(block.exec(readme)?.[1] ?? ''), shapeOf(run.output));
  assert.ok(shapeOf(run.output).length > 25);
});

test('when the sample is killed, all processes that it started end', async () => {
  const mark = randomUUID();
  const child = spawn(process.execPath, [...SHORT_LIVED, join(SAMPLE, 'build/drive/serve.js')], {
    cwd: SAMPLE,
    env: { ...inherited(), RUN_OF_TEST: mark, INTERVAL_MS: '0', TARGETS_FILE: '/dev/null' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [first] = await once(createInterface({ input: child.stdout }), 'line');
  const { addresses } = JSON.parse(String(first)) as { addresses: Record<string, string> };
  const ports = Object.values(addresses).map((address) => Number(new URL(address).port));
  assert.is(ports.length, 9);
  for (const port of ports) assert.ok(await listens(port), `nothing listens on ${port}`);
  assert.ok((await leftBehind(mark, ports)).length > 0);
  child.kill('SIGKILL');
  await assertNothingLeft(mark, ports);
});

test('without Redis the sample names the package to install, and leaves no process behind', async () => {
  const { code, output } = await drive('drive/start.js', { PATH: '' });
  assert.is(code, 1, output);
  assert.match(output, /Redis is needed, and redis-server cannot be started .*apt-get install redis-server.*REDIS_URL/);
});

test('an invalid rate is refused with its name', async () => {
  const preload = ['--require', join(SAMPLE, 'build/camera/tracing.js')];
  const { code, output } = await drive('camera/main.js', { OTEL_TRACE_SAMPLE_RATE: '1.5' }, preload);
  assert.is(code, 1);
  assert.match(output, /OTEL_TRACE_SAMPLE_RATE="1\.5" is not a number from 0 to 1\./);
});

test('LOG_FORM is logfmt, text or empty; another value ends the start', () => {
  try {
    for (const form of ['logfmt', 'text', '']) {
      process.env.LOG_FORM = form;
      createLog('detector', { write: () => undefined });
    }
    process.env.LOG_FORM = 'json';
    assert.throws(() => createLog('detector', { write: () => undefined }), /LOG_FORM="json" is neither logfmt nor text/);
  } finally {
    delete process.env.LOG_FORM;
  }
});

test('LOG_FORM=text writes columns with the ids between bars, and from-log reads them', () => {
  const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  process.env.LOG_FORM = 'text';
  const lines: string[] = [];
  try {
    const log = createLog('detector', { write: (line: string) => lines.push(line) });
    context.with(trace.setSpanContext(context.active(), ids), () => log.error({ camera: 'garden' }, 'no image'));
    log.info('outside of a trace');
  } finally {
    delete process.env.LOG_FORM;
    context.disable();
  }
  const [line = '', outside = ''] = lines;
  const bars =
    / \| ERROR \| detector \| trace_id=0af7651916cd43dd8448eb211c80319c span_id=b7ad6b7169203331 \| no image camera=garden\n$/;
  assert.match(line, bars);
  assert.match(line, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \| /);
  const read = readLogLine(line.trimEnd());
  assert.equal(typeof read === 'object' && [read.level, read.traceId], ['ERROR', ids.traceId]);
  assert.match(outside, / \| INFO \| detector \| {2}\| outside of a trace\n$/);
  assert.is(readLogLine(outside), 'noTrace');
});

const KEPT = `${'0'.repeat(18)}${'f'.repeat(14)}`;
const LEFT = `${'0'.repeat(31)}1`;

test('the check of the outcome reports each fault in a sentence', () => {
  const record = new RunRecord();
  const span = (fields: object) =>
    record.spans.push({
      parentSpanId: '',
      links: [],
      attributes: {},
      resource: { attributes: { 'service.name': 'camera' } },
      ...fields,
    } as never);
  record.addLog(`service=camera msg="image sent" image=i1 object=person cut_off=false trace_id=${KEPT} trace_flags=01`);
  record.addLog(`service=api msg=request status=200 duration_ms=5 trace_id=${LEFT}`);
  record.addLog(`service=api msg=request status=500 duration_ms=5 trace_id=${'1'.repeat(32)}`);
  const sent = record.logged({ msg: 'image sent' });
  const answered = record.logged({ msg: 'request' });
  assert.equal(checkBatches(record), ['there is no batch']);
  assert.match(checkImages(record, sent)[0] ?? '', /has 0 roots/);
  assert.match(checkHead(record, sent, 0.25)[0] ?? '', /is not there at a rate of 0\.25/);
  assert.match(checkTail(record, answered, 100)[0] ?? '', /status 500, was sampled out/);

  span({ traceId: KEPT, spanId: 'a', name: 'capture' });
  span({ traceId: 'b1', spanId: 'b', name: 'batch_aggregation', links: [{ spanId: 'none' }] });
  span({ traceId: LEFT, spanId: 'c', name: 'GET /events', startTimeUnixNano: '0', endTimeUnixNano: '5000000' });
  assert.match(checkImages(record, sent)[0] ?? '', /does not reach api, detector, analyzer, event-writer/);
  assert.equal(checkBatches(record), ['the batch b1 has wrong links']);
  assert.match(checkTail(record, answered, 100)[0] ?? '', /of 5 ms, status 200, was kept/);
  assert.equal(checkHead(record, sent, 0.25), []);
  assert.match(checkHead(record, answered.slice(0, 1), 0.25)[0] ?? '', /is there at a rate/);
});

test.run();
