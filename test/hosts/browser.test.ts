// limit: 120 s
// Code that is shared with a browser: under the conditions browser, worker, edge-light and workerd every name of the package exists and does
// nothing, a client build grows by less than 1 kB and imports nothing of Node, the page runs, and plugins leave client output alone.

import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as emitted from '../../runtime/emitted.js';
import * as runtime from '../../runtime/index.js';
import { Browser } from '../admin/page/browser.js';
import { link, newDirectory, ROOT, write } from './conformance/project.js';
import { execute, part, testWith } from './conformance/suite.js';

const installed = (name: string): string => part('bundlers/node_modules', name);

type Inert = typeof runtime & { default?: unknown };
/** Loaded by `import` without compilation to `require`, because these modules are only for `import`. */
const load = (name: string): Promise<Inert> =>
  new Function('url', 'return import(url)')(pathToFileURL(join(ROOT, `dist/runtime/browser/${name}.mjs`)).href);

test('every name of the package and of what compiled code imports exists for browsers', async () => {
  for (const [name, real] of Object.entries({ index: runtime, emitted })) {
    const inert = await load(name);
    const expected = Object.keys(real).filter((key) => key !== 'default' && key !== '__esModule');
    assert.ok(expected.includes(name === 'index' ? 'instrument' : 'module'));
    assert.equal(
      expected.filter((key) => !(key in inert)),
      [],
      name,
    );
  }
  // the functions of a module's table, which compiled code calls
  const real = emitted.module(emitted.contract, () => undefined, '', '', '');
  const inert = (await load('emitted')) as unknown as typeof emitted;
  assert.is(inert.contract, emitted.contract);
  const table = inert.module(emitted.contract, () => undefined, '', '', '');
  assert.equal(Object.keys(table).sort(), Object.keys(real).sort());
});

test('decorators change nothing, and wrappers return the function itself', async () => {
  const { instrument } = await load('index');
  const call = instrument as unknown as (...given: unknown[]) => unknown;
  class Work {}
  const fn = (): number => 1;
  const descriptor = { value: fn };
  const decorators = [call, call({ args: ['a'] }) as typeof call];
  for (const decorate of decorators) {
    assert.is(decorate(Work), Work);
    assert.is(decorate(Work.prototype, 'run', descriptor), undefined);
    assert.is(decorate(fn, { kind: 'method', name: 'run' }), undefined);
    assert.is(decorate(undefined, { kind: 'field', name: 'run' }), undefined);
    assert.is(decorate(Work, { kind: 'class', name: 'Work' }), undefined);
  }
  assert.is(call(fn), fn);
  assert.is(call({ name: 'plan' }, fn), fn);
  assert.is(instrument.object(Work, { namespace: 'a' }), Work);
});

test('functions that take a callback call it once and return its result', async () => {
  const inert = await load('index');
  let calls = 0;
  const fn = (): string => `called ${++calls}`;
  const carrier = { traceparent: 'x' };
  assert.is(inert.withRemoteContext(carrier, fn), 'called 1');
  assert.is(inert.detach(fn), 'called 2');
  assert.is(inert.baggage.set('key', 'value', fn), 'called 3');
  assert.is(inert.startSpan('name').run(fn), 'called 4');
  assert.is(inert.sessions.run('key', fn), 'called 5');
  assert.is(inert.sqlQueries({ system: 'sqlite' }).run('select 1', fn), 'called 6');
  assert.is(inert.inject(carrier), carrier);
  assert.equal(inert.linksTo([carrier]), []);
  assert.is(inert.baggage.get('key'), undefined);
  const key = Symbol('key');
  const context = inert.extract(carrier).setValue(key, 1);
  assert.equal([context.getValue(key), context.deleteValue(key).getValue(key)], [1, undefined]);
  const span = inert.startSpan('name').setAttribute('a', 1).setStatus({ code: 1 });
  assert.is(span.isRecording(), false);
  span.end();
  const tracing = await inert.startTracing({ enabled: true });
  tracing.setEnabled(true, { for: '1m' });
  assert.equal([tracing.enabled, tracing.openCount, tracing.sites(), tracing.state().enabled], [false, 0, [], false]);
  await tracing.forceFlush();
  await tracing.shutdown();
});

