// Export over TLS and mutual TLS, by https:// and the certificate keys; over HTTP with protobuf; and the packages that do it.

import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createSecureServer } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerCredentials } from '@grpc/grpc-js';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfiguration } from '../../runtime/config/load.js';
import type { TracingOptions } from '../../runtime/config/options.js';
import { ConfigurationError } from '../../runtime/errors.js';
import { buildPipeline, type Pipeline } from '../../runtime/export/pipeline.js';
import { buildResource } from '../../runtime/export/resource.js';
import { makeCertificates } from './certificates.js';
import { Collector, countSpans } from './collector.js';

const files = makeCertificates();
test.after(() => files.remove());
const chain = [{ cert_chain: files.read('server', 'crt'), private_key: files.read('server', 'key') }];

async function sendOne(options: TracingOptions, env: NodeJS.ProcessEnv = {}): Promise<{ pipeline: Pipeline; lines: string[] }> {
  const lines: string[] = [];
  const { configuration } = loadConfiguration({ options: { shutdownTimeout: 3000, ...options }, env, cwd: __dirname });
  const pipeline = buildPipeline(configuration, (code, detail) => lines.push(`${code} ${detail}`));
  if (!pipeline) throw new Error(`not built: ${lines}`);
  const provider = new BasicTracerProvider({
    resource: buildResource(configuration, () => {}) as never,
    spanProcessors: [pipeline.processor as never],
  });
  provider.getTracer('t').startSpan('one').end();
  await pipeline.processor.shutdown();
  const end = Date.now() + 20_000;
  while (pipeline.counts.failed > 0 && lines.length === 0 && Date.now() < end)
    await new Promise((resolve) => setTimeout(resolve, 10));
  return { pipeline, lines };
}

test.after.each(() => Collector.stopAll());

test('https:// exports over TLS to a server with a certificate of the configured authority, also when a standard variable names it', async () => {
  const collector = await new Collector().start(0, ServerCredentials.createSsl(null, chain));
  const endpoint = `https://localhost:${collector.port}`;
  await sendOne({ endpoint, otlpCertificate: files.path('ca', 'crt') });
  assert.is(collector.accepted, 1);
  await sendOne({ endpoint }, { OTEL_EXPORTER_OTLP_CERTIFICATE: files.path('ca', 'crt') });
  assert.is(collector.accepted, 2);
  const untrusted = await sendOne({ endpoint });
  assert.is(collector.accepted, 2);
  assert.is(untrusted.pipeline.counts.failed, 1);
  assert.match(untrusted.lines[0] as string, /SPW003 .*the certificate of localhost:\d+ is not accepted/u);
  collector.stop();
});

test('mutual TLS needs the client certificate, and its absence is reported', async () => {
  const collector = await new Collector().start(0, ServerCredentials.createSsl(files.read('ca', 'crt'), chain, true));
  const options = { endpoint: `https://localhost:${collector.port}`, otlpCertificate: files.path('ca', 'crt') };
  await sendOne({ ...options, otlpClientCertificate: files.path('client', 'crt'), otlpClientKey: files.path('client', 'key') });
  assert.is(collector.accepted, 1);
  const without = await sendOne(options);
  assert.is(collector.accepted, 1);
  assert.match(without.lines[0] as string, /demands a client certificate/u);
  collector.stop();
});

test('https:// to a plaintext port fails with the URL to write, and nothing is sent in plaintext', async () => {
  const collector = await new Collector().start();
  const { pipeline, lines } = await sendOne({ endpoint: `https://127.0.0.1:${collector.port}` });
  assert.is(pipeline.counts.failed, 1);
  assert.match(lines[0] as string, /does not speak TLS; write http:\/\/127\.0\.0\.1/u);
  assert.is(collector.requests, 0);
  collector.stop();
});

/** The message of the error with which the set-up refuses the options. */
function refusalOf(options: TracingOptions): string {
  const { configuration } = loadConfiguration({ options: { endpoint: 'https://c:4317', ...options }, env: {}, cwd: __dirname });
  try {
    buildPipeline(configuration, () => {});
  } catch (error) {
    assert.instance(error, ConfigurationError);
    return (error as ConfigurationError).message;
  }
  return 'nothing is refused';
}

