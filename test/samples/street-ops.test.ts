// The sample street-ops as its users start it: over a real Jaeger behind the real Collector, filled by the breakfix pipeline, and over the
// embedded receiver alone. Its exit code says that every recipe answered what it must; here is looked at what it printed, and at the recipes
// that need a Collector. Missing parts are a printed skip, on a build server a failure.
// limit: 400 s

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseAllDocuments } from 'yaml';
import { invoke } from '../cli/invoke.js';
import { openShop } from '../cli/traces/shop.js';
import { PROJECT } from '../house/sources.js';
import { flattenTrace, JAEGER, JaegerServer } from '../real/support/jaeger-server.js';
import { CONVENTIONS, LiveCheck } from '../real/support/live-check.js';
import { BATCH, forwardTo, OTELCOL, OtelCollector } from '../real/support/otel-collector.js';
import type { FlatSpan } from '../real/support/otlp-json.js';
import { until } from '../real/support/program.js';
import { SHORT_LIVED } from './node-flags.js';

const test = suite('street-ops');
const real = JAEGER === undefined || OTELCOL === undefined ? test.skip : test;

const QUESTIONS = [
  'from-log',
  'errors',
  'slow',
  'show',
  'find',
  'spike',
  'map',
  'broken',
  'verify',
  'verify',
  'broken',
  'sampling',
];

