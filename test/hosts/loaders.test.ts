// The conformance suite over what runs TypeScript without a build: `--import spanwright/register` on the oldest Node and a new one, with
// TypeScript 5.9 and 7.1 as the parser; and tools that know nothing of this package, where the plain decorator does the work.

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newDirectory, ROOT, write, writeProject } from './conformance/project.js';
import { conformance, execute, LEGACY, NODE24, part, STANDARD, testWith, variant } from './conformance/suite.js';

const installed = (name: string): string => part('loaders/node_modules', name);
const CLASSIC = { typescript: join(ROOT, 'node_modules/typescript') };
const NATIVE = { typescript: part('ts7/node_modules/typescript'), '@typescript': part('ts7/node_modules/@typescript') };
const REGISTERED = ['--import', 'spanwright/register', 'src/main.ts'];

conformance({
  name: `spanwright/register, Node ${process.versions.node}`,
  variants: [LEGACY, STANDARD, variant('legacy', 'esm'), variant('standard', 'commonjs')],
  transforms: true,
  packages: () => CLASSIC,
  build: () => ({ arguments: REGISTERED }),
});

conformance({
  name: 'spanwright/register, Node 24',
  part: '../node24',
  variants: [LEGACY, STANDARD],
  transforms: true,
  packages: () => CLASSIC,
  build: () => ({ command: NODE24, arguments: REGISTERED }),
});

conformance({
  name: 'spanwright/register, TypeScript 7.1',
  part: 'ts7',
  variants: [LEGACY, STANDARD],
  transforms: true,
  packages: () => NATIVE,
  build: () => ({ arguments: REGISTERED }),
});

conformance({
  name: 'tsx alone',
  part: 'loaders',
  variants: [LEGACY, STANDARD],
  transforms: false,
  build: () => ({ arguments: ['--enable-source-maps', '--import', installed('tsx/dist/loader.mjs'), 'src/main.ts'] }),
});

conformance({
  name: 'esbuild alone',
  part: 'loaders',
  variants: [LEGACY, STANDARD],
  transforms: false,
  build(directory, { modules }) {
    const format = modules === 'esm' ? 'esm' : 'cjs';
    const args = ['src/main.ts', '--bundle', '--platform=node', '--packages=external', '--target=es2022', '--sourcemap'];
    execute(directory, installed('.bin/esbuild'), [...args, `--format=${format}`, '--outfile=out/main.js']);
    return { arguments: ['--enable-source-maps', 'out/main.js'] };
  },
});

conformance({
  name: 'swc alone',
  part: 'loaders',
  variants: [LEGACY, variant('standard', 'commonjs')],
  transforms: false,
  build(directory, { decorators }) {
    const kind = decorators === 'legacy' ? '{ legacyDecorator: true }' : "{ decoratorVersion: '2022-03' }";
    write(
      directory,
      'swc.cjs',
      `const { transformFileSync } = require(${JSON.stringify(installed('@swc/core'))});
const { mkdirSync, readdirSync, writeFileSync } = require('node:fs');
mkdirSync('out');
for (const name of readdirSync('src')) {
  const jsc = { target: 'es2022', parser: { syntax: 'typescript', decorators: true }, transform: ${kind} };
  const { code } = transformFileSync('src/' + name, { jsc, module: { type: 'commonjs' }, sourceMaps: 'inline', sourceRoot: '../src' });
  writeFileSync('out/' + name.replace('.ts', '.js'), code);
}`,
    );
    execute(directory, process.execPath, ['swc.cjs']);
    return { arguments: ['--enable-source-maps', 'out/main.js'] };
  },
});

const IN_JITI = `import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { instrument, startTracing } from 'spanwright';
class Work {
  constructor(readonly factor: number) {}
  @instrument({ args: ['job'] }) run(job: number) { return this.factor * job; }
  @instrument static async shared(job: number) { return job; }
  @instrument get half() { return this.factor / 2; }
}
const exporter = new InMemorySpanExporter();
const tracing = await startTracing({ serviceName: 'jiti', enabled: true, exporter });
const [two, three] = [new Work(2), new Work(3)];
const values = [two.run(1), three.run(1), await Work.shared(4), two.half];
await tracing.forceFlush();
console.log('SEEN ' + JSON.stringify({ values, spans: exporter.getFinishedSpans().map(({ name, attributes }) => [name, attributes.job]) }));
await tracing.shutdown();
`;

