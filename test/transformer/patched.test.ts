// limit: 240 s
// The same small project through each tool that compiles with ts-patch's compiler, or that loads plugins of its own: ts-jest, ts-loader,
// ts-node, Nest's command. Each is the real tool, from the folder that .ci/setup fills; what it makes is run.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execute, type ProjectSource, type Ran, ROOT, runTool, writeProject } from './compile.js';
import { keepPatchedCompiler } from './patched-compiler.js';

const FOLDER = join(ROOT, '.cache', 'hosts', 'patched');
const MODULES = join(FOLDER, 'node_modules');
if (!existsSync(MODULES)) throw new Error(`${MODULES} is missing: run \`bash .ci/setup\` first`);
keepPatchedCompiler(FOLDER);

const COMPILER = { compiler: 'ts-patch/compiler' };

const FILES = {
  'src/store.ts': `import { instrument } from 'spanwright';
export class Store {
  @instrument({ args: ['id'] })
  find(id: string) { return id; }
}
`,
  'src/api/order.ts': `import { instrument } from 'spanwright';
import { Store } from '../store';

@instrument
export class Orders {
  async place(id: string) { return new Store().find(id); }
  fail(why: string): never { const told: string = why; throw new Error(told); }
}
export const plan = instrument((count: number) => count + 1);
`,
  'src/work.ts': `import { startTracing } from 'spanwright';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { Orders, plan } from './api/order';

export async function work(): Promise<unknown[]> {
  let place: unknown;
  try { new Orders().fail('no'); } catch (error) { place = /order\\.ts:(\\d+:\\d+)/.exec((error as Error).stack ?? '')?.[1]; }
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ serviceName: 'test', enabled: true, exporter });
  await new Orders().place('o-1');
  plan(1);
  await tracing.forceFlush();
  const told: unknown[] = exporter.getFinishedSpans().map(({ name, attributes: a }) => [name, a['code.namespace'], a['code.file.path'], a['code.line.number'], a.id]);
  await tracing.shutdown();
  return [...told, place];
}
`,
  'src/run.ts': `import { work } from './work';
void work().then((told) => console.log(JSON.stringify(told)));
`,
};

/** A value that is not there has become null in JSON. */
const EXPECTED = [
  ['Store.find', 'carbide::store::Store', 'src/store.ts', 4, 'o-1'],
  ['Orders.place', 'carbide::api::order::Orders', 'src/api/order.ts', 6, null],
  ['plan', 'carbide::api::order', 'src/api/order.ts', 9, null],
  // Place at which the error was created, by the source map.
  '7:62',
];

function project(more: Partial<ProjectSource> & { files?: Record<string, string> } = {}): string {
  return writeProject({
    below: FOLDER,
    plugin: { namespace: 'carbide' },
    ...more,
    compilerOptions: { experimentalDecorators: true, declaration: false, ...more.compilerOptions },
    files: { ...FILES, ...more.files },
  });
}

function tool(directory: string, script: string, ...args: string[]): Ran {
  const ran = runTool(directory, join(MODULES, script), ...args);
  assert.is(ran.status, 0, ran.stdout + ran.stderr);
  return ran;
}

function told({ status, stdout, stderr }: Ran): unknown {
  assert.is(status, 0, stderr);
  return JSON.parse(stdout.trim().split('\n').at(-1) as string);
}