test('a certificate file that cannot be read stops the set-up with its key and path, instead of trusting others', () => {
  const message = 'otlp_certificate: the file /no/such.pem cannot be read (ENOENT); expected a PEM file.';
  assert.is(refusalOf({ otlpCertificate: '/no/such.pem' }), message);
});

test('a certificate or key that never ends stops the set-up with its key and the reason', () => {
  if (process.platform === 'win32') return;
  const pipe = `${files.path('ca', 'crt')}.pipe`;
  execFileSync('mkfifo', [pipe]);
  const [crt, key] = [files.path('client', 'crt'), files.path('client', 'key')];
  for (const path of [pipe, '/dev/zero'])
    for (const [name, options] of [
      ['otlp_certificate', { otlpCertificate: path }],
      ['otlp_client_certificate', { otlpClientCertificate: path, otlpClientKey: key }],
      ['otlp_client_key', { otlpClientCertificate: crt, otlpClientKey: path }],
    ] as const) {
      const message = `${name}: the file ${path} cannot be read (it is not a regular file); expected a PEM file.`;
      assert.is(refusalOf(options), message);
    }
});

for (const [what, key, options, reason] of [
  ['an authority that is no PEM', 'otlp_certificate', { otlpCertificate: __filename }, /it holds no PEM/u],
  ['an authority that is a key', 'otlp_certificate', { otlpCertificate: files.path('ca', 'key') }, /PEM/u],
  [
    'a client certificate that is no PEM',
    'otlp_client_certificate',
    { otlpClientCertificate: __filename, otlpClientKey: files.path('client', 'key') },
    /no PEM/u,
  ],
  [
    'a key that is a certificate',
    'otlp_client_key',
    { otlpClientCertificate: files.path('client', 'crt'), otlpClientKey: files.path('client', 'crt') },
    /PEM/u,
  ],
  [
    'a key of another certificate',
    'otlp_client_key',
    { otlpClientCertificate: files.path('client', 'crt'), otlpClientKey: files.path('server', 'key') },
    /key values mismatch/u,
  ],
] as const) {
  test(`${what} fails the set-up with its key and path, not the first export`, () => {
    const message = refusalOf(options);
    assert.ok(message.startsWith(`${key}: the file /`), message);
    assert.match(message, reason);
    assert.ok(message.includes('; expected '), message);
  });
}

for (const [what, name, remedy] of [
  ['has expired', 'expired', /CERT_HAS_EXPIRED\); it has expired: renew it at the Collector/u],
  ['is for another name', 'elsewhere', /ALTNAME_INVALID\); it is for other names: write one of them in otlp_endpoint/u],
] as const) {
  for (const protocol of ['grpc', 'http/protobuf'] as const) {
    test(`a server certificate that ${what} is logged with its remedy, over ${protocol}`, async () => {
      const server = createSecureServer({ allowHTTP1: true, cert: files.read(name, 'crt'), key: files.read(name, 'key') });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      const { pipeline, lines } = await sendOne({
        endpoint: `https://localhost:${port}`,
        otlpProtocol: protocol,
        otlpCertificate: files.path('ca', 'crt'),
      });
      assert.is(pipeline.counts.failed, 1);
      assert.match(lines[0] as string, remedy);
      server.close();
    });
  }
}

test('a client certificate that the server refuses is reported as refused, not as missing', async () => {
  const collector = await new Collector().start(0, ServerCredentials.createSsl(files.read('ca', 'crt'), chain, true));
  const { pipeline, lines } = await sendOne({
    endpoint: `https://localhost:${collector.port}`,
    otlpCertificate: files.path('ca', 'crt'),
    otlpClientCertificate: files.path('expired', 'crt'),
    otlpClientKey: files.path('expired', 'key'),
  });
  assert.is(pipeline.counts.failed, 1);
  assert.is(collector.requests, 0);
  assert.match(lines[0] as string, /refuses our client certificate \([^)]+\); correct or renew what otlp_client_certificate/u);
  collector.stop();
});

test('gzip makes the request smaller on the wire and arrives as the same spans', async () => {
  const collector = await new Collector().start();
  await sendOne({ endpoint: collector.url, otlpCompression: 'gzip' });
  assert.is(collector.accepted, 1);
  assert.is(countSpans(collector.bodies[0] as Buffer), 1);
  collector.stop();
});

