// limit: 300 s
// `--import spanwright/auto` and `spanwright/register` over services without a decorator and without a build: TypeScript that Node could strip
// itself, JavaScript as CommonJS and as ES modules, and installed packages by name, on four lines of Node; the packages in bundles, too. What is
// planted is switched on by namespace, by place and by package.

import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { stepOnce } from './built.js';
import { link, newDirectory, ROOT, write } from './conformance/project.js';
import { execute, NODE24, part, testWith } from './conformance/suite.js';

const NODES = [
  { version: process.versions.node, node: process.execPath, declare: test },
  { version: '22', node: part('node22/node_modules/.bin/node'), declare: testWith('node22') },
  { version: '24', node: NODE24, declare: testWith('node24') },
  { version: '26', node: part('node26/node_modules/.bin/node'), declare: testWith('node26') },
];

const TRACING = `const names = [];
const exporter = { export(spans, done) { names.push(...spans.map(({ attributes }) => attributes['code.function.name'] + '@' + attributes['code.file.path'])); done({ code: 0 }); }, async shutdown() {} };
async function record(work) {
  const tracing = await startTracing({ serviceName: 'shop', enabled: true, exporter });
  await work();
  await tracing.forceFlush();
  await tracing.shutdown();
  console.log(JSON.stringify(names.sort()));
}
`;
const ORDERS = `export class Orders {
  async place(item: string): Promise<number> { return price(item) + connect('url').query('select 1'); }
}
export function price(item: string): number { return item.length; }
export const half = (value: number): number => value / 2;
`;
const typesOff = (text: string): string => text.replace(/: (Promise<number>|string|number)/g, '');

const SERVICES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  typescript: {
    'package.json': '{ "name": "shop", "type": "module", "dependencies": { "spanwright": "*", "pgx": "*" } }',
    'tsconfig.json': '{ "compilerOptions": { "target": "ES2022", "module": "NodeNext" } }',
    'orders.ts': `import { connect } from 'pgx';\n${ORDERS}`,
    'main.ts': `// @ts-nocheck\nimport { startTracing } from 'spanwright';\nimport { half, Orders } from './orders.ts';\n${TRACING}await record(async () => half(await new Orders().place('pear')));\n`,
  },
  esm: {
    'package.json': '{ "name": "shop", "type": "module", "dependencies": { "spanwright": "*", "pgx": "*" } }',
    'orders.js': `import { connect } from 'pgx';\n${typesOff(ORDERS)}`,
    'main.js': `import { startTracing } from 'spanwright';\nimport { half, Orders } from './orders.js';\n${TRACING}await record(async () => half(await new Orders().place('pear')));\n`,
  },
  commonjs: {
    'package.json': '{ "name": "shop", "dependencies": { "spanwright": "*", "pgx": "*" } }',
    'orders.js': `const { connect } = require('pgx');\n${typesOff(ORDERS)
      .replace(/export /g, '')
      .replace(/const half = (.*);/, 'module.exports = { Orders, half: $1 };')}`,
    'main.js': `const { startTracing } = require('spanwright');\nconst { half, Orders } = require('./orders');\n${TRACING}record(async () => half(await new Orders().place('pear')));\n`,
  },
};
/** Long enough to be recorded by default; the other function of the package is not. */
const CHECKS = `if (typeof url !== 'string') throw new TypeError('expected a URL, found ' + typeof url);
  const [protocol, rest = ''] = url.split('://');
  if (rest !== '' && protocol !== 'pgx') throw new RangeError('expected pgx://, found ' + protocol);`;
const PACKAGE = {
  'package.json': '{ "name": "pgx", "main": "lib/client.js" }',
  'lib/client.js': `class Client { query(sql) { return sql.length; } }\nexports.connect = function (url) { ${CHECKS} return new Client(); };\nexports.Client = Client;\n`,
};

function service(kind: string, tsconfig?: object): string {
  const directory = newDirectory();
  const names = ['esbuild', 'rollup', '@rollup', 'rolldown', '@rolldown', '@rspack', 'vite', 'webpack', '@farmfe'].map(
    (name) => [name, part('bundlers/node_modules', name)] as const,
  );
  const typescript = join(ROOT, 'node_modules/typescript');
  link(directory, {
    spanwright: ROOT,
    typescript,
    '@opentelemetry': join(ROOT, 'node_modules/@opentelemetry'),
    ...Object.fromEntries(names),
  });
  for (const [path, text] of Object.entries(SERVICES[kind] ?? {})) write(directory, path, text);
  for (const [path, text] of Object.entries(PACKAGE)) write(directory, `node_modules/pgx/${path}`, text);
  if (tsconfig !== undefined) write(directory, 'tsconfig.json', JSON.stringify(tsconfig));
  return directory;
}

