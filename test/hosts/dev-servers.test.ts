// limit: 120 s
// Development servers load a file again after each edit: the sites of its earlier version go from the list, in the server of Vite and in a
// watching webpack and Rspack, for functions with a prologue and for those with a forwarder. A set-up that is called again keeps what runs.

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { link, newDirectory, ROOT, write } from './conformance/project.js';
import { execute, part, testWith } from './conformance/suite.js';

const EDITS = 5;

/** A method with a prologue, and a generator and a nested function with forwarders, below a number of empty lines. */
const ORDERS = (lines: number): string => `${'\n'.repeat(lines)}import { instrument } from 'spanwright';
export class Orders { @instrument place(item: string) { return item.length + ${lines}; } }
export const list = instrument(function* list(count = ${lines}) { yield count; });
`;
const FORWARDER = (lines: number): string => `${'\n'.repeat(lines)}import { instrument } from 'spanwright';
export const half = instrument((value = ${lines}) => value / 2);
`;

/** Output of each server after each version: the value that is new in it, and the places of the sites. */
const REPORT = `
export async function report({ Orders, half }) {
  const { startTracing } = await import('spanwright');
  const { startAdminServer } = await import('spanwright/admin');
  const tracing = await startTracing({ serviceName: 'dev', enabled: true, exporter: { export: (spans, done) => done({ code: 0 }), async shutdown() {} } });
  globalThis.tracing ??= tracing;
  const { url } = await startAdminServer({ tracing, port: 0 });
  const value = new Orders().place('pear') + half();
  console.log('SEEN ' + JSON.stringify({ value, same: tracing === globalThis.tracing, url, sites: tracing.sites('').map((one) => one.name + ' ' + one.file + ':' + one.line).sort() }));
}
`;

const bundle = (name: string, importing: string, loader: string): string => `
import { createRequire } from 'node:module';
import spanwright from 'spanwright/unplugin/${name}';
${importing}
import { report } from './report.mjs';
const require = createRequire(import.meta.url);
const file = process.cwd() + '/out/main.js';
bundler({
  mode: 'development', devtool: false, target: 'node', entry: './src/main.ts', externals: [/^spanwright/], externalsType: 'commonjs', plugins: [spanwright()],
  output: { path: process.cwd() + '/out', filename: 'main.js', library: { type: 'commonjs2' } }, resolve: { extensions: ['.ts', '.js'] }, module: { rules: [{ test: /\\.ts$/, use: ${loader} }] },
}).watch({ aggregateTimeout: 20 }, async (error, stats) => {
  if (error || stats.hasErrors()) throw error ?? new Error(stats.toString('errors-only'));
  delete require.cache[file];
  await report(require(file));
});`;

const SERVERS: Readonly<Record<string, { packages: readonly string[]; script: string }>> = {
  Vite: {
    packages: ['vite'],
    script: `
import { createServer } from 'vite';
import spanwright from 'spanwright/unplugin/vite';
import { report } from './report.mjs';
const server = await createServer({ configFile: false, logLevel: 'error', appType: 'custom', server: { middlewareMode: true, hmr: false, ws: false }, ssr: { external: ['spanwright'] }, plugins: [spanwright()] });
const load = async () => report(await server.ssrLoadModule('/src/main.ts'));
let last = Promise.resolve();
server.watcher.on('change', () => { last = last.then(() => new Promise((done) => setTimeout(done, 100))).then(load); });
await load();`,
  },
  webpack: {
    packages: ['webpack', 'typescript'],
    script: bundle('webpack', "import bundler from 'webpack';", "process.cwd() + '/typescript.mjs'"),
  },
  Rspack: {
    packages: ['@rspack'],
    script: bundle(
      'rspack',
      "import { rspack as bundler } from '@rspack/core';",
      "{ loader: 'builtin:swc-loader', options: { jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true }, transform: { legacyDecorator: true } } } }",
    ),
  },
};

function project(name: string): string {
  const directory = newDirectory();
  const { packages = [], script = '' } = SERVERS[name] ?? {};
  const installed = packages.map((one) => [one, part('bundlers/node_modules', one)] as const);
  link(directory, {
    spanwright: ROOT,
    '@opentelemetry': join(ROOT, 'node_modules/@opentelemetry'),
    typescript: join(ROOT, 'node_modules/typescript'),
    ...Object.fromEntries(installed),
  });
  const compilerOptions = {
    ...{ target: 'ES2022', module: 'ESNext', moduleResolution: 'bundler', experimentalDecorators: true },
    plugins: [{ transform: 'spanwright/transformer', namespace: 'dev' }],
  };
  write(directory, 'tsconfig.json', JSON.stringify({ compilerOptions, include: ['src'] }));
  write(directory, 'package.json', '{ "name": "dev", "dependencies": { "spanwright": "*" } }');
  write(directory, 'src/main.ts', `export { Orders, list } from './orders';\nexport { half } from './half';\n`);
  write(directory, 'report.mjs', REPORT);
  write(
    directory,
    'typescript.mjs',
    `import typescript from 'typescript';\nexport default (code) => typescript.transpileModule(code, { compilerOptions: { target: 'ES2022', module: 'ESNext', experimentalDecorators: true } }).outputText;\n`,
  );
  write(directory, 'serve.mjs', script);
  edit(directory, 0);
  return directory;
}

