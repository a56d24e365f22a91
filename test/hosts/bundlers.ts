// How each bundler builds the project of the conformance suite: a script for it, as a person would write one. Code of Node packages and of
// this package stays outside of the bundle, so that the program and the plugin's import share one runtime.

import type { Modules, Variant } from './conformance/project.js';

export interface Bundler {
  readonly name: string;
  readonly packages: readonly string[];
  /** Text of `build.mjs`, which leaves what is to be run at `outputOf` the modules. */
  script(variant: Variant): string;
  /** Program of the part that runs the script, in place of Node. */
  readonly runner?: string;
  /** False where its source maps lead to the right line and not to the column. */
  readonly columns?: false;
  /**
   * Programs that the bundler gets wrong without the plugin as well, with what it does; `standard:` before those of one kind of decorators.
   */
  readonly except?: Readonly<Record<string, string>>;
}

export function outputOf(modules: Modules): string {
  return `out/main.${modules === 'esm' ? 'mjs' : 'cjs'}`;
}

const nameOf = (modules: Modules): string => outputOf(modules).slice('out/'.length);
/** The word that most bundlers have for it. */
const formatOf = (modules: Modules): string => (modules === 'esm' ? 'es' : 'cjs');

const EXTERNAL = '[/^spanwright/, /^@opentelemetry/, /^node:/]';

/** For bundlers that do not compile TypeScript: a plugin that compiles one file at a time with the user's own TypeScript. */
const TYPESCRIPT = `
const ts = require('typescript');
const { compilerOptions } = JSON.parse(require('fs').readFileSync('tsconfig.json', 'utf8'));
const options = ts.convertCompilerOptionsFromJson({ ...compilerOptions, module: 'ESNext', moduleResolution: 'bundler', plugins: undefined }, '.').options;
const compile = (code, fileName) => {
  const { outputText, sourceMapText } = ts.transpileModule(code, { fileName, compilerOptions: options });
  return { code: outputText.replace(/\\n\\/\\/# sourceMappingURL=.*/, ''), map: JSON.parse(sourceMapText) };
};
`;

const REQUIRE = `import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n`;

/** Options for SWC, which implements more than one proposal of decorators. */
const SWC = { legacy: '{ legacyDecorator: true }', standard: "{ decoratorVersion: '2022-03' }" };

/** Options for webpack and Rspack, whose output of ES modules is experimental. */
function webpackOutput(modules: Modules): string {
  const esm = modules === 'esm';
  return `output: { path: resolve('out'), filename: '${nameOf(modules)}', library: { type: '${esm ? 'module' : 'commonjs2'}' }, devtoolModuleFilenameTemplate: '[absolute-resource-path]' },
  ${esm ? "experiments: { outputModule: true }, externalsType: 'module'," : "externalsType: 'commonjs',"}
  resolve: { extensions: ['.ts', '.js'], extensionAlias: { '.js': ['.ts', '.js'] } }, externals: [/^(spanwright|@opentelemetry)/],`;
}