const SHARED = `import { instrument } from 'spanwright';
export class Work {
  @instrument({ args: ['job'] }) run(job: string): string { return 'ran ' + job; }
  @instrument.skip other(): number { return 1; }
}
export const plan = instrument({ name: 'plan' }, (job: string) => 'planned ' + job);
`;
const PLAIN = SHARED.replace(/^import.*\n/, '')
  .replace(/@instrument[^)\n]*?(\(\{.*?\}\)|\.skip) /g, '')
  .replace(/instrument\(\{.*?\}, /, '')
  .replace(/job\);\n$/, 'job;\n');
const MAIN = `import { plan, Work } from './shared';\ndocument.title = new Work().run('a') + ', ' + plan('b');\n`;

function project(shared: string): string {
  const directory = newDirectory();
  const packages = ['vite', 'esbuild', 'webpack', 'typescript', 'rolldown', '@rspack', '@farmfe', '@swc'].map(
    (name) => [name, installed(name)] as const,
  );
  link(directory, { spanwright: ROOT, ...Object.fromEntries(packages) });
  write(directory, 'package.json', '{ "name": "client", "type": "module" }');
  write(
    directory,
    'tsconfig.json',
    JSON.stringify({
      compilerOptions: {
        target: 'ES2022',
        module: 'ESNext',
        moduleResolution: 'bundler',
        experimentalDecorators: true,
        plugins: [{ transform: 'spanwright/transformer', auto: [{ files: 'src/**' }] }],
      },
      include: ['src'],
    }),
  );
  write(directory, 'src/shared.ts', shared);
  write(directory, 'src/main.ts', MAIN);
  write(
    directory,
    'index.html',
    '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/src/main.ts"></script>',
  );
  return directory;
}