/** Node 22 and later keep here what they compiled of TypeScript, which each of the runs loads. */
const CACHED = { ...process.env, NODE_COMPILE_CACHE: newDirectory() };

function runFile(node: string, directory: string, ...args: string[]): { names: string[]; stderr: string } {
  const { status, stdout, stderr } = spawnSync(node, args, { cwd: directory, encoding: 'utf8', timeout: 60_000, env: CACHED });
  assert.is(status, 0, stderr);
  return { names: JSON.parse(stdout.trim().split('\n').at(-1) ?? ''), stderr };
}

const mainOf = (kind: string): string => (kind === 'typescript' ? 'main.ts' : 'main.js');
const entry = (auto: readonly object[]): object => ({
  compilerOptions: {
    target: 'ES2022',
    module: 'NodeNext',
    allowJs: true,
    plugins: [{ transform: 'spanwright/transformer', auto }],
  },
});

for (const { version, node, declare } of NODES)
  for (const kind of Object.keys(SERVICES)) {
    const title = `Node ${version}, ${kind}`;
    const file = kind === 'typescript' ? 'orders.ts' : 'orders.js';
    const own = [
      `shop::main::record callback@${mainOf(kind)}`,
      ...['Orders::place', 'half', 'price'].map((name) => `shop::orders::${name}@${file}`),
    ];
    const installed = ['Client::query', 'connect'].map((name) => `pgx::lib::client::${name}@node_modules/pgx/lib/client.js`);

    declare(`${title}: spanwright/auto records the project's own functions without configuration`, () => {
      assert.equal(runFile(node, service(kind), '--import', 'spanwright/auto', mainOf(kind)).names, own);
    });

    declare(`${title}: spanwright/register records what auto names, installed packages by name or by pattern`, () => {
      for (const rule of [
        { packages: ['pg*'], minLines: 1 },
        { packages: 'pgx' },
        { files: 'node_modules/pgx/**', minLines: 1 },
      ]) {
        const directory = service(kind, entry([rule]));
        const { names, stderr } = runFile(node, directory, '--import', 'spanwright/register', mainOf(kind));
        assert.equal(names, 'minLines' in rule ? installed : installed.slice(1), JSON.stringify(rule));
        assert.not.match(stderr, /SPANWRIGHT/);
      }
      const both = service(kind, entry([{ files: '**' }, { packages: 'pgx', exclude: '**/lib/**' }]));
      assert.equal(runFile(node, both, '--import', 'spanwright/register', mainOf(kind)).names, own);
    });
  }

for (const { version, node, declare } of NODES)
  for (const kind of Object.keys(SERVICES))
    declare(`Node ${version}, ${kind}: a pattern without any matching package is reported once`, () => {
      const auto = [{ packages: ['pgy', '@acme/*'] }, { files: 'srcs/**' }, { files: 'orders.?s' }];
      const { stderr } = runFile(node, service(kind, entry(auto)), '--import', 'spanwright/register', mainOf(kind));
      const reported = [...stderr.matchAll(/'auto' has the (\S+ '\S+'), which (?:match nothing in|is not installed for) /g)];
      assert.equal(reported.map(([, named]) => named).sort(), ["files 'srcs/**'", "package '@acme/*'", "package 'pgy'"], stderr);
    });

