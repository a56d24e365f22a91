// Resource of a process: OpenTelemetry's own detectors compared with what they find when asked directly, the time of their run,
// their precedence, and detectors that throw, reject or never answer.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { context, propagation, trace } from '@opentelemetry/api';
import { hostDetector, osDetector, processDetector, serviceInstanceIdDetector } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfiguration } from '../../runtime/config/load.js';
import type { TracingOptions } from '../../runtime/config/options.js';
import { buildResource } from '../../runtime/export/resource.js';
import { instrument, startTracing } from '../../runtime/index.js';
import type { ReadableSpan, Resource, ResourceDetector } from '../../runtime/sdk/contracts.js';

interface Built {
  readonly resource: Resource;
  readonly lines: string[];
}

function build(options: TracingOptions, env: NodeJS.ProcessEnv = {}, limitMillis?: number): Built {
  const lines: string[] = [];
  const { configuration } = loadConfiguration({ options, env, cwd: __dirname });
  const parts = limitMillis === undefined ? {} : { limitMillis };
  return { resource: buildResource(configuration, (code, detail) => lines.push(`${code} ${detail}`), parts), lines };
}

/** The awaited work must not keep a process alive; here the test does. */
async function settle(resource: Resource): Promise<void> {
  const hold = setInterval(() => {}, 1000);
  await resource.waitForAsyncAttributes?.();
  clearInterval(hold);
}

/** All attributes, once what has to be waited for is there. */
async function found(options: TracingOptions, env: NodeJS.ProcessEnv = {}): Promise<Record<string, unknown>> {
  const { resource } = build(options, env);
  await settle(resource);
  assert.is(resource.asyncAttributesPending, false);
  return { ...resource.attributes };
}

const STANDARD = { host: hostDetector, os: osDetector, process: processDetector, serviceinstance: serviceInstanceIdDetector };

/** Answers of OpenTelemetry's detectors, asked directly. */
async function standard(...names: (keyof typeof STANDARD)[]): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  for (const name of names) {
    for (const [key, value] of Object.entries(STANDARD[name].detect().attributes ?? {})) {
      const settled = await value;
      if (settled !== undefined) all[key] = settled;
    }
  }
  return all;
}

const OF_THE_SDK = [
  'telemetry.sdk.language',
  'telemetry.sdk.name',
  'telemetry.sdk.version',
  'telemetry.distro.name',
  'telemetry.distro.version',
  'service.name',
];

function withoutSdk(attributes: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).filter(([key]) => !OF_THE_SDK.includes(key)));
}

test('by default all standard detectors are asked, and the command line is left out', async () => {
  const expected = await standard('host', 'os', 'process', 'serviceinstance');
  assert.ok(Array.isArray(expected['process.command_args']), 'the detector says it');
  delete expected['process.command_args'];
  const attributes = await found({});
  assert.equal(withoutSdk(attributes), expected);
  assert.is(attributes['service.name'], 'unknown_service:node');
  assert.is(attributes['telemetry.sdk.language'], 'nodejs');
  const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8'));
  for (const of of ['sdk', 'distro']) {
    assert.is(attributes[`telemetry.${of}.name`], 'spanwright', 'what made the spans');
    assert.is(attributes[`telemetry.${of}.version`], version);
  }
  assert.is(attributes['process.pid'], process.pid);
  assert.match(String(attributes['service.instance.id']), /^[0-9a-f-]{36}$/u);
});

test('detects the attributes that NodeSDK with all its detectors does, except the command line', async () => {
  process.env.OTEL_NODE_RESOURCE_DETECTORS = 'all';
  const sdk = new NodeSDK({
    metricReaders: [],
    logRecordProcessors: [],
    spanProcessors: [
      {
        onStart: () => {},
        onEnd: () => {},
        forceFlush: async () => {},
        shutdown: async () => {},
      },
    ],
  });
  sdk.start();
  // NodeSDK keeps its resource to itself; its type does not name it
  const { _resource: resource } = sdk as unknown as { _resource: Resource };
  await settle(resource);
  const theirs = { ...resource.attributes };
  await sdk.shutdown();
  delete process.env.OTEL_NODE_RESOURCE_DETECTORS;
  for (const api of [trace, context, propagation]) api.disable();
  const ours = await found({});
  assert.equal(
    Object.keys(theirs).filter((key) => !(key in ours)),
    ['process.command_args'],
  );
  assert.equal(
    Object.keys(ours).filter((key) => !(key in theirs)),
    ['telemetry.distro.name', 'telemetry.distro.version'],
  );
});

