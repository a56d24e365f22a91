// limit: 420 s
// A service bundled into one file runs in an empty folder: OTLP over gRPC and HTTP, an exporter in code, createSampler() in an SDK set-up, the
// admin hook, a TOML file, and parts that load optional packages. With each bundler, both kinds of modules, minified and not, with the plugin and without.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isMissing } from '../../runtime/sdk/installed.js';
import { VERSION } from '../../runtime/version.js';
import { isOptionalMissing } from '../../transformer/hosts/own-warnings.js';
import type { ReceivedSpan } from '../../viewer/receiver/decode.js';
import { type HttpReceiver, startHttpReceiver } from '../../viewer/receiver/http.js';
import { type Receiver, startReceiver } from '../../viewer/receiver/receiver.js';
import { bundleOnce } from './built.js';
import { link, newDirectory, ROOT, write } from './conformance/project.js';
import { part, testWith } from './conformance/suite.js';
import { ONE_FILE_BUNDLERS, type OneFile, type OneFileBundler, outputOf } from './one-file.js';

const SERVICE = `import { readdirSync } from 'node:fs';
import { trace } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { createSampler, instrument, startTracing } from 'spanwright';
import { startAdminServer } from 'spanwright/admin';
import { followRedis } from 'spanwright/control';

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

/** Parts that load packages when they are first needed. Nothing listens at the addresses. */
async function optional(): Promise<object> {
  const messageOf = (error: Error) => error.message;
  const { warn } = console;
  const said: string[] = [];
  console.warn = (line: string) => { said.push(line); warn(line); };
  const tracing = await startTracing({ serviceName: 'optional', opampEndpoint: 'ws://127.0.0.1:1/v1/opamp', flightRecorder: '30s' });
  const redis = await followRedis(tracing, 'redis://127.0.0.1:1').then(async (control) => { await control.close(); return 'followed'; }, messageOf);
  const dump = await tracing.dump('bundled');
  for (let round = 0; round < 500 && !said.some((line) => line.includes('opamp')); round++) await new Promise((resolve) => setTimeout(resolve, 10));
  await tracing.shutdown();
  process.env.OTEL_CONFIG_FILE = 'otel.yaml';
  const yaml = await startTracing().then(async (read) => { await read.shutdown(); return 'read'; }, messageOf);
  delete process.env.OTEL_CONFIG_FILE;
  return { redis, yaml, dump: readdirSync('.').some((file) => file.endsWith('-bundled.json')) };
}

async function main(): Promise<object> {
  const overGrpc = await exported('grpc', { endpoint: grpc });
  const overHttp = await exported('http', { endpoint: http, otlpProtocol: 'http/protobuf' });
  const toml = await exported('toml', { configFile: 'tracing.toml' });
  const names: string[] = [];
  const exporter = { export(spans: { name: string }[], done: (result: { code: number }) => void) { names.push(...spans.map(({ name }) => name)); done({ code: 0 }); }, async shutdown() {} };
  const code = { ...(await exported('code', { exporter })), names };
  const lazily = await optional();
  const memory = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(new BasicTracerProvider({ sampler: createSampler({ enabled: true }) as never, spanProcessors: [new SimpleSpanProcessor(memory)] }));
  const sampler = { value: await new Work().run('job'), names: memory.getFinishedSpans().map(({ name }) => name) };
  return { overGrpc, overHttp, toml, code, sampler, optional: lazily };
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

/** A copy of the package is not beside this project's packages: `redis`, `ioredis`, `ws` and `yaml` are missing. */
const lacksOptional = ({ modules, minify, plugin }: OneFile): boolean => modules === 'esm' && minify && plugin;

/** One file in an otherwise empty folder. */
async function bundle(bundler: OneFileBundler, way: OneFile): Promise<string> {
  const directory = newDirectory();
  const packages = ['typescript', ...bundler.packages].map((name) => [name, part('bundlers/node_modules', name)] as const);
  const own = [
    '@opentelemetry',
    ...(lacksOptional(way) ? ['@jridgewell', 'magic-string', 'picomatch', 'smol-toml', 'unplugin'] : []),
  ];
  link(directory, Object.fromEntries([...packages, ...own.map((name) => [name, join(ROOT, 'node_modules', name)] as const)]));
  if (lacksOptional(way)) {
    for (const path of ['package.json', 'dist/runtime', 'dist/transformer'])
      cpSync(join(ROOT, path), join(directory, 'node_modules/spanwright', path), { recursive: true });
  } else link(directory, { spanwright: ROOT });
  write(directory, 'package.json', JSON.stringify({ name: 'bundled', type: way.modules === 'esm' ? 'module' : 'commonjs' }));
  write(directory, 'tsconfig.json', JSON.stringify(TSCONFIG));
  write(directory, 'src/service.ts', SERVICE);
  write(directory, 'build.mjs', bundler.script(way));
  await bundleOnce(directory, bundler);
  const file = outputOf(way);
  const written = readdirSync(join(directory, 'out')).filter((name) => !name.endsWith('.LICENSE.txt'));
  assert.equal(written, [file]);
  const empty = newDirectory();
  cpSync(join(directory, 'out', file), join(empty, file));
  write(empty, 'tracing.toml', `[tracing]\notlp_endpoint = "${grpc.endpoint}"\n`);
  write(empty, 'otel.yaml', 'file_format: "1.1"\n');
  return join(empty, file);
}

interface Seen {
  readonly overGrpc: object;
  readonly overHttp: object;
  readonly toml: object;
  readonly code: { readonly names: string[] };
  readonly sampler: object;
  readonly optional: { readonly redis: string; readonly yaml: string; readonly dump: boolean };
  /** Lines of the log that report a part that failed. */
  readonly warnings: readonly string[];
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
  const warnings = printed.split('\n').filter((one) => /SPW022|SPW023/.test(one));
  return { ...JSON.parse(line.slice('SEEN '.length)), warnings };
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
      const { overGrpc, overHttp, toml, code, sampler, optional, warnings } = await runService(await bundle(bundler, way), title);
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
      assertOptional(optional, warnings, lacksOptional(way));
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

/** An optional package works from the bundle, or one line names it and the service goes on. */
function assertOptional({ redis, yaml, dump }: Seen['optional'], warnings: readonly string[], lacking: boolean): void {
  assert.is(dump, true);
  assert.match(redis, lacking ? /"redis" and "ioredis" .* npm install redis .*bundle/ : /^followed$/);
  assert.match(yaml, lacking ? /"yaml" .* npm install yaml .*bundle/ : /^read$/);
  const opamp = warnings.filter((line) => line.includes('opamp'));
  assert.is(opamp.length, 1, warnings.join('\n'));
  assert.match(opamp[0] as string, lacking ? /"ws".* npm install ws .*bundle/ : /ECONNREFUSED/);
  assert.equal(
    warnings.filter((line) => !/opamp|redis/.test(line)),
    [],
  );
}

test('only a missing optional package of Spanwright itself is left out of the warnings of webpack and Rspack', () => {
  const message = (name: string, folder: string) => ({
    message: `Module not found: Error: Can't resolve '${name}' in '${folder}'`,
  });
  const own = join(ROOT, 'runtime', 'control');
  assert.is(isOptionalMissing(message('redis', own)), true);
  assert.is(isOptionalMissing(message('redis', '/app/src')), false);
  assert.is(isOptionalMissing(message('@grpc/grpc-js', own)), false);
});

test('in a single executable, whose `require` finds built-in modules alone, a package is missing', () => {
  // Node reports a name with this prefix in the same way everywhere
  const [name, other] = ['node:absent', 'node:other'];
  try {
    require(name);
    assert.unreachable();
  } catch (error) {
    assert.is((error as NodeJS.ErrnoException).code, 'ERR_UNKNOWN_BUILTIN_MODULE');
    assert.is(isMissing(error, name), true);
    assert.is(isMissing(error, other), false);
  }
});

test('the version that a bundle carries is that of package.json', () => {
  assert.is(VERSION, JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version);
});

test.run();
