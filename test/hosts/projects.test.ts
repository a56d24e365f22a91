// The project that a file belongs to, for hosts that see one file at a time: the layouts of Vite's templates, Nx, Turborepo, pnpm workspaces,
// Nest's monorepo mode and project references, read with TypeScript 5.9; and the hosts themselves, started outside the folder of
// the project.

import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Parser, parserFor } from '../../transformer/hosts/parse.js';
import { noEntry, textsByFile } from '../../transformer/hosts/projects.js';
import { link, newDirectory, ROOT, write } from './conformance/project.js';
import { execute, part, testWith } from './conformance/suite.js';

const entry = (namespace: string) => ({ plugins: [{ transform: 'spanwright/transformer', namespace }] });
const LEGACY = { experimentalDecorators: true };

interface Layout {
  readonly name: string;
  readonly files: Readonly<Record<string, object>>;
  /** By source file: the root of its namespaces, and whether its decorators are legacy ones. */
  readonly expected: Readonly<Record<string, readonly [namespace: string, legacy: boolean]>>;
}

const LAYOUTS: readonly Layout[] = [
  {
    name: "Vite's react-ts: tsconfig.json lists references only",
    files: {
      'tsconfig.json': { files: [], references: [{ path: './tsconfig.app.json' }, { path: './tsconfig.node.json' }] },
      'tsconfig.app.json': { compilerOptions: { ...LEGACY, ...entry('app') }, include: ['src'] },
      'tsconfig.node.json': { compilerOptions: entry('node'), include: ['vite.config.ts'] },
    },
    expected: { 'src/a.ts': ['app', true], 'vite.config.ts': ['node', false], 'other/b.ts': ['app', true] },
  },
  {
    name: 'Nx: a solution in each application, whose parts extend a base',
    files: {
      'tsconfig.base.json': { compilerOptions: LEGACY },
      'apps/shop/tsconfig.json': {
        extends: '../../tsconfig.base.json',
        files: [],
        include: [],
        references: [{ path: './tsconfig.app.json' }, { path: './tsconfig.spec.json' }],
      },
      'apps/shop/tsconfig.app.json': {
        extends: './tsconfig.json',
        compilerOptions: entry('shop'),
        include: ['src/**/*.ts'],
        exclude: ['src/**/*.spec.ts'],
      },
      'apps/shop/tsconfig.spec.json': {
        extends: './tsconfig.json',
        compilerOptions: { experimentalDecorators: false, ...entry('spec') },
        include: ['src/**/*.spec.ts'],
      },
    },
    expected: { 'apps/shop/src/a.ts': ['shop', true], 'apps/shop/src/a.spec.ts': ['spec', false] },
  },
  {
    name: 'Turborepo and pnpm: a package of configurations that the others extend',
    files: {
      'packages/config/package.json': { name: '@acme/config' },
      'packages/config/base.json': { compilerOptions: { ...LEGACY, ...entry('acme') } },
      'packages/api/tsconfig.json': { extends: '../config/base.json', include: ['src'] },
      'packages/ui/tsconfig.json': { compilerOptions: entry('ui'), include: ['src'] },
    },
    expected: { 'packages/api/src/a.ts': ['acme', true], 'packages/ui/src/b.ts': ['ui', false] },
  },
  {
    name: "Nest's monorepo mode: one tsconfig.json above all applications",
    files: {
      'tsconfig.json': { compilerOptions: { ...LEGACY, ...entry('root') } },
      'apps/one/tsconfig.app.json': { extends: '../../tsconfig.json', include: ['src/**/*'] },
    },
    expected: { 'apps/one/src/a.ts': ['root', true] },
  },
  {
    name: 'project references, the root of which covers nothing, and a circle among them',
    files: {
      'tsconfig.json': { files: [], references: [{ path: './store' }, { path: './app' }] },
      'store/tsconfig.json': { compilerOptions: { composite: true, ...entry('store') } },
      'app/tsconfig.json': {
        compilerOptions: { ...LEGACY, ...entry('app') },
        references: [{ path: '../store' }, { path: '..' }],
      },
    },
    expected: { 'store/a.ts': ['store', false], 'app/a.ts': ['app', true] },
  },
  {
    name: 'several bases, of which a later one goes before, and an entry of their own',
    files: {
      'kind.json': { compilerOptions: LEGACY },
      'entry.json': { compilerOptions: entry('base') },
      'tsconfig.json': { extends: ['./kind.json', './entry.json'], include: ['src'] },
      'inner/tsconfig.json': { extends: ['../entry.json', '../kind.json'], compilerOptions: entry('inner') },
    },
    expected: { 'src/a.ts': ['base', true], 'inner/b.ts': ['inner', true] },
  },
  {
    name: 'a base whose paths start at the project (configDir)',
    files: {
      'shared/base.json': { compilerOptions: { ...LEGACY, ...entry('shared') }, include: [`$\{configDir}/src`] },
      'app/tsconfig.json': { extends: '../shared/base.json' },
      'tsconfig.json': { compilerOptions: entry('outer') },
    },
    expected: { 'app/src/a.ts': ['shared', true], 'app/other/b.ts': ['outer', false] },
  },
  {
    name: 'a list of files without `include`, and what they import',
    files: { 'tsconfig.json': { compilerOptions: { ...LEGACY, ...entry('listed') }, files: ['src/main.ts'] } },
    expected: { 'src/main.ts': ['listed', true], 'src/imported.ts': ['listed', true] },
  },
  {
    name: 'jsconfig.json where a folder has no tsconfig.json',
    files: {
      'jsconfig.json': { compilerOptions: entry('scripts') },
      'app/tsconfig.json': { compilerOptions: { ...LEGACY, ...entry('app') } },
      'app/jsconfig.json': { compilerOptions: entry('editor') },
    },
    expected: { 'main.js': ['scripts', false], 'app/a.ts': ['app', true] },
  },
  {
    name: 'folders with spaces and letters beyond ASCII',
    files: { 'my app (1)/[ü]/tsconfig.json': { compilerOptions: { ...LEGACY, ...entry('odd') }, include: ['s r c'] } },
    expected: { 'my app (1)/[ü]/s r c/ä b.ts': ['odd', true] },
  },
  {
    name: 'a nearer tsconfig.json that leaves the file out',
    files: {
      'tsconfig.json': { compilerOptions: { ...LEGACY, ...entry('outer') } },
      'inner/tsconfig.json': { compilerOptions: entry('inner'), include: ['src'] },
    },
    expected: { 'inner/src/a.ts': ['inner', false], 'inner/tools/b.ts': ['outer', true] },
  },
  {
    name: 'packages of configurations with an entry point, and with `tsconfig` in package.json',
    files: {
      'node_modules/with-main/package.json': { main: 'index.js' },
      'node_modules/with-main/index.js': {},
      'node_modules/with-main/tsconfig.json': { compilerOptions: { ...LEGACY, ...entry('main') } },
      'node_modules/with-field/package.json': { tsconfig: 'strict.json' },
      'node_modules/with-field/strict.json': { compilerOptions: { ...LEGACY, ...entry('field') } },
      'a/tsconfig.json': { extends: 'with-main' },
      'b/tsconfig.json': { extends: 'with-field' },
    },
    expected: { 'a/a.ts': ['main', true], 'b/b.ts': ['field', true] },
  },
  {
    name: '`plugins` that are empty or null over those of a base',
    files: {
      'package.json': { name: 'own' },
      'base.json': { compilerOptions: { ...LEGACY, ...entry('base') } },
      'empty.json': { compilerOptions: { plugins: [] } },
      'a/tsconfig.json': { extends: ['../base.json', '../empty.json'] },
      'b/tsconfig.json': { extends: '../base.json', compilerOptions: { plugins: null } },
    },
    expected: { 'a/a.ts': ['own', true], 'b/b.ts': ['own', true] },
  },
];