/** For webpack and Rspack, which load it as `pack`. */
const packed = (more: string): string =>
  `const options = { mode: 'none', target: 'node', entry: './main.js', experiments: { outputModule: true }, output: { module: true, library: { type: 'module' }, path: process.cwd(), filename: 'out.mjs' }, externals: [/^spanwright/], externalsType: 'module', ${more} };
const stats = await new Promise((done, fail) => pack(options, (error, result) => (error ? fail(error) : done(result))));
if (stats.hasErrors()) throw new Error(stats.toString('errors-only'));`;
/** Each writes `out.mjs`. */
const BUILDS: Readonly<Record<string, string>> = {
  esbuild: `import { build } from 'esbuild';
import spanwright from 'spanwright/unplugin/esbuild';
await build({ entryPoints: ['main.js'], outfile: 'out.mjs', bundle: true, platform: 'node', format: 'esm', external: ['spanwright', 'spanwright/*'], plugins: [spanwright()] });`,
  Rolldown: `import { rolldown } from 'rolldown';
import spanwright from 'spanwright/unplugin/rolldown';
const bundle = await rolldown({ input: 'main.js', platform: 'node', external: /^spanwright/, plugins: [spanwright()] });
await bundle.write({ file: 'out.mjs', format: 'es' });`,
  Rollup: `import { rollup } from 'rollup';
import commonjs from '@rollup/plugin-commonjs';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import spanwright from 'spanwright/unplugin/rollup';
const bundle = await rollup({ input: 'main.js', external: /^spanwright/, plugins: [spanwright(), nodeResolve(), commonjs()] });
await bundle.write({ file: 'out.mjs', format: 'es' });`,
  Vite: `import { build } from 'vite';
import spanwright from 'spanwright/unplugin/vite';
await build({ configFile: false, logLevel: 'error', plugins: [spanwright()], ssr: { noExternal: ['pgx'] },
  build: { ssr: 'main.js', outDir: '.', emptyOutDir: false, minify: false, rolldownOptions: { external: [/^spanwright/], output: { entryFileNames: 'out.mjs' } } } });`,
  webpack: `import pack from 'webpack';
import spanwright from 'spanwright/unplugin/webpack';
${packed('plugins: [spanwright()]')}`,
  Rspack: `import { rspack as pack } from '@rspack/core';
import spanwright from 'spanwright/unplugin/rspack';
${packed('plugins: [spanwright()]')}`,
  'webpack by spanwright/loader': `import pack from 'webpack';
${packed("module: { rules: [{ test: /\\.js$/, use: 'spanwright/loader' }] }")}`,
  Farm: `import { build } from '@farmfe/core';
import spanwright from 'spanwright/unplugin/farm';
await build({ configPath: '', plugins: [spanwright()], compilation: { input: { out: './main.js' }, output: { path: '.', clean: false, targetEnv: 'node', format: 'esm', entryFilename: '[entryName].mjs' }, external: ['^spanwright'], minify: false, treeShaking: false, persistentCache: false, presetEnv: false } });`,
  Bun: `import spanwright from 'spanwright/unplugin/bun';
const { success, logs } = await Bun.build({ entrypoints: ['main.js'], outdir: '.', naming: 'out.mjs', target: 'node', format: 'esm', external: ['spanwright', 'spanwright/*'], plugins: [spanwright()] });
if (!success) throw new Error(logs.join('\\n'));`,
};
/** Records what the package `pgx` does, and nothing of the service. */
const ONLY_PACKAGE = (SERVICES.esm?.['main.js'] ?? '')
  .replace('enabled: true, ', '')
  .replace('  await work();', "  tracing.setEnabled(true, { only: 'pgx' });\n  await work();");

/** The service with the package where npm installs it, and in a store of pnpm; `run` runs it in its folder. */
function assertRecordsByPackage(run: (directory: string) => { names: string[] }): void {
  for (const store of ['', '.pnpm/pgx@1.0.0/node_modules/']) {
    const directory = service('esm', entry([{ files: '**' }, { packages: 'pgx', minLines: 1 }]));
    write(directory, 'main.js', ONLY_PACKAGE);
    if (store !== '') {
      mkdirSync(join(directory, 'node_modules', store), { recursive: true });
      renameSync(join(directory, 'node_modules/pgx'), join(directory, 'node_modules', store, 'pgx'));
      symlinkSync(`${store}pgx`, join(directory, 'node_modules/pgx'));
    }
    const file = `node_modules/${store}pgx/lib/client.js`;
    assert.equal(run(directory).names, [`pgx::lib::client::Client::query@${file}`, `pgx::lib::client::connect@${file}`]);
  }
}

test('register records an installed package by its name, also in a store of pnpm', () => {
  assertRecordsByPackage((directory) => runFile(process.execPath, directory, '--import', 'spanwright/register', 'main.js'));
});

const withBundlers = testWith('bundlers');
for (const [name, script] of Object.entries(BUILDS))
  withBundlers(
    `${name} plants what auto names of an installed package, also in a store of pnpm, and it is recorded by its name`,
    () => {
      assertRecordsByPackage((directory) => {
        write(directory, 'build.mjs', script);
        execute(directory, name === 'Bun' ? part('bundlers/node_modules/.bin/bun') : process.execPath, ['build.mjs']);
        return runFile(process.execPath, directory, 'out.mjs');
      });
    },
  );

