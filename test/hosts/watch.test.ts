// limit: 240 s
// Bundlers that watch: a file is transformed again when a module of the user's that re-exports `instrument` to it changes, in both directions, and
// when a configuration changes that its tsconfig.json extends, although its own text stays as it was. Each is the real bundler, in a process of its own that ends with its test.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { write, writeProject } from './conformance/project.js';
import { LEGACY, part, testWith } from './conformance/suite.js';

const installed = (name: string): string => part('bundlers/node_modules', name);

interface Watching {
  readonly name: string;
  readonly packages: readonly string[];
  /** Text of `watch.mjs`, which writes `out/main.js` after each build. */
  readonly script: string;
}

const EXTERNAL = '[/^spanwright/]';
const WEBPACK = `
  mode: 'development', devtool: false, target: 'node', entry: './src/main.ts', output: { path: resolve('out'), filename: 'main.js' }, optimization: { minimize: false },
  resolve: { extensions: ['.ts', '.js'] }, externals: ${EXTERNAL}, externalsType: 'commonjs', plugins: [spanwright()],`;

const WATCHING: readonly Watching[] = [
  {
    name: 'Rollup',
    packages: ['rollup', 'typescript'],
    script: `
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { watch } from 'rollup';
import spanwright from 'spanwright/unplugin/rollup';
const ts = createRequire(import.meta.url)('typescript');
const typescript = {
  name: 'typescript',
  resolveId: (id, from) => (from && id.startsWith('.') ? resolve(dirname(from), id) + '.ts' : null),
  transform: (code) => ts.transpileModule(code, { compilerOptions: { target: 'ES2022', module: 'ESNext', experimentalDecorators: true } }).outputText,
};
watch({ input: 'src/main.ts', external: ${EXTERNAL}, plugins: [spanwright(), typescript], output: { file: 'out/main.js' } }).on('event', (event) => event.result?.close());`,
  },
  {
    name: 'Rolldown',
    packages: ['rolldown'],
    script: `
import { watch } from 'rolldown';
import spanwright from 'spanwright/unplugin/rolldown';
watch({ input: 'src/main.ts', platform: 'node', external: ${EXTERNAL}, plugins: [spanwright()], output: { file: 'out/main.js' } }).on('event', (event) => event.result?.close());`,
  },
  {
    name: 'Vite, its server',
    packages: ['vite'],
    script: `
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'vite';
import spanwright from 'spanwright/unplugin/vite';
const server = await createServer({ configFile: false, logLevel: 'error', appType: 'custom', server: { middlewareMode: true, hmr: false, ws: false }, optimizeDeps: { noDiscovery: true }, plugins: [spanwright()], ssr: { external: true } });
mkdirSync('out', { recursive: true });
setInterval(async () => {
  const found = await server.environments.ssr.transformRequest('/src/main.ts').catch((error) => ({ code: String(error) }));
  writeFileSync('out/main.js', found.code);
}, 200);`,
  },
  {
    name: 'webpack',
    packages: ['webpack', 'typescript'],
    script: `
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import webpack from 'webpack';
import spanwright from 'spanwright/unplugin/webpack';
writeFileSync('loader.cjs', "module.exports = (code) => require('typescript').transpileModule(code, { compilerOptions: { target: 'ES2022', module: 'ESNext', experimentalDecorators: true } }).outputText;");
webpack({ ${WEBPACK}
  module: { rules: [{ test: /\\.ts$/, use: resolve('loader.cjs') }] },
}).watch({ aggregateTimeout: 20 }, (error, stats) => { if (error || stats.hasErrors()) console.error(error || stats.toString()); });`,
  },
  {
    name: 'Rspack',
    packages: ['@rspack/core'],
    script: `
import { resolve } from 'node:path';
import { rspack } from '@rspack/core';
import spanwright from 'spanwright/unplugin/rspack';
rspack({ ${WEBPACK}
  module: { rules: [{ test: /\\.ts$/, use: { loader: 'builtin:swc-loader', options: { jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true }, transform: { legacyDecorator: true } } } } }] },
}).watch({ aggregateTimeout: 20 }, (error, stats) => { if (error || stats.hasErrors()) console.error(error || stats.toString()); });`,
  },
  {
    name: 'esbuild',
    packages: ['esbuild'],
    script: `
import { context } from 'esbuild';
import spanwright from 'spanwright/unplugin/esbuild';
const made = await context({ entryPoints: ['src/main.ts'], outfile: 'out/main.js', bundle: true, platform: 'node', external: ['spanwright', 'spanwright/*'], plugins: [spanwright()], logLevel: 'error' });
await made.watch();
setInterval(() => {}, 1000);`,
  },
];

const HANDED = `export { instrument } from 'spanwright';\n`;
const OWN = `export const instrument = (..._: unknown[]): any => {};\n`;
const base = (namespace: string): string =>
  JSON.stringify({ compilerOptions: { plugins: [{ transform: 'spanwright/transformer', namespace }] } });
const MAIN = `import { instrument } from './tracing';\nexport class Work { @instrument run() { return 1; } }\n`;

const withBundlers = testWith('bundlers');
for (const { name, packages, script } of WATCHING)
  withBundlers(`${name}: a change of the module that re-exports instrument, and of a configuration, is noticed`, async () => {
    const directory = writeProject({
      variant: LEGACY,
      programs: [],
      packages: Object.fromEntries(['typescript', ...packages].map((one) => [one, installed(one)])),
    });
    write(directory, 'src/main.ts', MAIN);
    write(directory, 'src/tracing.ts', OWN);
    const configuration = JSON.parse(readFileSync(join(directory, 'tsconfig.json'), 'utf8'));
    delete configuration.compilerOptions.plugins;
    write(directory, 'tsconfig.json', JSON.stringify({ ...configuration, extends: './base.json' }));
    write(directory, 'base.json', base('first'));
    write(directory, 'watch.mjs', script);
    const child = spawn(process.execPath, ['watch.mjs'], { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => {
        said += text;
      });
    const ended = new Promise((done) => child.once('close', done));
    const output = join(directory, 'out/main.js');

    /**
     * Waits until what was built holds this text, or does not. The change is made again each second, because a watcher may not listen yet.
     */
    async function until(expected: boolean, held: string, path: string, changed: string): Promise<void> {
      for (let tries = 0; tries < 600; tries++) {
        const text = existsSync(output) ? readFileSync(output, 'utf8') : '';
        if (text.includes('Work') && text.includes(held) === expected) return;
        if (tries % 10 === 0 && text !== '') writeFileSync(join(directory, path), changed);
        await sleep(100);
      }
      assert.unreachable(`${held} is ${expected ? 'missing' : 'still there'} after a minute:\n${said}`);
    }

    try {
      await until(false, 'spanwright/emitted', 'src/tracing.ts', OWN);
      await until(true, 'spanwright/emitted', 'src/tracing.ts', HANDED);
      await until(true, 'renamed', 'base.json', base('renamed'));
      await until(false, 'spanwright/emitted', 'src/tracing.ts', OWN);
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
  });

test.run();
