// Instrumented calls beside the tracers that services have: Sentry 9, 10 and 11, dd-trace 5 and 6 with its OpenTelemetry provider, and
// auto-instrumentations-node by --require and --import. The package is installed as packed. .ci/setup installs the parts; a missing
// part is a printed skip, on a build server a failure.
// limit: 300 s

import { execFile } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Receiver, startReceiver } from '../../viewer/receiver/receiver.js';
import { Consumer } from '../package/consumer.js';
import { CACHE, findPart } from '../real/support/program.js';

const executeFile = promisify(execFile);
const packer = new Consumer();
let tarball = process.env.SPANWRIGHT_TARBALL ?? '';

/** Folder of the part, with the package and the programs in it. */
async function prepare(part: string): Promise<string> {
  tarball ||= (await packer.pack()).path;
  const folder = join(CACHE, part);
  cpSync(join(__dirname, 'programs'), folder, { recursive: true });
  const flags = ['--no-save', '--no-package-lock', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  // Sentry 9 brings SDK 1, which the optional peers refuse; the SDK is Sentry's own there
  if (part === 'sentry9') flags.push('--legacy-peer-deps');
  await executeFile('npm', ['install', ...flags, tarball], { cwd: folder, timeout: 120_000 });
  return folder;
}

// biome-ignore lint/suspicious/noExplicitAny: each test knows what its program prints
async function lastLine(folder: string, args: readonly string[], env: Record<string, string> = {}): Promise<any> {
  const options = { cwd: folder, timeout: 60_000, env: { ...process.env, ...env } };
  const { stdout } = await executeFile(process.execPath, args, options).catch((error: { signal?: string; stdout: string }) => {
    if (error.signal === 'SIGTERM' && error.stdout !== '') return error;
    throw error;
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

interface Node {
  readonly name: string;
  readonly spanId: string;
  readonly parent: string;
}

/** `name < parent` of each span, in the order of names. */
function tree(spans: readonly Node[]): string[] {
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  return spans.map(({ name, parent }) => (names.has(parent) ? `${name} < ${names.get(parent)}` : name)).sort();
}

const UNDER_REQUEST = ['GET /', 'db query < inner', 'failing < GET /', 'hand < inner', 'inner < work', 'work < GET /'];

for (const part of ['sentry9', 'sentry10', 'sentry11']) {
  const test = suite(part);
  const one = findPart(`${part}/node_modules`) === undefined ? test.skip : test;
  let folder = '';
  one('installs beside it', async () => {
    folder = await prepare(part);
  });

  for (const [flag, rootTree] of [
    ['off', []],
    ['on', ['db query < inner', 'hand < inner', 'inner < work', 'work']],
  ] as const) {
    one(`flag ${flag}: one tree with Sentry's spans, its ids, attributes, errors and baggage`, async () => {
      const { transactions, seen, counts } = await lastLine(folder, ['sentry.cjs', flag, 'with']);
      const request = transactions.find(({ name }: { name: string }) => name === 'GET /');
      const root = { name: 'GET /', spanId: request.spanId, parent: '' };
      assert.equal(tree([root, ...request.spans]), UNDER_REQUEST);
      assert.equal([request.traceId, request.spanId], [seen.root.traceId, seen.root.spanId]);
      const span = (name: string) => request.spans.find((each: Node) => each.name === name);
      assert.is(span('work').data.id, 7);
      assert.is(span('work').data.team, 'core');
      assert.is(span('failing').data['error.type'], 'TypeError');
      assert.is.not(span('failing').status, 'ok');
      assert.is(seen.active, 'work');
      assert.is(seen.baggage, 'acme');
      assert.ok(seen.injected['sentry-trace'].startsWith(`${request.traceId}-${span('work').spanId}`));
      const other = transactions.find(({ name }: { name: string }) => name === 'work');
      assert.equal(other === undefined ? [] : tree([{ ...other, parent: '' }, ...other.spans]), rootTree);
      const begun = transactions.filter(({ name }: { name: string }) => name === 'undecided');
      assert.is(begun.length, flag === 'on' ? 2 : 0, 'Sentry continues or starts a trace that nobody has decided about');
      assert.is(begun.filter(({ traceId }: { traceId: string }) => traceId === '1f'.repeat(16)).length, flag === 'on' ? 1 : 0);
      assert.equal([counts.open, counts.started, counts.ended], flag === 'on' ? [0, 7, 7] : [0, 3, 3]);
    });
  }

  one('without createSampler() Sentry keeps what it had', async () => {
    const { transactions } = await lastLine(folder, ['sentry.cjs', 'off', 'without']);
    const request = transactions.find(({ name }: { name: string }) => name === 'GET /');
    assert.equal(tree([{ name: 'GET /', spanId: request.spanId, parent: '' }, ...request.spans]), [
      'GET /',
      'db query < GET /',
      'hand < GET /',
    ]);
  });
  test.run();
}

for (const part of ['datadog5', 'datadog6']) {
  const test = suite(part);
  const one = findPart(`${part}/node_modules`) === undefined ? test.skip : test;
  let folder = '';
  one('installs beside it', async () => {
    folder = await prepare(part);
  });
  for (const flag of ['off', 'on']) {
    one(`flag ${flag}: spans of dd-trace and of OpenTelemetry inside a call are its children`, async () => {
      const { spans, seen, counts } = await lastLine(folder, ['datadog.cjs', flag]);
      const trace = spans[0].trace;
      const request = spans.filter((span: { trace: string }) => span.trace === trace);
      assert.equal(tree(request), UNDER_REQUEST);
      const span = (name: string) => request.find((each: Node) => each.name === name);
      assert.is(span('work').data.id, 7);
      assert.is(span('work').data.team, 'core');
      assert.equal([span('failing').error, span('failing').data['error.type']], [1, 'TypeError']);
      assert.match(span('failing').data['error.message'], 'broken');
      assert.equal([seen.active, seen.baggage], ['work', 'acme']);
      assert.match(seen.injected.traceparent, `${trace.padStart(16, '0')}-${span('work').spanId}-0`);
      const rest = tree(spans.filter((each: { trace: string }) => each.trace !== trace));
      assert.equal(rest, flag === 'on' ? ['db query < inner', 'hand < inner', 'inner < work', 'work'] : ['db query', 'hand']);
      assert.equal([counts.open, counts.started, counts.ended], flag === 'on' ? [0, 5, 5] : [0, 3, 3]);
    });
  }
  test.run();
}

const auto = suite('auto');
const one = findPart('auto/node_modules') === undefined ? auto.skip : auto;
let folder = '';
let receiver: Receiver;
one('installs beside it', async () => {
  folder = await prepare('auto');
  receiver = await startReceiver();
});
auto.after(async () => {
  await receiver?.close();
  packer.remove();
});

for (const how of ['--require', '--import']) {
  for (const [flag, below, alone] of [
    ['off', ['GET < GET', 'failing < GET', 'hand < inner', 'inner < work', 'work < GET'], ['hand']],
    [
      'on',
      ['GET < GET', 'failing < GET', 'hand < inner', 'inner < work', 'work < GET'],
      ['hand < inner', 'inner < work', 'work'],
    ],
    ['none', ['GET < GET', 'hand < GET'], ['hand']],
  ] as const) {
    one(
      `${how}, ${flag === 'none' ? 'without createSampler()' : `flag ${flag}`}: one tree through the SDK's exporter`,
      async () => {
        receiver.clear();
        const { counts } = await lastLine(folder, [how, '@opentelemetry/auto-instrumentations-node/register', 'auto.cjs', flag], {
          OTEL_TRACES_EXPORTER: 'otlp',
          OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
          OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
          OTEL_METRICS_EXPORTER: 'none',
          OTEL_LOGS_EXPORTER: 'none',
          OTEL_NODE_RESOURCE_DETECTORS: 'none',
          OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http',
        });
        const spans = receiver.spans.map(({ name, spanId, parentSpanId }) => ({ name, spanId, parent: parentSpanId }));
        const server = receiver.spans.find(({ kind }) => kind === 'server');
        const same = spans.filter((_, index) => receiver.spans[index]?.traceId === server?.traceId);
        assert.equal(
          tree(same).filter((line) => line !== 'GET'),
          below,
        );
        assert.equal(tree(spans.filter((each) => !same.includes(each))), alone);
        if (flag === 'none') return assert.is(counts, null);
        const failing = receiver.spans.find(({ name }) => name === 'failing');
        assert.equal([failing?.status.code, failing?.attributes['error.type']], ['error', 'TypeError']);
        assert.equal(
          failing?.events.map(({ name }) => name),
          ['exception'],
        );
        assert.is(receiver.spans.find(({ name }) => name === 'work')?.attributes.id, 7);
        assert.equal([counts.open, counts.started], flag === 'on' ? [0, 5] : [0, 3]);
      },
    );
  }
}
auto.run();