for (const [value, names] of [
  ['none', []],
  ['host', ['host']],
  ['os,serviceinstance', ['os', 'serviceinstance']],
  ['env', []],
  ['all', ['host', 'os', 'process', 'serviceinstance']],
] as const) {
  test(`OTEL_NODE_RESOURCE_DETECTORS=${value} asks ${names.join(', ') || 'none of them'}`, async () => {
    const expected = await standard(...names);
    delete expected['process.command_args'];
    assert.equal(withoutSdk(await found({}, { OTEL_NODE_RESOURCE_DETECTORS: value })), expected);
  });
}

test('configured attributes have precedence over detected ones, and the service name over both, also without detectors', async () => {
  const options: TracingOptions = {
    serviceName: 'carbide-api',
    serviceVersion: '1.2.3',
    resource: { 'service.name': 'hidden', team: 'dc', 'host.name': 'mine', 'process.command_args': ['named'] },
  };
  for (const resourceDetectors of ['all', 'none']) {
    const attributes = await found({ ...options, resourceDetectors }, { OTEL_RESOURCE_ATTRIBUTES: 'rack=7,team=other' });
    assert.is(attributes['service.name'], 'carbide-api');
    assert.is(attributes['service.version'], '1.2.3');
    assert.is(attributes['host.name'], 'mine');
    assert.is(attributes.team, 'dc');
    assert.is(attributes.rack, '7');
    assert.equal(attributes['process.command_args'], ['named']);
    assert.is('os.type' in attributes, resourceDetectors === 'all');
  }
  assert.not.ok('service.version' in (await found({})));
});

/** A detector of another package, which counts its calls. */
function cloud(detect: ResourceDetector['detect']): ResourceDetector & { asked: number } {
  const detector = {
    asked: 0,
    detect: () => {
      detector.asked++;
      return detect();
    },
  };
  return detector;
}

test('detectors of other packages have precedence over the standard ones, and configured attributes over both', async () => {
  const detector = cloud(() => ({
    attributes: {
      'host.name': 'from the cloud',
      'cloud.region': 'detected',
      'cloud.zone': Promise.resolve('b'),
      'cloud.nothing': undefined,
    },
  }));
  const attributes = await found({ extraResourceDetectors: [detector], resource: { 'cloud.region': 'configured' } });
  assert.is(attributes['host.name'], 'from the cloud');
  assert.is(attributes['cloud.region'], 'configured');
  assert.is(attributes['cloud.zone'], 'b');
  assert.not.ok('cloud.nothing' in attributes);
  assert.is(detector.asked, 1);
});

test('pending attributes are absent until they are detected, and reading them causes no warning', async () => {
  let answer = (_: string): void => {};
  const late = new Promise<string>((resolve) => (answer = resolve));
  const { resource, lines } = build({ extraResourceDetectors: [cloud(() => ({ attributes: { zone: late, plain: 1 } }))] });
  assert.is(resource.attributes.plain, 1);
  assert.is(resource.attributes.zone, undefined);
  assert.is(resource.asyncAttributesPending, true);
  answer('b');
  await settle(resource);
  assert.is(resource.attributes.zone, 'b');
  assert.is(resource.merge(null).attributes.zone, 'b');
  assert.ok(resource.getRawAttributes().some(([key, value]) => key === 'zone' && value === 'b'));
  assert.equal(lines, []);
});

test('a detector that throws, rejects, returns an invalid value or never settles is logged and left out; the others apply', async () => {
  const broken: [string, ResourceDetector['detect'], RegExp][] = [
    [
      'throws',
      () => {
        throw new TypeError('no metadata');
      },
      /SPW023 extraResourceDetectors\[0\]: TypeError: no metadata/,
    ],
    ['rejects', () => ({ attributes: { a: Promise.reject(new Error('refused')) } }), /\[0\]: Error: refused/],
    [
      'throws what cannot be shown',
      () => {
        throw Object.create(null);
      },
      /\[0\]: something that cannot be shown/,
    ],
    ['answers nonsense', () => undefined as never, /SPW023 extraResourceDetectors\[0\]: TypeError/],
    [
      'never answers',
      () => ({ attributes: { a: new Promise<string>(() => {}) } }),
      /SPW023 some detectors had not answered after 30 ms/,
    ],
  ];
  for (const [what, detect, said] of broken) {
    const good = cloud(() => ({ attributes: { good: true, 'good.late': Promise.resolve(1) } }));
    const { resource, lines } = build({ extraResourceDetectors: [{ detect }, good] }, {}, 30);
    await settle(resource);
    assert.is(resource.asyncAttributesPending, false, what);
    assert.is(resource.attributes.good, true, what);
    assert.is(resource.attributes['good.late'], 1, what);
    assert.is(resource.attributes['process.pid'], process.pid, what);
    assert.not.ok('a' in resource.attributes, what);
    assert.is(lines.length, 1, what);
    assert.match(lines[0] as string, said);
  }
});