withBundlers('Rspack takes spanwright/loader before the loader that compiles TypeScript', () => {
  const directory = service('typescript', entry([{ files: 'orders.ts' }, { packages: 'pgx', minLines: 1 }]));
  write(
    directory,
    'build.mjs',
    `import { rspack } from '@rspack/core';
const swc = { loader: 'builtin:swc-loader', options: { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } } };
const rules = [{ test: /\\.ts$/, use: [swc, 'spanwright/loader'] }, { test: /\\.js$/, use: 'spanwright/loader' }];
const output = { path: process.cwd(), filename: 'out.mjs', library: { type: 'module' } };
const stats = await new Promise((done, fail) => rspack({ mode: 'none', target: 'node', entry: './main.ts', experiments: { outputModule: true }, output, externals: [/^spanwright/], externalsType: 'module', module: { rules } }, (error, result) => (error ? fail(error) : done(result))));
if (stats.hasErrors()) throw new Error(stats.toString('errors-only'));`,
  );
  stepOnce(directory, directory, ['build.mjs']);
  const { names } = runFile(process.execPath, directory, 'out.mjs');
  assert.equal(names, [
    ...['pgx::lib::client::Client::query', 'pgx::lib::client::connect'].map((name) => `${name}@node_modules/pgx/lib/client.js`),
    ...['Orders::place', 'half', 'price'].map((name) => `shop::orders::${name}@orders.ts`),
  ]);
});

test('the pattern node_modules/** takes installed packages, and none that Spanwright uses itself', () => {
  const directory = service('commonjs', entry([{ files: 'node_modules/**' }]));
  const { names, stderr } = runFile(process.execPath, directory, '--import', 'spanwright/register', 'main.js');
  assert.equal(names, ['pgx::lib::client::connect@node_modules/pgx/lib/client.js']);
  assert.not.match(stderr, /SPANWRIGHT/);
});

/** A constructor, which is recorded inline, a method with a prologue, and a function behind a forwarder. */
const STOCK = `export class Stock {
  constructor() { this.count = 1; }
  place(item: string) { return item.length + this.count; }
  count: number;
}
export async function pay({ amount }: { amount: number }) { return amount; }
`;
/** Calls all for each argument, which is the `only` of a lease, and once behind them. */
const SWITCHED = `// @ts-nocheck
import { startTracing } from 'spanwright';
import { connect } from 'pgx';
import { pay, Stock } from './stock.ts';
let ended = [];
const exporter = { export(spans, done) { ended.push(...spans.map(({ attributes }) => attributes['code.function.name'])); done({ code: 0 }); }, async shutdown() {} };
const tracing = await startTracing({ serviceName: 'shop', exporter });
async function called() {
  ended = [];
  new Stock().place('pear');
  await pay({ amount: 1 });
  connect('pgx://a').query('select 1');
  await tracing.forceFlush();
  return ended.sort();
}
const forms = [/return [\\w$]+\\(\\)/.test(Stock.prototype.place), /finally/.test(Stock), /idle/.test(pay)];
const seen = [];
for (const only of process.argv.slice(2)) {
  const { id, warnings } = tracing.setEnabled(true, { only });
  seen.push({ only, warnings, names: await called() });
  tracing.endLease(id);
}
const off = await called();
await tracing.shutdown();
console.log(JSON.stringify({ forms, seen, off }));
`;

test('what auto mode records is switched on by namespace, by file and line, and by package, and records what is named', () => {
  const directory = service('typescript', entry([{ files: 'src/stock.ts' }, { packages: 'pgx', minLines: 1 }]));
  write(directory, 'src/stock.ts', STOCK);
  write(directory, 'src/main.ts', SWITCHED);
  const [made, placed, paid] = ['Stock::constructor', 'Stock::place', 'pay'].map((name) => `shop::src::stock::${name}`);
  const [query, connect] = ['Client::query', 'connect'].map((name) => `pgx::lib::client::${name}`);
  const named: Readonly<Record<string, readonly (string | undefined)[]>> = {
    'shop::src::stock': [made, placed, paid],
    'shop::src::stock::Stock': [made, placed],
    'shop::src::stock::pay': [paid],
    'src/stock.ts:2': [made],
    'src/stock.ts:3': [placed],
    'src/stock.ts:6': [paid],
    pgx: [query, connect],
    'node_modules/pgx/lib/client.js:1': [query],
  };
  const args = ['--import', 'spanwright/register', 'src/main.ts', ...Object.keys(named)];
  const printed = execute(directory, process.execPath, args);
  const { forms, seen, off } = JSON.parse(printed.split('\n').find((line) => line.startsWith('{')) ?? '');
  assert.equal(forms, [true, true, true], 'a prologue, inline, a forwarder');
  assert.equal(
    seen,
    Object.entries(named).map(([only, names]) => ({ only, warnings: [], names })),
  );
  assert.equal(off, []);
});

test.run();