testWith('loaders')('jiti, whose decorators get the class in place of a descriptor: methods and accessors are recorded', () => {
  const directory = writeProject({ variant: LEGACY, programs: [], packages: {} });
  write(directory, 'src/main.ts', IN_JITI);
  const args = [installed('jiti/lib/jiti-cli.mjs'), 'src/main.ts'];
  const printed = execute(directory, process.execPath, args, { JITI_FS_CACHE: 'false' });
  const line = printed.split('\n').find((one) => one.startsWith('SEEN '));
  assert.ok(line, printed);
  assert.equal(JSON.parse(line.slice('SEEN '.length)), {
    values: [2, 3, 4, 1],
    spans: [
      ['Work.run', 1],
      ['Work.run', 1],
      ['Work.shared', null],
      ['Work.half', null],
    ],
  });
});

function runLoader(
  directory: string,
  entry: string,
  environment: object = {},
): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, ...environment };
  return spawnSync(process.execPath, ['--import', 'spanwright/register', entry], { cwd: directory, encoding: 'utf8', env });
}

test('misuse stops the program with the message and its place; sound code runs', () => {
  const directory = writeProject({ variant: LEGACY, programs: [], packages: CLASSIC });
  const source = `import { instrument } from 'spanwright';\nclass Work { @instrument({ args: ['jbo'] }) run(job: string) { return job; } }\nconsole.log(new Work().run('ran'));\n`;
  write(directory, 'src/work.ts', source);
  const misuse = runLoader(directory, 'src/work.ts');
  assert.is(misuse.status, 1);
  assert.match(misuse.stderr, /src\/work\.ts\(2,\d+\): error TS91001: 'args' names 'jbo'/);
  write(directory, 'src/work.ts', source.replace('jbo', 'job'));
  assert.is(runLoader(directory, 'src/work.ts').stdout, 'ran\n');
});

test('JavaScript, JSON and missing files load or fail as without the loader', () => {
  const directory = writeProject({ variant: LEGACY, programs: [], packages: CLASSIC });
  write(directory, 'src/data.json', '{ "a": 1 }');
  write(directory, 'src/plain.js', 'exports.b = 2;');
  write(directory, 'src/folder/index.ts', 'export const c: number = 3;');
  write(
    directory,
    'src/work.ts',
    `const read = (name: string) => require(name);\nconsole.log(read('./data.json').a, read('./plain').b, read('./folder').c);\ntry { read('./absent'); } catch (error) { console.log((error as { code: string }).code); }\n`,
  );
  const { stdout, stderr } = runLoader(directory, 'src/work.ts');
  assert.is(stdout, '1 2 3\nMODULE_NOT_FOUND\n', stderr);
});

/** Calls the method of each module of the arguments. */
const CALLS = `const { startTracing } = require('spanwright');
const spans = [];
const exporter = { export(ended, done) { spans.push(...ended.map(({ name, attributes }) => name + ' id=' + attributes.id)); done({ code: 0 }); }, async shutdown() {} };
(async () => {
  const tracing = await startTracing({ serviceName: 'keys', enabled: true, exporter });
  for (const file of process.argv.slice(2)) await new (require(file).Service)().get(file);
  await tracing.forceFlush();
  await tracing.shutdown();
  console.log(spans.join('\\n'));
})();
`;

/** Code that TypeScript lowers at ES2018, with a hash-bang, a directive and Windows' line ends; a CommonJS module beside it. */
const LOWERED = {
  'src/main.ts': [
    '#!/usr/bin/env node',
    '"use strict";',
    'import { make } from "./lib.cjs";',
    'function decorate(options: object) { return (target: Function) => {}; }',
    '@decorate({}) class C { static s = 1; static { C.s++; } #p = 1; v(x: unknown) { return true; } get p() { return this.#p; } }',
    'enum E { A }',
    'namespace E { export function parse() { return E.A; } }',
    'function own(this: C, a?: string) { return [this.p, a, arguments.length, own.length]; }',
    'console.log(new C().v(1), C.name, C.s, E.parse(), own.call(new C(), "x"), make(3), make.name, make.inner());',
  ].join('\r\n'),
  'src/lib.cts': `function make(n: number) { return n * 2; }\nnamespace make { export const inner = () => 5; }\nexport = { make };\n`,
};

