// How each bundler makes one file of a service with all that it needs: a script for it, as a user would write one. Nothing is external, so
// that the file runs in an empty folder.

import type { Decorators, Modules } from './conformance/project.js';

export interface OneFile {
  /** Path of the sources' main module. Default `src/service.ts`. */
  readonly entry?: string;
  /** Default `legacy`. */
  readonly decorators?: Decorators;
  readonly modules: Modules;
  readonly minify: boolean;
  /** With Spanwright's plugin. */
  readonly plugin: boolean;
}

export interface OneFileBundler {
  readonly name: string;
  readonly packages: readonly string[];
  /** Text of `build.mjs`, which writes `out/service.cjs` or `out/service.mjs`. */
  script(way: OneFile): string;
  /** Program of the part that runs the script, in place of Node. */
  readonly runner?: string;
}

export const outputOf = ({ modules }: OneFile): string => `service.${modules === 'esm' ? 'mjs' : 'cjs'}`;

const pluginOf = (name: string, { plugin }: OneFile): string =>
  plugin ? `import spanwright from 'spanwright/unplugin/${name}';` : 'const spanwright = () => undefined;';
const format = ({ modules }: OneFile): string => (modules === 'esm' ? 'es' : 'cjs');

/** For bundlers that do not compile TypeScript. */
const typescript = ({ decorators = 'legacy' }: OneFile): string => `import typescript from 'typescript';
const compile = (code) => typescript.transpileModule(code, { compilerOptions: { target: 'ES2022', module: 'ESNext', experimentalDecorators: ${decorators === 'legacy'} } }).outputText;
`;

const entryOf = ({ entry = 'src/service.ts' }: OneFile): string => entry;
/** Options for SWC, which implements more than one proposal of decorators. */
const swcDecorators = ({ decorators = 'legacy' }: OneFile): string =>
  decorators === 'legacy' ? 'legacyDecorator: true' : "decoratorVersion: '2022-03'";

function webpackLike(way: OneFile): string {
  const library =
    way.modules === 'esm'
      ? "experiments: { outputModule: true }, output: { module: true, library: { type: 'module' },"
      : 'output: {';
  return `mode: 'production', target: 'node', entry: './${entryOf(way)}', optimization: { minimize: ${way.minify} }, resolve: { extensions: ['.ts', '.js'] },
  ${library} asyncChunks: false, path: process.cwd() + '/out', filename: '${outputOf(way)}' },
  plugins: [spanwright()].filter(Boolean),`;
}

const ENDED = `if (stats.hasErrors()) throw new Error(stats.toString('errors-only'));
const warned = stats.toJson({ all: false, warnings: true }).warnings.filter(({ message }) => message.includes('node_modules/spanwright/'));
if (warned.length > 0) throw new Error(JSON.stringify(warned, null, 1));`;

export const ONE_FILE_BUNDLERS: readonly OneFileBundler[] = [
  {
    name: 'esbuild',
    packages: ['esbuild'],
    // The folder is by default that of the first build of a process. CommonJS packages in an ES module need a \`require\`; the plugin adds it.
    script: (way) => `import { build } from 'esbuild';
${pluginOf('esbuild', way)}
await build({
  absWorkingDir: process.cwd(), entryPoints: ['${entryOf(way)}'], outfile: 'out/${outputOf(way)}', bundle: true, platform: 'node', format: '${way.modules === 'esm' ? 'esm' : 'cjs'}', minify: ${way.minify}, logLevel: 'warning',
  plugins: [spanwright()].filter(Boolean),
  ${way.modules === 'esm' && !way.plugin ? `banner: { js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);" },` : ''}
});`,
  },
  {
    name: 'Rollup',
    packages: ['rollup', 'typescript', '@rollup'],
    // A build has its own modules, because they have other paths, and takes those of packages from the last build of the process.
    script: (way) => `import { rollup } from 'rollup';