function edit(directory: string, lines: number): void {
  write(directory, 'src/half.ts', FORWARDER(lines));
  write(directory, 'src/orders.ts', ORDERS(lines));
}

interface Seen {
  readonly value: number;
  /** The set-up returned the tracing that runs. */
  readonly same: boolean;
  /** Of the admin hook. */
  readonly url: string;
  readonly sites: readonly string[];
}

/** Waits for what the server prints of a version. */
function printedBy(server: ChildProcess): (value: number) => Promise<Seen> {
  let printed = '';
  for (const stream of [server.stdout, server.stderr])
    stream?.on('data', (data) => {
      printed += data;
    });
  return async (value) => {
    for (const end = Date.now() + 30_000; Date.now() < end; await new Promise((done) => setTimeout(done, 20))) {
      const seen = printed.split('\n').flatMap((line) => (line.startsWith('SEEN ') ? [JSON.parse(line.slice(5)) as Seen] : []));
      const found = seen.findLast((one) => one.value === value);
      if (found !== undefined) return found;
    }
    throw new Error(`no version with the value ${value}:\n${printed}`);
  };
}

const declare = testWith('bundlers');
for (const name of Object.keys(SERVERS))
  declare(
    `${name}: after ${EDITS} edits that move lines, the sites are those of the last version, and one set-up runs`,
    async () => {
      const directory = project(name);
      const server = spawn(process.execPath, ['serve.mjs'], { cwd: directory });
      const ended = new Promise((done) => server.once('exit', done));
      const version = printedBy(server);
      const expected = (lines: number): string[] => [
        `Orders.place src/orders.ts:${lines + 2}`,
        `half src/half.ts:${lines + 2}`,
        `list src/orders.ts:${lines + 3}`,
      ];
      try {
        const urls = new Set<string>();
        for (let lines = 0; lines <= EDITS; lines++) {
          if (lines > 0) edit(directory, lines);
          const { sites, same, url } = await version(4 + lines + lines / 2);
          assert.equal(sites, expected(lines));
          assert.ok(same, 'a second tracing was started');
          urls.add(url);
        }
        assert.is(urls.size, 1, [...urls].join(', '));
      } finally {
        server.kill('SIGKILL');
        await ended;
      }
    },
  );

for (const [what, setUp] of [
  [
    'startTracing()',
    "import { startTracing } from 'spanwright';\nexport const tracing = await startTracing({ serviceName: 'dev' });\n",
  ],
  ...['createSampler', 'createRootSampler'].map((name) => [
    `${name}()`,
    `import { ${name} } from 'spanwright';\nexport const sampler = ${name}({ enabled: true });\nexport const { tracing } = sampler;\n`,
  ]),
] as const)
  declare(
    `Vite: ${what} without a site, loaded again before any site, returns what runs; without the plugin it is refused`,
    () => {
      for (const [plugins, printed] of [
        ['[spanwright()]', 'same true'],
        ['[]', 'ALREADY_STARTED'],
      ]) {
        const directory = project('Vite');
        write(directory, 'src/setup.ts', setUp);
        write(
          directory,
          'serve.mjs',
          `import { createServer } from 'vite';
import spanwright from 'spanwright/unplugin/vite';
const server = await createServer({ configFile: false, logLevel: 'silent', appType: 'custom', server: { middlewareMode: true, hmr: false, ws: false }, ssr: { external: ['spanwright'] }, plugins: ${plugins} });
const first = await server.ssrLoadModule('/src/setup.ts');
server.moduleGraph.invalidateAll();
console.log(await server.ssrLoadModule('/src/setup.ts').then((again) => 'same ' + (again !== first && again.tracing === first.tracing && again.sampler === first.sampler), (error) => error.code));
await server.close();`,
        );
        assert.ok(
          execute(directory, process.execPath, ['serve.mjs'])
            .split('\n')
            .includes(printed as string),
          `${plugins}: ${printed}`,
        );
      }
    },
  );

test.run();