/** Runs the sample as built; variables of the shell that configure tracing are left out. */
async function runSample(env: Record<string, string>): Promise<{ code: number; output: string }> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(OTEL_|SPANWRIGHT_|DATABASE_URL$|LOG_FILE$)/.test(name));
  const script = join(PROJECT, 'samples/street-ops/build/drive/start.js');
  const child = spawn(process.execPath, [...SHORT_LIVED, script], {
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [code] = await once(child, 'close');
  return { code, output };
}

/** A list is its JSON in Jaeger's storage. */
function withLists(span: FlatSpan): FlatSpan {
  const unpacked = Object.entries(span.attributes).map(([key, value]) => [
    key,
    /^\["|^\[\]$/.test(String(value)) ? JSON.parse(String(value)) : value,
  ]);
  return { ...span, attributes: Object.fromEntries(unpacked) };
}

function checkOutput({ code, output }: { code: number; output: string }): void {
  assert.is(code, 0, output);
  assert.equal(
    [...output.matchAll(/^\$ npx spanwright traces (\S+)/gm)].map(([, recipe]) => recipe),
    QUESTIONS,
  );
  assert.is(output.match(/^# in a cluster: kubectl .+\n\$ npx spanwright traces /gm)?.length, QUESTIONS.length);
  assert.match(output, /janitor: janitor\.rebootnode\.reboot_session/);
  assert.match(output, /^It stops after intake, at POST .*; next: dispatch$/m);
  assert.match(output, /All as it must be, in [\d.]+ s\.\n$/);
}

real('over a real Jaeger behind a Collector: every recipe answers what it must, and the Collector is healthy', async () => {
  const jaeger = await JaegerServer.start();
  const collector = await OtelCollector.start({
    processors: BATCH,
    exporters: forwardTo(jaeger.url),
    file: false,
    metrics: true,
  });
  try {
    const jaegerUrl = jaeger.api.replace(/\/api$/, '');
    checkOutput(await runSample({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collector.url, SPANWRIGHT_JAEGER_URL: jaegerUrl }));
    const health = () => invoke(['traces', 'collector', collector.metricsUrl, '--json']);
    const counts = async () => JSON.parse((await health()).out).counts;
    assert.ok((await counts()).accepted > 100);
    // what came last may still be in a batch
    await until(async () => {
      const { sent, accepted } = await counts();
      return sent === accepted;
    }, 'the Collector has sent on all that it took');
    const { code, out } = await health();
    assert.is(code, 0, out);
    if (CONVENTIONS !== undefined) {
      const registries = ['breakfix-pipeline', 'street-ops'].map((name) => join(PROJECT, 'samples', name, 'telemetry.yaml'));
      const traces = await Promise.all((await jaeger.services()).map((service) => jaeger.traces(service)));
      const spans = traces.flat().flatMap(flattenTrace).map(withLists);
      assert.ok(spans.length > 100);
      assert.equal(new LiveCheck(registries).spans(spans), []);
    }
    const services = (await jaeger.services()).sort();
    for (const name of ['dispatch', 'intake', 'janitor', 'node-drainer']) assert.ok(services.includes(name), services.join());
  } finally {
    await collector.remove();
    await jaeger.stop();
  }
});

test('the recipes work over the embedded receiver alone, which implements the API of Jaeger', async () => {
  checkOutput(await runSample({}));
});

/** Variables of Jaeger's container in jaeger.yaml, with its volume at `folder`. */
function storageOfManifest(folder: string): Record<string, string> {
  const documents = parseAllDocuments(readFileSync(join(PROJECT, 'samples/street-ops/jaeger.yaml'), 'utf8'));
  const ofKind = (kind: string) => documents.map((one) => one.toJS()).find((one) => one.kind === kind);
  const [deployment, service] = [ofKind('Deployment'), ofKind('Service')];
  const [container] = deployment.spec.template.spec.containers;
  assert.equal(
    container.ports.map(({ containerPort }: { containerPort: number }) => containerPort),
    service.spec.ports.map(({ port }: { port: number }) => port),
  );
  assert.equal(service.spec.selector, deployment.spec.template.metadata.labels);
  const [{ mountPath }] = container.volumeMounts;
  const variables: { name: string; value: string }[] = container.env;
  return Object.fromEntries(variables.map(({ name, value }) => [name, value.replace(mountPath, folder)]));
}

real('jaeger.yaml keeps traces in Badger beyond a restart, and deletes them after their time to live', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwright-badger-'));
  const storage = storageOfManifest(folder);
  assert.equal([storage.SPAN_STORAGE_TYPE, storage.BADGER_EPHEMERAL], ['badger', 'false']);
  let jaeger = await JaegerServer.start(storage);
  try {
    const kept = await openShop([jaeger.url]);
    const found = async (id: string): Promise<number> => (await jaeger.trace(id))?.spans.length ?? 0;
    await until(async () => (await found(kept.traces.whole)) === 6, 'the trace is stored');
    await jaeger.stop();
    jaeger = await JaegerServer.start({ ...storage, BADGER_SPAN_STORE_TTL: '2s' });
    assert.is(await found(kept.traces.whole), 6, 'after the restart');
    const find = ['traces', 'find', 'db.system.name=postgresql', '--json', '--jaeger', jaeger.api.replace(/\/api$/, '')];
    assert.is(JSON.parse((await invoke(find)).out).traces[0]?.traceId, kept.traces.whole);
    const short = await openShop([jaeger.url]);
    await until(async () => (await found(short.traces.whole)) === 6, 'the second trace is stored');
    await until(async () => (await found(short.traces.whole)) === 0, 'the second trace is deleted');
    assert.is(await found(kept.traces.whole), 6, 'a trace keeps the time to live that it was stored with');
  } finally {
    await jaeger.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the commands for a cluster that read a pipe work', () => {
  const piped = (input: string, ...args: string[]): string =>
    execFileSync('sh', ['-c', 'cat | "$@" 2>&1', 'sh', process.execPath, join(PROJECT, 'dist/cli/main.js'), 'traces', ...args], {
      input,
      encoding: 'utf8',
    });
  const config = readFileSync(join(PROJECT, 'samples/infra-controller/collector/shared.yaml'), 'utf8');
  assert.match(piped(config, 'sampling', '-'), /traces with status ERROR/);
  const line = '[pod/a/b] 2026-11-29T09:44:29.0Z\tinfo\tservice.go:282\tEverything is ready.\t{}\n';
  assert.match(piped(line, 'collector', '--log', '-'), /Healthy\./);
  const log = `{"level":"warn","msg":"x"}\n{"level":"info","msg":"y","trace_id":"${'a'.repeat(32)}"}\n`;
  assert.match(piped(log, 'from-log', '--level', 'warn'), /^None of 2 lines is of level warn or above and has a trace_id\./);
});

test('an incomplete configuration is refused with the setting to add, and nothing is started', async () => {
  const { code, output } = await runSample({ SPANWRIGHT_JAEGER_URL: 'http://127.0.0.1:16686' });
  assert.is(code, 1);
  assert.match(output, /set both, for your own Jaeger, or neither/);
  assert.not.match(output, /npx spanwright/);
});

test.run();