for (const [line, packages] of Object.entries({ 'TypeScript 5.9': CLASSIC, 'TypeScript 7.1': NATIVE }))
  testWith('ts7')(`auto mode under legacy class decorators at ES2018 changes nothing, ${line}`, () => {
    const compilerOptions = { target: 'ES2018', lib: ['ES2022'], module: 'Node16', moduleResolution: 'Node16' };
    const directory = writeProject({ variant: LEGACY, programs: [], packages, compilerOptions });
    const config = JSON.parse(readFileSync(join(directory, 'tsconfig.json'), 'utf8'));
    config.compilerOptions.plugins[0].auto = [{ files: '**', minLines: 1 }];
    write(directory, 'tsconfig.json', JSON.stringify({ ...config, files: Object.keys(LOWERED), include: [] }));
    for (const [path, text] of Object.entries(LOWERED)) write(directory, path, text);
    const printed = "true C 2 0 [ 1, 'x', 1, 1 ] 6 make 5\n";
    assert.is(execute(directory, process.execPath, ['--import', 'spanwright/register', 'src/main.ts']), printed);
    if (packages === CLASSIC) return;
    execute(directory, process.execPath, [join(ROOT, 'dist/cli/main.js'), 'build']);
    for (const file of ['main.js', 'lib.cjs'])
      assert.match(readFileSync(join(directory, 'out', file), 'utf8'), /spanwright\/emitted/, file);
    assert.is(execute(directory, process.execPath, ['out/main.js']), printed);
  });

testWith('loaders')('a computed name beside `args` is recorded with its arguments under plain TypeScript and tsx', () => {
  const directory = writeProject({ variant: LEGACY, programs: [], packages: CLASSIC });
  const source = `import { instrument } from 'spanwright';
const key = (name: string) => name;
export class Service { @instrument({ args: ['id'] }) async [key('get')](id: string) { return id; } }
`;
  write(directory, 'src/work.ts', source);
  write(directory, 'main.cjs', CALLS);
  const plain = ['legacy', 'standard'].map((kind) => {
    const compilerOptions = {
      ...{ target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS },
      experimentalDecorators: kind === 'legacy',
    };
    write(directory, `out/${kind}.js`, ts.transpileModule(source, { compilerOptions }).outputText);
    return `./out/${kind}.js`;
  });
  const tsx = ['--import', installed('tsx/dist/loader.mjs')];
  for (const [args, files] of [
    [[], plain],
    [tsx, ['./src/work.ts']],
  ] as const) {
    const printed = execute(directory, process.execPath, [...args, 'main.cjs', ...files]);
    for (const file of files) assert.ok(printed.includes(`Service.get id=${file}\n`), printed);
  }
});

test('without any TypeScript, or with 7.0 alone, the message names the package to install', () => {
  // A copy outside of this project, because this project's TypeScript would be found beside it.
  const directory = newDirectory();
  for (const name of ['core', 'hosts', 'print', 'register.js', 'diagnostics.js'])
    cpSync(join(ROOT, 'dist/transformer', name), join(directory, 'copy/transformer', name), { recursive: true });
  for (const name of ['text', 'shared.js'])
    cpSync(join(ROOT, 'dist/runtime', name), join(directory, 'copy/runtime', name), { recursive: true });
  for (const name of ['picomatch', 'magic-string', '@jridgewell'])
    cpSync(join(ROOT, 'node_modules', name), join(directory, 'node_modules', name), { recursive: true });
  write(directory, 'app.ts', 'const a: number = 1;\nconsole.log(a);\n');
  const register = (): string => {
    const args = ['--import', './copy/transformer/register.js', './app.ts'];
    return spawnSync(process.execPath, args, { cwd: directory, encoding: 'utf8' }).stderr;
  };
  assert.match(register(), /Spanwright found no TypeScript at .* install one of these, or .*'@typescript\/typescript6'/);
  if (existsSync(part('ts7', '.stamp'))) {
    symlinkSync(part('ts7/node_modules/typescript-7.0'), join(directory, 'node_modules/typescript'), 'junction');
    assert.match(register(), /Spanwright found TypeScript 7\.0\.2, which has no parser for programs yet at /);
    mkdirSync(join(directory, 'node_modules/@typescript'));
    symlinkSync(join(ROOT, 'node_modules/typescript'), join(directory, 'node_modules/@typescript/typescript6'), 'junction');
    assert.is(register(), '');
  }
});

test.run();