const FOLDERS = { 'TypeScript 5.9': ROOT, 'TypeScript 7.1': part('ts7') };
const withNative = testWith('ts7');
for (const [line, folder] of Object.entries(FOLDERS)) {
  let started: Parser | undefined;
  const parser = (): Parser => {
    started ??= parserFor(folder);
    return started;
  };
  for (const { name, files, expected } of LAYOUTS)
    withNative(`finds the project of each file with ${line}: ${name}`, () => {
      const directory = newDirectory();
      for (const [path, value] of Object.entries(files)) write(directory, path, JSON.stringify(value));
      for (const file of Object.keys(expected)) write(directory, file, 'export {};\n');
      const textsFor = textsByFile({ parser: parser(), directory: ROOT });
      for (const [file, [namespace, legacy]] of Object.entries(expected)) {
        const { project, configuration, warnings } = textsFor(join(directory, file));
        assert.is(project.naming.root, namespace, file);
        assert.is(configuration.options.experimentalDecorators === true, legacy, file);
        assert.equal(warnings, []);
      }
    });

  withNative(`warns of a configuration that cannot be read whole with ${line}`, () => {
    const directory = newDirectory();
    write(directory, 'a.ts', 'export {};\n');
    write(directory, 'circle.json', '{ "extends": "./tsconfig.json" }');
    for (const [text, message] of [
      ['{ "extends": "./circle.json" }', /tsconfig\.json could not be read, .*: TS18000: Circularity/],
      ['{ "extends": "./missing.json" }', /tsconfig\.json could not be read, .*: TS(5083|6053): .*missing\.json/],
      ['{ "compilerOptions": { "experimentalDecorators": true ', /tsconfig\.json could not be read, .*: TS1005: '}' expected/],
      ['// comment\n{ "compilerOptions": {}, }', undefined],
    ] as const) {
      write(directory, 'tsconfig.json', text);
      const { warnings } = textsByFile({ parser: parser(), directory })(join(directory, 'a.ts'));
      assert.is(warnings.length, message === undefined ? 0 : 1, text);
      if (message !== undefined) assert.match(warnings[0] as string, message);
    }
  });
}