test('attributes detected after the limit are used from then on', async () => {
  let answer = (_: string): void => {};
  const late = new Promise<string>((resolve) => (answer = resolve));
  const { resource } = build({ extraResourceDetectors: [cloud(() => ({ attributes: { zone: late } }))] }, {}, 10);
  await settle(resource);
  assert.is(resource.attributes.zone, undefined);
  answer('b');
  await late;
  await new Promise((resolve) => setImmediate(resolve));
  assert.is(resource.attributes.zone, 'b');
});

const work = instrument({ name: 'work' }, () => 1);

function sink(): { sent: ReadableSpan[]; exporter: TracingOptions['exporter'] } {
  const sent: ReadableSpan[] = [];
  const exporter: TracingOptions['exporter'] = {
    export: (spans, done) => {
      sent.push(...spans);
      done({ code: 0 });
    },
    shutdown: async () => {},
  };
  return { sent, exporter };
}

test('while tracing is off no detector runs; the first export runs each once and carries their attributes', async () => {
  const detector = cloud(() => ({ attributes: { zone: new Promise((resolve) => setTimeout(resolve, 20, 'b')) } }));
  const { sent, exporter } = sink();
  const tracing = await startTracing({ exporter, scheduleDelay: 10, extraResourceDetectors: [detector] });
  work();
  await tracing.forceFlush();
  assert.is(detector.asked, 0);
  tracing.setEnabled(true);
  work();
  await tracing.forceFlush();
  work();
  await tracing.forceFlush();
  assert.is(detector.asked, 1);
  assert.equal(
    sent.map(({ resource }) => (resource as Resource).attributes.zone),
    ['b', 'b'],
  );
  await tracing.shutdown();
});

test("an application's span processor gets spans at once: the standard detectors hold nothing back", async () => {
  const memory = new InMemorySpanExporter();
  const processor = new SimpleSpanProcessor(memory);
  const tracing = await startTracing({ enabled: true, spanProcessors: [processor as never] });
  work();
  assert.is(memory.getFinishedSpans().length, 1);
  assert.is(memory.getFinishedSpans()[0]?.resource.attributes['process.pid'], process.pid);
  await tracing.shutdown();
});

test("an application's span processor waits for detectors of other packages, as it does in an SDK set-up", async () => {
  let answer = (_: string): void => {};
  const zone = new Promise<string>((resolve) => (answer = resolve));
  const memory = new InMemorySpanExporter();
  const processor = new SimpleSpanProcessor(memory);
  const extraResourceDetectors = [cloud(() => ({ attributes: { zone } }))];
  const tracing = await startTracing({ enabled: true, spanProcessors: [processor as never], extraResourceDetectors });
  work();
  assert.is(memory.getFinishedSpans().length, 0);
  answer('b');
  await tracing.forceFlush();
  assert.equal(
    memory.getFinishedSpans().map(({ resource }) => resource.attributes.zone),
    ['b'],
  );
  await tracing.shutdown();
});

test('a detector that never answers does not hold a shutdown, and the spans are sent without it', async () => {
  const detector = cloud(() => ({ attributes: { zone: new Promise<string>(() => {}) } }));
  const { sent, exporter } = sink();
  const tracing = await startTracing({ exporter, enabled: true, extraResourceDetectors: [detector], shutdownTimeout: 60_000 });
  work();
  const begun = performance.now();
  await tracing.shutdown();
  const took = performance.now() - begun;
  assert.is(sent.length, 1);
  assert.is(tracing.state().spans.exported, 1);
  assert.ok(took < 1900, `shutdown took ${took} ms; the detectors' own limit is 2000`);
});

test.run();