export const BUNDLERS: readonly Bundler[] = [
  {
    name: 'Vite',
    packages: ['vite'],
    script: ({ modules }) => `
import { build } from 'vite';
import spanwright from 'spanwright/unplugin/vite';
await build({
  configFile: false, logLevel: 'warn', plugins: [spanwright()],
  build: { ssr: 'src/main.ts', outDir: 'out', sourcemap: true, minify: false, rolldownOptions: { external: ${EXTERNAL}, output: { format: '${formatOf(modules)}', entryFileNames: '${nameOf(modules)}' } } },
});`,
  },
  {
    name: 'Rollup',
    packages: ['rollup', 'typescript'],
    except: { 'standard:whole': 'Rollup drops the static block that gives a class its name, with or without the plugin' },
    script: ({ modules }) => `${REQUIRE}${TYPESCRIPT}
import { rollup } from 'rollup';
import { resolve, dirname } from 'node:path';
import spanwright from 'spanwright/unplugin/rollup';
const typescript = {
  name: 'typescript',
  resolveId: (id, from) => (from && id.startsWith('.') ? resolve(dirname(from), id.replace(/\\.js$/, '') + '.ts') : null),
  transform: (code, id) => compile(code, id),
};
const bundle = await rollup({ input: 'src/main.ts', external: ${EXTERNAL}, plugins: [spanwright(), typescript] });
await bundle.write({ file: '${outputOf(modules)}', format: '${formatOf(modules)}', sourcemap: true });
await bundle.close();`,
  },
  {
    name: 'Rolldown',
    packages: ['rolldown'],
    script: ({ modules }) => `
import { rolldown } from 'rolldown';
import spanwright from 'spanwright/unplugin/rolldown';
const bundle = await rolldown({ input: 'src/main.ts', platform: 'node', external: ${EXTERNAL}, plugins: [spanwright()] });
await bundle.write({ file: '${outputOf(modules)}', format: '${formatOf(modules)}', sourcemap: true });
await bundle.close();`,
  },
  {
    name: 'webpack',
    packages: ['webpack', 'typescript'],
    script: ({ modules }) => `${REQUIRE}
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import webpack from 'webpack';
import spanwright from 'spanwright/unplugin/webpack';
writeFileSync('loader.cjs', ${JSON.stringify(`${TYPESCRIPT}
module.exports = function (code, map) {
  const done = compile(code, this.resourcePath);
  const { chained } = require('./chain.cjs');
  this.callback(null, done.code, chained(done.map, map));
};`)});
writeFileSync('chain.cjs', ${JSON.stringify(`
const remapping = require('@jridgewell/remapping');
exports.chained = (outer, inner) => (inner ? remapping([outer, inner], () => null) : outer);`)});
const stats = await new Promise((done, fail) => webpack({
  mode: 'production', target: 'node', entry: './src/main.ts', devtool: 'source-map', optimization: { minimize: false, concatenateModules: false },
  ${webpackOutput(modules)}
  module: { rules: [{ test: /\\.ts$/, use: resolve('loader.cjs') }] },
  plugins: [spanwright()],
}, (error, result) => (error ? fail(error) : done(result))));
if (stats.hasErrors()) throw new Error(stats.toString());`,
  },
  {
    name: 'Rspack',
    packages: ['@rspack/core'],
    script: ({ decorators, modules }) => `
import { resolve } from 'node:path';
import { rspack } from '@rspack/core';
import spanwright from 'spanwright/unplugin/rspack';
const stats = await new Promise((done, fail) => rspack({
  mode: 'production', target: 'node', entry: './src/main.ts', devtool: 'source-map', optimization: { minimize: false, concatenateModules: false },
  ${webpackOutput(modules)}
  module: { rules: [{ test: /\\.ts$/, use: { loader: 'builtin:swc-loader', options: { jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true }, transform: ${SWC[decorators]} } } } }] },
  plugins: [spanwright()],
}, (error, result) => (error ? fail(error) : done(result))));
if (stats.hasErrors()) throw new Error(stats.toString());`,
  },
  {
    name: 'esbuild',
    packages: ['esbuild'],
    script: ({ modules }) => `
import { build } from 'esbuild';
import spanwright from 'spanwright/unplugin/esbuild';
await build({
  absWorkingDir: process.cwd(), entryPoints: ['src/main.ts'], outfile: '${outputOf(modules)}', bundle: true, platform: 'node', format: '${modules === 'esm' ? 'esm' : 'cjs'}', sourcemap: true,
  external: ['spanwright', 'spanwright/*', '@opentelemetry/*'], plugins: [spanwright()], logLevel: 'warning',
});`,
  },
  {
    name: 'Farm',
    packages: ['@farmfe/core'],
    // Its own maps are ten columns off in these programs, with or without the plugin.
    columns: false,
    script: ({ decorators, modules }) => `
import { build } from '@farmfe/core';
import spanwright from 'spanwright/unplugin/farm';
await build({
  configPath: '', plugins: [spanwright()],
  compilation: {
    input: { main: './src/main.ts' }, output: { path: 'out', targetEnv: 'node', format: '${modules === 'esm' ? 'esm' : 'cjs'}', entryFilename: '[entryName]${nameOf(modules).slice(4)}' },
    external: ['^spanwright', '^@opentelemetry'], sourcemap: true, minify: false, treeShaking: false, persistentCache: false, presetEnv: false,
    script: { target: 'es2022'${decorators === 'legacy' ? `, decorators: ${SWC.legacy}` : ''} },
  },
});`,
  },
  {
    name: 'Bun',
    packages: [],
    // It passes over the source maps of plugins; the lines are right, because the printer moves none.
    columns: false,
    runner: 'bun',
    script: ({ modules }) => `
import spanwright from 'spanwright/unplugin/bun';
const { success, logs } = await Bun.build({
  entrypoints: ['src/main.ts'], outdir: 'out', naming: '${nameOf(modules)}', target: 'node', format: '${modules === 'esm' ? 'esm' : 'cjs'}', sourcemap: 'linked',
  external: ['spanwright', 'spanwright/*', '@opentelemetry/*'], plugins: [spanwright()],
});
if (!success) throw new Error(logs.join('\\n'));`,
  },
];