test('for a compiler that reads only the nearest tsconfig.json, takes decorators from that one, and the entry from the covering one', () => {
  const directory = newDirectory();
  for (const [path, value] of Object.entries(LAYOUTS[0]?.files ?? {})) write(directory, path, JSON.stringify(value));
  write(directory, 'src/a.ts', 'export {};\n');
  const textsFor = textsByFile({ parser: parserFor(ROOT), directory, decoratorsOf: 'nearest' });
  const { project, configuration } = textsFor(join(directory, 'src/a.ts'));
  assert.is(project.naming.root, 'app');
  assert.is(configuration.options.experimentalDecorators, undefined);
});

test('covers a file that was created after its configuration was read', () => {
  const directory = newDirectory();
  write(directory, 'tsconfig.json', JSON.stringify({ compilerOptions: entry('outer'), include: ['none', 'src/a.ts'] }));
  write(directory, 'app/tsconfig.json', JSON.stringify({ compilerOptions: entry('app'), include: ['src'] }));
  write(directory, 'app/src/a.ts', 'export {};\n');
  const textsFor = textsByFile({ parser: parserFor(ROOT), directory });
  assert.is(textsFor(join(directory, 'app/src/a.ts')).project.naming.root, 'app');
  write(directory, 'app/src/b.ts', 'export {};\n');
  assert.is(textsFor(join(directory, 'app/src/b.ts')).project.naming.root, 'app');
});

test('reports the path of a tsconfig.json that has no entry of the plugin', () => {
  const directory = newDirectory();
  write(directory, 'tsconfig.json', JSON.stringify({ compilerOptions: {} }));
  write(directory, 'a.ts', 'export {};\n');
  const request = { parser: parserFor(ROOT), directory };
  const line = (path: string, text: string, options = {}): string | undefined => {
    const texts = textsByFile({ ...request, options })(path);
    return noEntry(texts, texts.transform(path, text));
  };
  const path = join(directory, 'a.ts');
  const marked = `import { instrument } from 'spanwright';\nexport const one = instrument(() => 1);\n`;
  assert.match(line(path, marked) ?? '', /"plugins" of .*tsconfig\.json has no entry "spanwright\/transformer"/);
  assert.is(line(path, marked, { namespace: 'x' }), undefined);
  assert.is(line(path, 'export {};\n'), undefined);
  const outside = join(newDirectory(), 'a.ts');
  assert.match(line(outside, marked) ?? '', /^spanwright: no tsconfig\.json covers these files; namespaces start with /);
});

/** `@Log` needs the arguments of a legacy decorator; the site has the namespace of the entry. */
const PROGRAM = `import { instrument, siteOf } from 'spanwright';
import path from 'node:path';
function Log(_target: object, key: string, descriptor: PropertyDescriptor) { console.log(key, typeof descriptor.value, path.sep); }
export class Work { @instrument @Log run(id: string) { return id; } }
new Work().run('x');
console.log(siteOf(Work.prototype.run)?.namespace);
`;