async function body(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

test('OTLP over HTTP posts protobuf to the path of traces, with the headers', async () => {
  const seen: { url?: string | undefined; token: unknown; spans: number }[] = [];
  const server: Server = createServer(async (request, response) => {
    seen.push({ url: request.url, token: request.headers['x-token'], spans: countSpans(await body(request)) });
    response.end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const { pipeline } = await sendOne({
    endpoint: `http://127.0.0.1:${port}`,
    otlpProtocol: 'http/protobuf',
    otlpHeaders: { 'x-token': 'abc' },
  });
  assert.equal(seen, [{ url: '/v1/traces', token: 'abc', spans: 1 }]);
  assert.is(pipeline.counts.exported, 1);
  server.close();
  server.closeAllConnections();
});

/** Runs a script where only some packages are installed: the runtime is copied beside a node_modules of its own. */
function runWith(packages: readonly string[], script: string): { out: string; errors: string } {
  const root = join(__dirname, '..', '..');
  const folder = mkdtempSync(join(tmpdir(), 'spanwright-packages-'));
  try {
    cpSync(join(root, 'runtime'), join(folder, 'runtime'), { recursive: true });
    cpSync(join(root, 'package.json'), join(folder, 'package.json'));
    for (const name of packages) {
      const target = join(folder, 'node_modules', name);
      mkdirSync(join(target, '..'), { recursive: true });
      symlinkSync(join(root, 'node_modules', name), target, 'junction');
    }
    const tsx = require.resolve('tsx/cjs');
    const { stdout, stderr } = spawnSync(process.execPath, ['--preserve-symlinks', '--require', tsx, '-e', script], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, NODE_PATH: '' },
    });
    return { out: stdout, errors: stderr };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const BUILD = `
  const { loadConfiguration } = require('./runtime/config/load.ts');
  const { buildPipeline } = require('./runtime/export/pipeline.ts');
  const build = (options) => buildPipeline(loadConfiguration({ options, env: {} }).configuration, () => {});
  const sdk = () => Object.keys(require.cache).filter((path) => /opentelemetry.(resources|sdk|exporter|otlp|core)|grpc-js|protobufjs/.test(path)).length;`;

test('a dependency that is missing is reported with the line that installs it, and the spans count as failed', () => {
  const script = `
    const { startTracing } = require('./runtime/index.ts');
    const { trace } = require('@opentelemetry/api');
    (async () => {
      const tracing = await startTracing({ enabled: true, endpoint: 'http://127.0.0.1:9', resourceDetectors: 'none' });
      trace.getTracer('t').startSpan('s').end();
      await tracing.shutdown();
      console.log(JSON.stringify(tracing.state().spans));
    })();`;
  const resources = ['resources', 'core', 'semantic-conventions'].map((name) => `@opentelemetry/${name}`);
  const { out, errors } = runWith(['@opentelemetry/api', 'smol-toml', ...resources], script);
  assert.match(errors, /SPW003 .*otlp-exporter-base, a dependency of spanwright that cannot be found\. Run: npm install/u);
  assert.match(errors, /SPW006 .*: 1 span at shutdown/u);
  assert.match(out, /"exported":0,"failed":1/u);
});

test('without an endpoint no package of the SDK is loaded, and with one no exporter before the first export', () => {
  const { out } = runWith(['@opentelemetry/api', 'smol-toml'], `${BUILD} console.log(build({ enabled: true }), sdk());`);
  assert.is(out, 'null 0\n');
  const root = join(__dirname, '..', '..');
  const run = (script: string): string =>
    execFileSync(process.execPath, ['--require', 'tsx/cjs', '-e', `${BUILD} ${script}`], { cwd: root, encoding: 'utf8' });
  assert.is(run('build({}); console.log(sdk());'), '0\n');
  assert.is(run(`build({ endpoint: 'http://c:4317' }); console.log(sdk());`), '0\n');
  const on = run(`build({ endpoint: 'http://c:4317', enabled: true }); setTimeout(() => console.log(sdk()), 1500);`);
  assert.ok(Number(on) > 100, `the count sees the packages once they are loaded: ${on}`);
});

test.run();
