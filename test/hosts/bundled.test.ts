// limit: 420 s
// A service bundled into one file runs in an empty folder: OTLP over gRPC and HTTP, an exporter in code, createSampler() in an SDK set-up, the
// admin hook, a TOML file. With each bundler, both kinds of modules, minified and not, with the plugin and without.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { VERSION } from '../../runtime/version.js';
import type { ReceivedSpan } from '../../viewer/receiver/decode.js';
import { type HttpReceiver, startHttpReceiver } from '../../viewer/receiver/http.js';
import { type Receiver, startReceiver } from '../../viewer/receiver/receiver.js';
import { bundleOnce } from './built.js';
import { link, newDirectory, ROOT, write } from './conformance/project.js';
import { part, testWith } from './conformance/suite.js';
import { ONE_FILE_BUNDLERS, type OneFile, type OneFileBundler, outputOf } from './one-file.js';

const SERVICE = `import { trace } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { createSampler, instrument, startTracing } from 'spanwright';
import { startAdminServer } from 'spanwright/admin';

const [service, grpc, http] = process.argv.slice(2);

class Work {
  @instrument({ args: ['job'] })
  async run(job: string): Promise<string> { return 'ran ' + job; }
}

async function exported(way: string, options: object): Promise<object> {
  const tracing = await startTracing({ serviceName: \`\${service} \${way}\`, ...options });
  const admin = await startAdminServer({ tracing, port: 0, token: 'a-token-of-thirty-two-characters' });
  const change = { method: 'PUT', headers: { authorization: 'Bearer a-token-of-thirty-two-characters', 'content-type': 'application/json' }, body: '{"enabled":true,"for":"1m"}' };
  const { status } = await fetch(admin.url + '/enabled', change);
  const page = await (await fetch(admin.url)).text();
  const value = await new Work().run('job');
  await tracing.forceFlush();
  await admin.close();
  await tracing.shutdown();
  return { status, page: /<!doctype html>/i.test(page), value };
}

async function main(): Promise<object> {
  const overGrpc = await exported('grpc', { endpoint: grpc });
  const overHttp = await exported('http', { endpoint: http, otlpProtocol: 'http/protobuf' });
  const toml = await exported('toml', { configFile: 'tracing.toml' });
  const names: string[] = [];
  const exporter = { export(spans: { name: string }[], done: (result: { code: number }) => void) { names.push(...spans.map(({ name }) => name)); done({ code: 0 }); }, async shutdown() {} };
  const code = { ...(await exported('code', { exporter })), names };
  const memory = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(new BasicTracerProvider({ sampler: createSampler({ enabled: true }) as never, spanProcessors: [new SimpleSpanProcessor(memory)] }));
  const sampler = { value: await new Work().run('job'), names: memory.getFinishedSpans().map(({ name }) => name) };
  return { overGrpc, overHttp, toml, code, sampler };
}

main().then((seen) => console.log('SEEN ' + JSON.stringify(seen)));
`;
const TSCONFIG = {
  compilerOptions: {
    target: 'ES2022',
    module: 'ESNext',
    moduleResolution: 'bundler',
    experimentalDecorators: true,
    plugins: [{ transform: 'spanwright/transformer', namespace: 'bundled' }],
  },
  include: ['src'],
};

const eachWay = testWith('bundlers');

let grpc: Receiver;
let http: HttpReceiver;
const httpSpans: ReceivedSpan[] = [];
test.before(async () => {
  grpc = await startReceiver();
  http = await startHttpReceiver('127.0.0.1', 0, (spans) => httpSpans.push(...spans));
});
test.after(async () => {
  await grpc?.close();
  await http?.close();
});