/** A project in `app/` of a folder, in the shape of Vite's template. */
function monorepo(): string {
  const directory = newDirectory();
  const app = (path: string, value: object): void => write(directory, `app/${path}`, JSON.stringify(value));
  app('package.json', { name: 'app' });
  app('tsconfig.json', { files: [], references: [{ path: './tsconfig.app.json' }] });
  app('tsconfig.app.json', {
    compilerOptions: { target: 'ES2022', module: 'Node16', ...LEGACY, ...entry('own') },
    include: ['src'],
  });
  write(directory, 'app/src/main.ts', PROGRAM);
  const installed = (name: string): string => part('bundlers/node_modules', name);
  const packages = Object.fromEntries(
    ['vite', 'webpack', 'rolldown', '@rspack', 'esbuild', '@farmfe'].map((name) => [name, installed(name)]),
  );
  link(directory, {
    ...packages,
    spanwright: ROOT,
    '@opentelemetry': join(ROOT, 'node_modules/@opentelemetry'),
    typescript: join(ROOT, 'node_modules/typescript'),
  });
  return directory;
}

function runNode(directory: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: directory, encoding: 'utf8', timeout: 120_000 });
  assert.is(status, 0, stderr);
  assert.not.match(stderr, /no entry/);
  return stdout;
}

const withBundlers = testWith('bundlers');

/** Each prints what it warns of. */
const WITHOUT_ENTRY: Readonly<Record<string, string>> = {
  'Rolldown by the plugin': `import { rolldown } from 'rolldown';
import spanwright from 'spanwright/unplugin/rolldown';
await (await rolldown({ input: 'main.js', external: /^spanwright/, plugins: [spanwright()], onLog: (_level, { message }) => console.log(message) })).write({ dir: 'out' });`,
  'webpack by the loader': `import webpack from 'webpack';
const rules = [{ test: /\\.js$/, use: 'spanwright/loader' }];
const stats = await new Promise((done, fail) => webpack({ mode: 'none', target: 'node', entry: './main.js', externals: [/^spanwright/], externalsType: 'commonjs', module: { rules } }, (error, result) => (error ? fail(error) : done(result))));
console.log(stats.toJson({ all: false, errors: true, warnings: true }).warnings.map(({ message }) => message).join('\\n'));`,
  register: `import { spawnSync } from 'node:child_process';
console.log(spawnSync(process.execPath, ['--import', 'spanwright/register', 'main.js'], { encoding: 'utf8' }).stderr);`,
};

for (const [name, script] of Object.entries(WITHOUT_ENTRY))
  withBundlers(`where the plugin has no entry, one line names the file that was looked for: ${name}`, () => {
    const directory = realpathSync(monorepo());
    const marked = (of: string): string =>
      `import { instrument } from 'spanwright';\nexport const ${of} = instrument(() => 1);\n`;
    write(directory, 'package.json', '{ "name": "bare", "type": "module", "dependencies": { "spanwright": "*" } }');
    write(directory, 'tsconfig.json', '{ "compilerOptions": { "target": "ES2022" } }');
    write(directory, 'main.js', `import './other.js';\n${marked('one')}`);
    write(directory, 'other.js', marked('two'));
    write(directory, 'build.mjs', script);
    const printed = execute(directory, process.execPath, ['build.mjs']);
    const looked = [...printed.matchAll(/"plugins" of (.*) has no entry "spanwright\/transformer"/g)].map(([, path]) => path);
    assert.equal(looked, [join(directory, 'tsconfig.json')], printed);
  });