for (const isolatedModules of [false, true]) {
  test(`ts-jest, ${isolatedModules ? 'file by file' : 'with types'}: every file of a run is transformed`, () => {
    const settings = { preset: undefined, testEnvironment: 'node', transform: { '^.+\\.ts$': ['ts-jest', COMPILER] } };
    const directory = project({
      compilerOptions: { isolatedModules, types: ['node', 'jest'] },
      package: { jest: { ...settings, cacheDirectory: '<rootDir>/jest-cache' } },
      files: {
        'src/work.test.ts': `import { work } from './work';
declare const test: Function, expect: any;
test('spans', async () => { expect(JSON.parse(JSON.stringify(await work()))).toEqual(${JSON.stringify(EXPECTED)}); });
`,
        'src/second.test.ts': `import { Store } from './store';
declare const test: Function, expect: any;
test('prologue', () => { expect(new Store().find('x')).toBe('x'); expect(String(Store.prototype.find)).toMatch('if ($w&&$w('); });
`,
      },
    });
    const ran = tool(directory, 'jest/bin/jest.js', '--ci', '--runInBand', '--no-watchman');
    assert.match(ran.stderr, /Tests: +2 passed, 2 total/);
  });
}

const LOADER = (transpileOnly: boolean): string => `module.exports = {
  mode: 'production',
  target: 'node',
  devtool: 'source-map',
  entry: './src/run.ts',
  output: { path: __dirname + '/out', filename: 'run.js' },
  resolve: { extensions: ['.ts', '.js'] },
  externals: [/^spanwright/, /^@opentelemetry/].map((name) => ({ request }, done) => (name.test(request) ? done(null, 'commonjs ' + request) : done())),
  module: { rules: [{ test: /\\.ts$/, loader: 'ts-loader', options: { compiler: 'ts-patch/compiler', transpileOnly: ${transpileOnly} } }] },
};`;

for (const transpileOnly of [false, true]) {
  test(`ts-loader in webpack, ${transpileOnly ? 'file by file' : 'with types'}, minified`, () => {
    const directory = project({ files: { 'webpack.config.js': LOADER(transpileOnly), 'build.js': BUILD } });
    assert.is(execute(directory, 'build.js').stderr, '');
    assert.equal(told(execute(directory, 'out/run.js')), EXPECTED);
  });
}

/** webpack's command is a package of its own; its API is what it calls. */
const BUILD = `require('webpack')(require('./webpack.config.js'), (error, stats) => {
  if (error || stats.hasErrors()) { console.error(error || stats.toString()); process.exitCode = 1; }
});`;

for (const transpileOnly of [false, true]) {
  test(`ts-node, ${transpileOnly ? 'file by file' : 'with types'}`, () => {
    const options = transpileOnly ? ['--transpile-only'] : [];
    const ran = tool(project(), 'ts-node/dist/bin.js', '--compiler', COMPILER.compiler, ...options, 'src/run.ts');
    assert.equal(told(ran), EXPECTED);
  });
}

test("Nest's command takes the plugin by name, with options", () => {
  const nest = {
    sourceRoot: 'src',
    entryFile: 'run',
    compilerOptions: { plugins: [{ name: 'spanwright/transformer', options: { namespace: 'carbide' } }] },
  };
  const directory = project({ plugin: null, files: { 'nest-cli.json': JSON.stringify(nest) } });
  tool(directory, '@nestjs/cli/bin/nest.js', 'build');
  assert.equal(told(execute(directory, 'out/run.js')), EXPECTED);
});

test("misuse is printed by Nest's command, at the token", () => {
  const nest = { sourceRoot: 'src', compilerOptions: { plugins: ['spanwright/transformer'] } };
  const files = {
    'nest-cli.json': JSON.stringify(nest),
    'src/store.ts': FILES['src/store.ts'].replace("['id']", "['identity']"),
  };
  const ran = tool(project({ plugin: null, files }), '@nestjs/cli/bin/nest.js', 'build');
  assert.match(ran.stdout + ran.stderr, /store\.ts.*3.*TS91001/s);
});

test('without the plugin the same project records less', () => {
  const ran = tool(
    project({ plugin: null }),
    'ts-node/dist/bin.js',
    '--compiler',
    COMPILER.compiler,
    '--transpile-only',
    'src/run.ts',
  );
  const spans = told(ran) as unknown[][];
  assert.is(spans.length, EXPECTED.length);
  for (const span of spans.slice(0, -1)) assert.is(span[2], null);
});

test.run();