/** One file in an otherwise empty folder. */
async function bundle(bundler: OneFileBundler, way: OneFile): Promise<string> {
  const directory = newDirectory();
  const packages = ['typescript', ...bundler.packages].map((name) => [name, part('bundlers/node_modules', name)] as const);
  link(directory, {
    spanwright: ROOT,
    '@opentelemetry': join(ROOT, 'node_modules/@opentelemetry'),
    ...Object.fromEntries(packages),
  });
  write(directory, 'package.json', JSON.stringify({ name: 'bundled', type: way.modules === 'esm' ? 'module' : 'commonjs' }));
  write(directory, 'tsconfig.json', JSON.stringify(TSCONFIG));
  write(directory, 'src/service.ts', SERVICE);
  write(directory, 'build.mjs', bundler.script(way));
  await bundleOnce(directory, bundler);
  const file = outputOf(way);
  const empty = newDirectory();
  cpSync(join(directory, 'out', file), join(empty, file));
  write(empty, 'tracing.toml', `[tracing]\notlp_endpoint = "${grpc.endpoint}"\n`);
  return join(empty, file);
}

interface Seen {
  readonly overGrpc: object;
  readonly overHttp: object;
  readonly toml: object;
  readonly code: { readonly names: string[] };
  readonly sampler: object;
}

/** Runs the service in its folder; answers with what it printed. */
async function runService(file: string, service: string): Promise<Seen> {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, ...env } = process.env;
  const child = spawn(process.execPath, [file, service, grpc.endpoint, http.endpoint], { cwd: dirname(file), env });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (printed += data));
  const [status] = await once(child, 'close');
  const line = printed.split('\n').find((one) => one.startsWith('SEEN '));
  assert.is(status, 0, printed.slice(0, 2000));
  assert.ok(line, printed.slice(0, 2000));
  return JSON.parse(line.slice('SEEN '.length));
}

const spansOf = (spans: readonly ReceivedSpan[], service: string): ReceivedSpan[] =>
  spans.filter(({ resource }) => resource.attributes['service.name'] === service);

/** esbuild in every way; the others as people use them: minified with the plugin, and ES modules without either. */
const EVERY_WAY: readonly OneFile[] = [true, false].flatMap((plugin) =>
  [true, false].flatMap((minify) => (['commonjs', 'esm'] as const).map((modules) => ({ modules, minify, plugin }))),
);
const waysOf = ({ name }: OneFileBundler): readonly OneFile[] =>
  EVERY_WAY.filter(({ modules, minify, plugin }) => name === 'esbuild' || (plugin ? minify : !minify && modules === 'esm'));

for (const bundler of ONE_FILE_BUNDLERS)
  for (const way of waysOf(bundler)) {
    const { modules, minify, plugin } = way;
    const title = `${bundler.name}, ${modules}, ${minify ? 'minified' : 'not minified'}, ${plugin ? 'with' : 'without'} the plugin`;
    eachWay(`${title}: one file runs alone`, async () => {
      const { overGrpc, overHttp, toml, code, sampler } = await runService(await bundle(bundler, way), title);
      const common = { status: 200, page: true, value: 'ran job' };
      assert.equal([overGrpc, overHttp, toml], [common, common, common]);
      const arrived = [
        spansOf(grpc.spans, `${title} grpc`),
        spansOf(httpSpans, `${title} http`),
        spansOf(grpc.spans, `${title} toml`),
      ];
      for (const spans of arrived) {
        assert.is(spans.length, 1);
        assertSpan(spans[0] as ReceivedSpan, { plugin, minify });
      }
      const { names, ...rest } = code;
      assert.equal(rest, common);
      assert.match(names.join(), /^([\w$]+\.)?run$/);
      assert.equal(sampler, { value: 'ran job', names });
    });
  }

/** The plugin's record survives the minifier; without it the text of the function has other names. */
function assertSpan({ name, attributes }: ReceivedSpan, { plugin, minify }: { plugin: boolean; minify: boolean }): void {
  if (plugin) {
    assert.is(name, 'Work.run');
    assert.is(attributes['code.file.path'], 'src/service.ts');
  } else assert.match(name, /run$/);
  assert.is(attributes.job, plugin || !minify ? 'job' : undefined);
}

test('the version that a bundle carries is that of package.json', () => {
  assert.is(VERSION, JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version);
});

test.run();