/** Started in the folder above `app`, which each bundler but Rollup takes for its root; `OPTIONS` stands for those of the plugin. */
const HOSTS: Readonly<Record<string, string>> = {
  Vite: `import { build } from 'vite';
import spanwright from 'spanwright/unplugin/vite';
await build({ root: 'app', configFile: false, logLevel: 'error', plugins: [spanwright(OPTIONS)],
  build: { ssr: 'src/main.ts', outDir: '../out', minify: false, emptyOutDir: true, rolldownOptions: { external: [/^spanwright/, /^node:/], output: { format: 'cjs', entryFileNames: 'main.cjs' } } }, ssr: { noExternal: ['pgx'] } });`,
  Rolldown: `import { rolldown } from 'rolldown';
import spanwright from 'spanwright/unplugin/rolldown';
const bundle = await rolldown({ cwd: process.cwd() + '/app', input: './src/main.ts', platform: 'node', external: [/^spanwright/, /^node:/], plugins: [spanwright(OPTIONS)] });
await bundle.write({ file: process.cwd() + '/out/main.cjs', format: 'cjs' });`,
  esbuild: `import { build } from 'esbuild';
import spanwright from 'spanwright/unplugin/esbuild';
await build({ absWorkingDir: process.cwd() + '/app', entryPoints: ['src/main.ts'], outfile: '../out/main.cjs', bundle: true, platform: 'node', tsconfig: 'tsconfig.app.json', external: ['spanwright', 'spanwright/*'], plugins: [spanwright(OPTIONS)] });`,
  webpack: `import { writeFileSync } from 'node:fs';
import webpack from 'webpack';
import spanwright from 'spanwright/unplugin/webpack';
writeFileSync('loader.mjs', \`import typescript from 'typescript';
export default (code) => typescript.transpileModule(code, { compilerOptions: { target: 'ES2022', module: 'ESNext', experimentalDecorators: true } }).outputText;\`);
const ts = { test: /\\.ts$/, use: process.cwd() + '/loader.mjs' };
const stats = await new Promise((done, fail) => webpack({ context: process.cwd() + '/app', mode: 'none', target: 'node', entry: './src/main.ts', resolve: { extensions: ['.ts', '.js'] }, output: { path: process.cwd() + '/out', filename: 'main.cjs' }, externals: [/^spanwright/], externalsType: 'commonjs', module: { rules: [ts] }, plugins: [spanwright(OPTIONS)] }, (error, result) => (error ? fail(error) : done(result))));
if (stats.hasErrors()) throw new Error(stats.toString('errors-only'));`,
  Rspack: `import { rspack } from '@rspack/core';
import spanwright from 'spanwright/unplugin/rspack';
const ts = { test: /\\.ts$/, use: { loader: 'builtin:swc-loader', options: { jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true }, transform: { legacyDecorator: true } } } } };
const stats = await new Promise((done, fail) => rspack({ context: process.cwd() + '/app', mode: 'none', target: 'node', entry: './src/main.ts', resolve: { extensions: ['.ts', '.js'] }, output: { path: process.cwd() + '/out', filename: 'main.cjs' }, externals: [/^spanwright/], externalsType: 'commonjs', module: { rules: [ts] }, plugins: [spanwright(OPTIONS)] }, (error, result) => (error ? fail(error) : done(result))));
if (stats.hasErrors()) throw new Error(stats.toString('errors-only'));`,
  Farm: `import { build } from '@farmfe/core';
import spanwright from 'spanwright/unplugin/farm';
await build({ root: 'app', configPath: '', plugins: [spanwright(OPTIONS)], compilation: { input: { main: './src/main.ts' }, output: { path: '../out', targetEnv: 'node', format: 'cjs', entryFilename: '[entryName].cjs' }, external: ['^spanwright'], minify: false, treeShaking: false, persistentCache: false, presetEnv: false, script: { target: 'es2022', decorators: { legacyDecorator: true } } } });`,
};

for (const [name, script] of Object.entries(HOSTS))
  withBundlers(`${name}: its own root decides, when started above the project`, () => {
    const directory = monorepo();
    const pgx = 'exports.Client = class { query(sql) { return sql.length; } };\n';
    write(directory, 'app/node_modules/pgx/package.json', '{ "name": "pgx", "main": "index.js" }');
    write(directory, 'app/node_modules/pgx/index.js', pgx);
    write(
      directory,
      'app/src/main.ts',
      `${PROGRAM}import { Client } from 'pgx';\nconsole.log(siteOf(Client.prototype.query)?.namespace);\n`,
    );
    const named = (namespace: string, packages: string) => ({
      compilerOptions: {
        ...LEGACY,
        target: 'ES2022',
        plugins: [{ ...entry(namespace).plugins[0], auto: [{ packages, minLines: 1 }] }],
      },
    });
    // of the working directory
    for (const file of ['tsconfig.json', 'tsconfig.named.json'])
      write(directory, file, JSON.stringify({ compilerOptions: entry('outer') }));
    write(directory, 'app/tsconfig.named.json', JSON.stringify(named('named', 'pgx')));
    write(directory, 'app/tsconfig.app.json', JSON.stringify({ ...named('own', 'pgx'), include: ['src'] }));
    for (const [options, namespace] of [
      ['', 'own'],
      ["{ tsconfig: 'tsconfig.named.json' }", 'named'],
    ] as const) {
      write(directory, 'build.mjs', script.replaceAll('OPTIONS', options));
      runNode(directory, ['build.mjs']);
      const printed = runNode(directory, [join(directory, 'out/main.cjs')]);
      assert.is(printed, `run function /\n${namespace}::main::Work\npgx::Client\n`, options);
    }
  });

