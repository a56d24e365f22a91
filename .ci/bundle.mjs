#!/usr/bin/env node
// Second half of `npm run compile`: replaces the CommonJS files that tsc wrote below dist/runtime/ with a few larger ones, made of the
// same sources. An import costs most for each file that is found, read and compiled. Every module is in exactly one file, below a
// comment with its path, so that state exists once. Files that package.json, the command line and the transformer name keep their path,
// and so do those that the runtime loads when it needs them. See docs/decisions/0018-few-files.md.
// `--sourcemap` adds maps, for coverage.

import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { rolldown } from 'rolldown';

const SOURCES = resolve('runtime');
const BUILT = resolve('dist', 'runtime');

/** Files of more than one entry, by these. Each takes all modules that its entries import and no file above it has taken. */
const TOGETHER = {
  // what the command line and the transformer use, so that they do not load the rest
  shared: /^(errors|version|text\/.+)$/,
  // what an import of `spanwright` and compiled code run
  spanwright: /^(index|emitted)$/,
  // startTracing(), createSampler(), createSpanProcessor() and the configuration
  'set-up': /^setup\/(start|sampler|processor)$/,
};

const withSlashes = (path) => path.replaceAll(sep, '/');
/** Path of a module below its folder, without the extension. */
const nameOf = (folder, path) => withSlashes(relative(folder, path)).replace(/\.[jt]s$/, '');

const filesBelow = (folder, ending) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));

/** Modules of the runtime that files require. */
const requiredBy = (files, runtime) =>
  files
    .flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/\brequire\(['"](\.[^'"]+)['"]\)/g)].map(([, path]) =>
        nameOf(runtime, resolve(dirname(file), path)),
      ),
    )
    .filter((name) => !name.startsWith('..'));

function entries() {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
  const published = Object.values(exports).map((entry) => (typeof entry === 'string' ? entry : entry.default));
  return new Set([
    ...published.filter((path) => path.startsWith('./dist/runtime/')).map((path) => nameOf(BUILT, path)),
    ...requiredBy([...filesBelow('dist/cli', '.js'), ...filesBelow('dist/transformer', '.js')], BUILT),
    ...requiredBy(filesBelow(SOURCES, '.ts'), SOURCES),
  ]);
}

/** Leaves `require('./part.js')` of the sources in place, by the path of the built file. */
const loadedLater = {
  name: 'loaded-later',
  resolveId: (path, importer, { kind }) =>
    kind === 'require-call' && path.startsWith('.')
      ? { id: `later:${nameOf(SOURCES, resolve(dirname(importer), path))}`, external: true }
      : undefined,
  /**
   * Lines stay as they are, so that the map does too; columns of names as well. A bundler that is given the files names the function
   * of `shared.js` `require_shared`, so that a variable of this name clashes in some releases of Rolldown.
   */
  renderChunk: (code, { fileName }) => ({
    code: code.replace(/\brequire_(?=\w)/g, 'runtime_').replace(/(["'])later:([^"']+)\1/g, (_, quote, name) => {
      const path = withSlashes(relative(dirname(fileName), `${name}.js`));
      return `${quote}${path.startsWith('.') ? '' : './'}${path}${quote}`;
    }),
    map: null,
  }),
};

/** A getter for each export that other files read: a plain property where nothing is assigned later, which is less text to load. */
const GETTER =
  /Object\.defineProperty\(exports, "(\w+)", \{\s+enumerable: true,\s+get: function \(\) \{\s+return ([\w$]+);\s+\}\s+\}\);/g;
const plainExports = {
  name: 'plain-exports',
  renderChunk(code) {
    const assigned = new Set([...code.matchAll(/^(?:let|var) (.+)$/gm)].flatMap(([, names]) => names.match(/[\w$]+/g)));
    const plain = (getter, name, value) => (assigned.has(value) ? getter : `exports.${name} = ${value};`);
    return { code: code.replace(GETTER, plain), map: null };
  },
};

const bundle = await rolldown({
  input: Object.fromEntries([...entries()].map((name) => [name, join(SOURCES, `${name}.ts`)])),
  platform: 'node',
  external: /^[^./]/,
  tsconfig: 'tsconfig.build.json',
  treeshake: false,
  optimization: { inlineConst: false },
  plugins: [loadedLater, plainExports],
});
for (const path of filesBelow(BUILT, '.js')) rmSync(path);
await bundle.write({
  dir: BUILT,
  format: 'cjs',
  exports: 'named',
  esModule: true,
  strict: true,
  minify: false,
  comments: false,
  sourcemap: process.argv.includes('--sourcemap'),
  generatedCode: { symbols: false },
  entryFileNames: '[name].js',
  chunkFileNames: ({ name }) => (name in TOGETHER ? '[name].js' : 'parts/[name].js'),
  codeSplitting: {
    groups: Object.entries(TOGETHER).map(([name, entry], at) => ({
      name,
      test: (path) => entry.test(nameOf(SOURCES, path)),
      priority: Object.keys(TOGETHER).length - at,
    })),
  },
});