import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import terser from '@rollup/plugin-terser';
${pluginOf('rollup', way)}
${typescript(way)}
// packages have circles too; the plugin leaves out those of Spanwright alone
const onwarn = ({ message, ids = [] }) => { if (${way.plugin} && ids.length > 0 && ids.every((id) => id.includes('/dist/runtime/'))) throw new Error(message); };
const typescriptPlugin = { name: 'typescript', transform: (code, id) => (id.endsWith('.ts') ? compile(code) : null) };
const bundle = await rollup({
  input: '${entryOf(way)}', external: /^node:/, onwarn, cache: globalThis.cacheOfRollup,
  plugins: [spanwright(), typescriptPlugin, nodeResolve({ preferBuiltins: true, extensions: ['.ts', '.js', '.json'] }), commonjs(), json(), ${way.minify ? 'terser()' : ''}],
});
await bundle.write({ file: 'out/${outputOf(way)}', format: '${format(way)}', inlineDynamicImports: true });
globalThis.cacheOfRollup = bundle.cache;`,
  },
  {
    name: 'Rolldown',
    packages: ['rolldown', '@rolldown'],
    script: (way) => `import { rolldown } from 'rolldown';
${pluginOf('rolldown', way)}
const bundle = await rolldown({ input: '${entryOf(way)}', platform: 'node', plugins: [spanwright()] });
await bundle.write({ file: 'out/${outputOf(way)}', format: '${format(way)}', minify: ${way.minify}, codeSplitting: false });`,
  },
  {
    name: 'Vite',
    packages: ['vite'],
    script: (way) => `import { build } from 'vite';
${pluginOf('vite', way)}
await build({
  configFile: false, logLevel: 'warn', plugins: [spanwright()], ssr: { noExternal: true },
  build: { ssr: '${entryOf(way)}', outDir: 'out', minify: ${way.minify}, rolldownOptions: { output: { format: '${format(way)}', entryFileNames: '${outputOf(way)}', codeSplitting: false } } },
});`,
  },
  {
    name: 'webpack',
    packages: ['webpack', 'typescript'],
    script: (way) => `import { writeFileSync } from 'node:fs';
import webpack from 'webpack';
${pluginOf('webpack', way)}
writeFileSync('loader.mjs', ${JSON.stringify(`${typescript(way)}export default (code) => compile(code);`)});
const stats = await new Promise((done, fail) => webpack({
  ${webpackLike(way)}
  module: { rules: [{ test: /\\.ts$/, use: process.cwd() + '/loader.mjs' }] },
}, (error, result) => (error ? fail(error) : done(result))));
${ENDED}`,
  },
  {
    name: 'Rspack',
    packages: ['@rspack'],
    script: (way) => `import { rspack } from '@rspack/core';
${pluginOf('rspack', way)}
const stats = await new Promise((done, fail) => rspack({
  ${webpackLike(way)}
  module: { rules: [{ test: /\\.ts$/, use: { loader: 'builtin:swc-loader', options: { jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true }, transform: { ${swcDecorators(way)} } } } } }] },
}, (error, result) => (error ? fail(error) : done(result))));
${ENDED}`,
  },
  {
    name: 'Bun',
    packages: [],
    runner: 'bun',
    script: (way) => `${pluginOf('bun', way)}
const { success, logs } = await Bun.build({
  entrypoints: ['${entryOf(way)}'], outdir: 'out', naming: '${outputOf(way)}', target: 'node', format: '${way.modules === 'esm' ? 'esm' : 'cjs'}', minify: ${way.minify},
  plugins: [spanwright()].filter(Boolean),
});
if (!success) throw new Error(logs.join('\\n'));`,
  },
];

/** Takes seconds for each build, hence apart. Follows links in their place only, and finds no packages that ws loads where they are installed. */
export const FARM: OneFileBundler = {
  name: 'Farm',
  packages: ['@farmfe'],
  script: (way) => `import { build } from '@farmfe/core';
${pluginOf('farm', way)}
await build({
  configPath: '', plugins: [spanwright()].filter(Boolean),
  compilation: {
    input: { service: './${entryOf(way)}' }, external: ['^bufferutil$', '^utf-8-validate$'], resolve: { symlinks: false },
    output: { path: 'out', targetEnv: 'node', format: '${way.modules === 'esm' ? 'esm' : 'cjs'}', entryFilename: '${outputOf(way)}' },
    partialBundling: { enforceResources: [{ name: 'service', test: ['.+'] }] },
    minify: ${way.minify}, persistentCache: false, presetEnv: false,
    script: { target: 'es2022'${(way.decorators ?? 'legacy') === 'legacy' ? ', decorators: { legacyDecorator: true }' : ''} },
  },
});`,
};