test('register: keeps legacy decorators when started above the project, and applies the interop that the kind of modules implies', () => {
  const directory = monorepo();
  const kinds = ['Node18', 'Node20', 'NodeNext'];
  for (const module of kinds) {
    write(directory, `${module}/package.json`, JSON.stringify({ name: module }));
    write(directory, `${module}/tsconfig.json`, JSON.stringify({ compilerOptions: { target: 'ES2022', module } }));
    write(directory, `${module}/main.ts`, `import path from 'node:path';\nconsole.log('${module}', path.sep);\n`);
  }
  const others = kinds.map((module) => `import '../../${module}/main';\n`).join('');
  write(directory, 'app/src/main.ts', `${PROGRAM}${others}import { getSites } from './sites';\ngetSites();\n`);
  write(
    directory,
    'app/src/sites.ts',
    `import { startTracing } from 'spanwright';\nexport async function getSites() { const one = await startTracing({ endpoint: '' } as any); console.log(JSON.stringify(one.sites('').map((site: any) => site.namespace))); }\n`,
  );
  const printed = runNode(directory, ['--import', 'spanwright/register', 'app/src/main.ts']);
  assert.match(printed, /^run function \/$/m);
  for (const module of kinds) assert.ok(printed.includes(`${module} /\n`), `${module}: ${printed}`);
  assert.match(printed, /"own::main::Work"/);
});

test("Nuxt: the files of a generated configuration below its folder's tsconfig.json are named from that folder", () => {
  const directory = newDirectory();
  const json = (path: string, content: object) => write(directory, path, JSON.stringify(content));
  json('package.json', { name: 'shop', dependencies: { spanwright: '*' } });
  json('tsconfig.json', {
    files: [],
    references: [{ path: './.nuxt/tsconfig.app.json' }, { path: './.nuxt/tsconfig.server.json' }],
  });
  json('.nuxt/tsconfig.app.json', { include: ['../app/**/*'] });
  json('.nuxt/tsconfig.server.json', { include: ['../server/**/*', './own.ts'] });
  link(directory, { spanwright: ROOT });
  const source = 'export function count(item: string) {\n  const twice = item + item;\n  return twice.length;\n}\n';
  // the last is in no configuration
  const files = ['server/utils/stock.ts', 'app/price.ts', 'other/label.ts'];
  for (const file of [...files, '.nuxt/own.ts']) write(directory, file, source);
  const options = { namespace: 'shop', auto: [{ files: ['server/**', 'app/**', 'other/**', 'own.ts'] }] };
  const textsFor = textsByFile({ parser: parserFor(ROOT), directory, options });
  const seen = [...files, '.nuxt/own.ts'].map((file) => {
    const path = join(directory, file);
    const { warnings, project, ...texts } = textsFor(path);
    const sites = texts.transform(path, source)?.plan.sites.map(({ record: { namespace } }) => namespace);
    return [project.withoutQuery(path), sites, warnings.filter((line) => line.includes('server/**'))];
  });
  assert.equal(seen.slice(0, 3), [
    ['server/utils/stock.ts', ['shop::server::utils::stock'], []],
    // with TypeScript 5 a namespace starts at the folder that all files of the configuration have in common
    ['app/price.ts', ['shop::price'], []],
    ['other/label.ts', ['shop::other::label'], []],
  ]);
  // a file in the folder of its configuration keeps that folder
  assert.equal(seen[3]?.slice(0, 1), ['own.ts']);
});

test.run();