/** Text of all scripts in the output. */
function scripts(directory: string): string {
  const files = readdirSync(join(directory, 'out'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.[cm]?js$/.test(file),
  );
  assert.ok(files.length > 0);
  return files.map((file) => readFileSync(join(directory, 'out', file), 'utf8')).join('');
}

const plugin = (name: string, used: boolean): string =>
  used ? `import spanwright from 'spanwright/unplugin/${name}';` : 'const spanwright = () => undefined;';
const WEBPACK = `mode: 'production', target: 'web', entry: './src/main.ts', resolve: { extensions: ['.ts', '.js'] }, output: { path: process.cwd() + '/out' }, plugins: [spanwright()].filter(Boolean),`;

const farm =
  (output: string) =>
  (used: boolean): string =>
    `import { build } from '@farmfe/core';
${plugin('farm', used)}
await build({ configPath: '', plugins: [spanwright()].filter(Boolean), compilation: { input: { main: './src/main.ts' }, output: { path: 'out', ${output} }, resolve: { symlinks: false }, persistentCache: false, presetEnv: false, script: { target: 'es2022', decorators: { legacyDecorator: true } } } });`;

/** Builds a client to `out`. */
const CLIENTS: Readonly<Record<string, (used: boolean) => string>> = {
  Vite: (used) => `import { build } from 'vite';
${plugin('vite', used)}
await build({ configFile: false, logLevel: 'warn', plugins: [spanwright()], worker: { format: 'es', plugins: () => [spanwright()] }, build: { outDir: 'out', modulePreload: false } });`,
  esbuild: (used) => `import { build } from 'esbuild';
${plugin('esbuild', used)}
await build({ entryPoints: ['src/main.ts'], outfile: 'out/main.js', bundle: true, platform: 'browser', minify: true, logLevel: 'warning', plugins: [spanwright()].filter(Boolean) });`,
  Rolldown: (used) => `import { rolldown } from 'rolldown';
${plugin('rolldown', used)}
const bundle = await rolldown({ input: 'src/main.ts', platform: 'browser', plugins: [spanwright()] });
await bundle.write({ dir: 'out', minify: true });`,
  webpack: (used) => `import { writeFileSync } from 'node:fs';
import webpack from 'webpack';
${plugin('webpack', used)}
writeFileSync('loader.mjs', \`import typescript from 'typescript';
export default (code) => typescript.transpileModule(code, { compilerOptions: { target: 'ES2022', module: 'ESNext', experimentalDecorators: true } }).outputText;\`);
const stats = await new Promise((done, fail) => webpack({ ${WEBPACK} module: { rules: [{ test: /\\.ts$/, use: process.cwd() + '/loader.mjs' }] } }, (error, result) => (error ? fail(error) : done(result))));
if (stats.hasErrors()) throw new Error(stats.toString('errors-only'));`,
  Rspack: (used) => `import { rspack } from '@rspack/core';
${plugin('rspack', used)}
const stats = await new Promise((done, fail) => rspack({ ${WEBPACK} module: { rules: [{ test: /\\.ts$/, use: { loader: 'builtin:swc-loader', options: { jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true }, transform: { legacyDecorator: true } } } } }] } }, (error, result) => (error ? fail(error) : done(result))));
if (stats.hasErrors()) throw new Error(stats.toString('errors-only'));`,
  Farm: farm(''),
  'Farm, a library': farm("targetEnv: 'library-browser', format: 'esm'"),
};

function built(name: string, shared: string, used: boolean, more: Readonly<Record<string, string>> = {}) {
  const directory = project(shared);
  for (const [path, text] of Object.entries(more)) write(directory, path, text);
  write(directory, 'build.mjs', CLIENTS[name]?.(used) ?? '');
  execute(directory, process.execPath, ['build.mjs']);
  return { directory, text: scripts(directory) };
}

const clientTest = testWith('bundlers');

for (const name of Object.keys(CLIENTS))
  clientTest(`${name}: a client build grows by less than 1 kB, with the plugin as without it`, async () => {
    const without = built(name, SHARED, false);
    const bare = built(name, PLAIN, false).text.length;
    const { text } = built(name, SHARED, true);
    const helper = without.text.length - bare;
    // Farm wraps each module, and has the helper in one of its own
    assert.ok(helper > 0 && helper < (name === 'Farm' ? 1400 : 1000), `${helper} bytes more, with the helper for decorators`);
    assert.is(text, without.text);
    // and has a `require` of its own
    assert.not.match(text, name === 'Farm' ? /node:|async_hooks/ : /node:|require\(|async_hooks/);
  });

clientTest('worker, workerd and edge-light lead to what browser leads to, below 1 kB with startTracing too', () => {
  const directory = project(SHARED);
  write(
    directory,
    'src/traced.ts',
    `import { startTracing } from 'spanwright';\nvoid startTracing({ serviceName: 'client' });\n${MAIN}`,
  );
  write(directory, 'src/bare/shared.ts', PLAIN);
  write(directory, 'src/bare/main.ts', MAIN);
  write(
    directory,
    'build.mjs',
    `import { build } from 'esbuild';
const settings = { bundle: true, format: 'esm', minify: true, logLevel: 'warning' };
await build({ ...settings, entryPoints: ['src/bare/main.ts'], outfile: 'out/bare.js', platform: 'browser' });
await build({ ...settings, entryPoints: ['src/traced.ts'], outfile: 'out/browser.js', platform: 'browser' });
for (const condition of ['worker', 'workerd', 'edge-light'])
  await build({ ...settings, entryPoints: ['src/traced.ts'], outfile: 'out/' + condition + '.js', platform: 'neutral', conditions: [condition] });`,
  );
  execute(directory, process.execPath, ['build.mjs']);
  const [bare, ...built] = ['bare', 'browser', 'worker', 'workerd', 'edge-light'].map((name) =>
    readFileSync(join(directory, 'out', `${name}.js`), 'utf8'),
  );
  const more = (built[0]?.length ?? 0) - (bare?.length ?? 0);
  assert.ok(more > 0 && more < 1000, `${more} bytes more, with the helper for decorators`);
  assert.is(new Set(built).size, 1);
  assert.not.match(built[0] ?? '', /node:|require\(|async_hooks/);
});

/** The worker is a bundle of its own, to which Vite gives the plugins of `worker`. */
const WITH_WORKER = {
  'src/main.ts': `${MAIN}const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
worker.onmessage = ({ data }) => { document.title += ', ' + data; };
`,
  'src/worker.ts': `import { Work } from './shared';\npostMessage(new Work().run('in a worker'));\n`,
};

clientTest('the page of a client build runs in a browser, and its web worker', async () => {
  const { directory, text } = built('Vite', SHARED, true, WITH_WORKER);
  assert.not.match(text, /client::|node:|require\(|async_hooks/);
  const server = createServer((request, response) => {
    const path = request.url === '/' ? '/index.html' : (request.url ?? '');
    response.setHeader('content-type', path.endsWith('.js') ? 'text/javascript' : 'text/html');
    response.end(readFileSync(join(directory, 'out', path)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await Browser.start();
  try {
    const { page, faults } = await browser.visit(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction('document.title.includes("worker")');
    assert.is(await page.title(), 'ran a, planned b, ran in a worker');
    assert.equal(faults, []);
  } finally {
    await browser.close();
    server.close();
  }
});

test.run();
