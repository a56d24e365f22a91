// `npm run own-suites`: the own test suites of public packages, compiled by tspc and run three times: without the plugin, in auto mode with tracing
// absent, and in auto mode while it records. `spanwright build` with TypeScript 7.1 must plant the same sites. Prints a table for docs/hosts.md and
// each test and site that differs; exits with 1 for any.
// Nothing of the packages is kept in the repository: they are cloned, or read from Git directories with `--sources FOLDER`.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const ROOT = join(__dirname, '..');
const CACHE = join(ROOT, '.cache', 'own-suites');
const PACKAGES = '.own-suites';
const NATIVE_TYPESCRIPT = join(ROOT, '.cache/hosts/ts7/node_modules');

interface Suite {
  readonly repository: string;
  readonly runner: keyof typeof RUNNERS;
  /** Folder of its package in a monorepo. */
  readonly folder?: string;
  readonly compilerOptions: Readonly<Record<string, unknown>>;
  readonly include: readonly string[];
  /** Tests among the output. */
  readonly tests: string;
  /** Development dependencies that the tests load, in the versions of its own package.json. */
  readonly needs: readonly string[];
  /** Patterns of imports, and the paths of the output that they name. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Loaded before the tests. */
  readonly setup?: string;
}

const LEGACY = { experimentalDecorators: true, emitDecoratorMetadata: true };
const ES_MODULES = { module: 'ESNext', moduleResolution: 'bundler' };

const SUITES: Readonly<Record<string, Suite>> = {
  'class-validator': {
    repository: 'typestack/class-validator',
    runner: 'jest',
    compilerOptions: { target: 'ES2018', ...LEGACY },
    include: ['src', 'test'],
    tests: 'test/**/*.spec.js',
    needs: [],
  },
  tsyringe: {
    repository: 'microsoft/tsyringe',
    runner: 'jest',
    compilerOptions: { target: 'ES2015', importHelpers: true, ...LEGACY },
    include: ['src', 'test'],
    tests: 'src/__tests__/*.test.js',
    needs: ['reflect-metadata'],
    setup: 'test/jest.setup.js',
  },
  'graphql-js': {
    repository: 'graphql/graphql-js',
    runner: 'mocha',
    compilerOptions: { target: 'ES2019' },
    include: ['src'],
    tests: 'src/**/__tests__/**/*-test.js',
    needs: ['chai'],
  },
  InversifyJS: {
    repository: 'inversify/InversifyJS',
    runner: 'mocha',
    compilerOptions: { target: 'ES2022', ...LEGACY },
    include: ['src'],
    tests: 'src/test/**/*.test.js',
    needs: ['chai', 'sinon', 'reflect-metadata'],
  },
  'fp-ts': {
    repository: 'gcanti/fp-ts',
    runner: 'jest',
    compilerOptions: { target: 'ES2018' },
    include: ['src', 'test'],
    tests: 'test/**/*.js',
    needs: ['fast-check'],
  },
  rxjs: {
    repository: 'ReactiveX/rxjs',
    runner: 'vitest',
    folder: 'packages/rxjs',
    compilerOptions: { target: 'ESNext', ...ES_MODULES },
    include: ['packages/*/src', 'packages/rxjs/test/ported'],
    tests: 'packages/rxjs/{src,test/ported/cold}/**/*.spec.js',
    needs: ['chai'],
    setup: 'packages/rxjs/test/ported/setup.js',
    aliases: {
      '^@rxjs/observable-polyfill$': 'packages/observable-polyfill/src/index.js',
      '^@rxjs/test$': 'packages/test/src/index.js',
      '^rxjs/(.+)$': 'packages/rxjs/src/$1.js',
      '^rxjs$': 'packages/rxjs/src/index.js',
    },
  },
  zod: {
    repository: 'colinhacks/zod',
    runner: 'vitest',
    folder: 'packages/zod',
    compilerOptions: { target: 'ES2020', ...ES_MODULES, ...LEGACY },
    include: ['packages/zod/src', 'scripts/fail-on-console.ts'],
    tests: 'packages/zod/src/**/*.test.js',
    needs: ['@seriousme/openapi-schema-validator', '@web-std/file', 'esbuild', 'recheck', 'ts-morph'],
    setup: 'scripts/fail-on-console.js',
    aliases: {
      '^zod/compile$': 'packages/zod/src/compile.js',
      '^zod/(.+)$': 'packages/zod/src/$1/index.js',
      '^zod$': 'packages/zod/src/index.js',
    },
  },
  'type-graphql': {
    repository: 'MichalLytek/type-graphql',
    runner: 'jest',
    compilerOptions: { target: 'ES2021', importHelpers: true, ...LEGACY },
    include: ['src', 'tests'],
    tests: 'tests/functional/**/*.js',
    needs: ['@graphql-tools/schema', '@graphql-tools/utils', 'class-validator', 'expect', 'graphql', 'graphql-scalars'].concat([
      'graphql-tag',
      'reflect-metadata',
      'shelljs',
      'typedi',
    ]),
    aliases: { '^@/(.*)$': 'src/$1', '^type-graphql$': 'src/index.js' },
  },
};

/** Outcome by the full name of a test. */
type Outcomes = ReadonlyMap<string, string>;

function runCommand(directory: string, command: string, args: readonly string[], environment: object = {}): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: directory,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    env: { ...process.env, ...environment },
  });
  if (error !== undefined) throw error;
  return status === 0 ? stdout : `${stdout}${stderr}`;
}

function installed(directory: string, manifest: object): void {
  if (existsSync(join(directory, 'node_modules'))) return;
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest));
  runCommand(directory, 'npm', [
    'install',
    '--no-audit',
    '--no-fund',
    '--no-package-lock',
    '--legacy-peer-deps',
    '--ignore-scripts',
  ]);
}

/** The files of a repository's newest commit, and what they need. */
function sourcesOf({ repository, needs, folder = '.' }: Suite, sources: string | undefined): string {
  const directory = join(CACHE, repository.replace('/', '+'));
  if (!existsSync(join(directory, 'package.json'))) {
    const git = sources === undefined ? join(CACHE, 'clone') : join(sources, repository.replace('/', '+'), 'repo');
    if (sources === undefined) {
      rmSync(git, { recursive: true, force: true });
      runCommand(ROOT, 'git', ['clone', '--quiet', '--bare', '--depth', '1', `https://github.com/${repository}`, git]);
    }
    mkdirSync(directory, { recursive: true });
    // snapshots lack files of more than 4 MiB
    runCommand(ROOT, 'sh', [
      '-c',
      'git -c safe.directory=* --git-dir="$0" archive HEAD -- . ":(exclude)*.generated.json" | tar x -C "$1"',
      git,
      directory,
    ]);
  }
  const manifests = ['.', folder].map((path) => JSON.parse(readFileSync(join(directory, path, 'package.json'), 'utf8')));
  const versions = Object.assign({}, ...manifests.map(({ devDependencies }) => devDependencies));
  const wanted = Object.fromEntries(needs.map((name) => [name, versions[name]]));
  const { dependencies } = manifests[0];
  installed(join(directory, PACKAGES), { dependencies: { ...dependencies, ...wanted } });
  return directory;
}

const TSPC = [join(ROOT, 'node_modules/ts-patch/bin/tspc.js')];
const NATIVE = [join(ROOT, 'dist/cli/main.js'), 'build'];
const COMPILERS = { plain: TSPC, auto: TSPC, native: NATIVE };
const manifestOf = (way: string): string => `sites.${way}.json`;

/** Compiles once; the output has the packages beside it. */
function compiled(directory: string, { compilerOptions, include }: Suite, way: keyof typeof COMPILERS): string {
  const output = join(directory, way);
  rmSync(output, { recursive: true, force: true });
  const plugin = { transform: 'spanwright/transformer', namespace: 'own', auto: [{ files: '**' }], manifest: manifestOf(way) };
  const options = {
    ...{ module: 'CommonJS', moduleResolution: 'node10', esModuleInterop: true, lib: ['ESNext', 'DOM'], types: [] },
    ...{ noCheck: true, skipLibCheck: true, resolveJsonModule: true, rootDir: '.', outDir: output },
    ...compilerOptions,
    // TypeScript 7 has no node10
    ...(way === 'native' ? { moduleResolution: 'bundler' } : {}),
    plugins: way === 'plain' ? [] : [plugin],
  };
  const path = join(directory, 'tsconfig.own-suites.json');
  writeFileSync(path, JSON.stringify({ compilerOptions: options, include }));
  link(join(directory, 'node_modules'), join(directory, PACKAGES, 'node_modules'));
  const packages = {
    ...{ spanwright: ROOT, '@opentelemetry': join(ROOT, 'node_modules/@opentelemetry') },
    ...Object.fromEntries(['typescript', '@typescript'].map((name) => [name, join(NATIVE_TYPESCRIPT, name)])),
  };
  for (const [name, target] of Object.entries(packages)) link(join(directory, PACKAGES, 'node_modules', name), target);
  const printed = runCommand(directory, process.execPath, [...COMPILERS[way], '-p', path]);
  if (!existsSync(output)) throw new Error(printed);
  const type = options.module === 'CommonJS' ? 'commonjs' : 'module';
  writeFileSync(join(output, 'package.json'), JSON.stringify({ type }));
  return output;
}

/** Places and names of the planted sites. */
function sitesOf(directory: string, way: keyof typeof COMPILERS): string[] {
  const { sites } = JSON.parse(readFileSync(join(directory, manifestOf(way)), 'utf8'));
  return sites.map((site: unknown) => JSON.stringify(site));
}

function without(sites: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return sites.filter((site) => !known.has(site));
}

function link(path: string, target: string): void {
  if (!existsSync(path)) symlinkSync(target, path, 'junction');
}

const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
const TRACING = `
const { startTracing } = require('spanwright');
let tracing, count = 0;
const exporter = { export(spans, done) { count += spans.length; done({ code: 0 }); }, async shutdown() {} };
const start = async () => { tracing = await startTracing({ serviceName: 'own', enabled: true, exporter }); };
const stop = async () => { await tracing.shutdown(); require('node:fs').appendFileSync(process.env.OWN_SPANS, count + '\\n'); };
if (typeof beforeAll === 'function') { beforeAll(start); afterAll(stop); }
else exports.mochaHooks = { beforeAll: start, afterAll: stop };
`;

interface Run {
  readonly output: string;
  readonly suite: Suite;
  readonly results: string;
  readonly before: readonly string[];
}

/** A path below `tools`, and its arguments. */
const RUNNERS = {
  jest: ({ output, suite, results, before }: Run): string[] => [
    'jest/bin/jest.js',
    ...['--json', '--outputFile', results, '--rootDir', output, '--maxWorkers', '2', '--testMatch', `**/${suite.tests}`],
    ...['--moduleNameMapper', JSON.stringify(aliases(suite, '<rootDir>'))],
    ...before.flatMap((path) => ['--setupFilesAfterEnv', path]),
  ],
  mocha: ({ suite, results, before }: Run): string[] => [
    'mocha/bin/mocha.js',
    ...['--no-config', '--reporter', 'json', '--reporter-option', `output=${results}`, '--exit'],
    ...before.flatMap((path) => ['--require', path]),
    suite.tests,
  ],
  vitest: ({ output, suite, results, before }: Run): string[] => {
    const alias = Object.entries(aliases(suite, output)).map(([find, replacement]) => ({ find, replacement }));
    const test = {
      ...{ root: output, include: [suite.tests], setupFiles: before, globals: true, silent: true, maxWorkers: 2 },
      ...{ reporters: ['json'], outputFile: results },
    };
    const config = join(output, 'vitest.config.mjs');
    const named = `const resolve = { preserveSymlinks: true, alias: ${JSON.stringify(alias)}.map(({ find, ...to }) => ({ find: new RegExp(find), ...to })) };`;
    writeFileSync(config, `${named}\nexport default { resolve, test: ${JSON.stringify(test)} };\n`);
    return ['vitest/vitest.mjs', 'run', '--config', config];
  },
} as const;

const aliases = ({ aliases = {} }: Suite, root: string): Record<string, string> =>
  Object.fromEntries(Object.entries(aliases).map(([pattern, path]) => [pattern, `${root}/${path}`]));

function outcomes(output: string, suite: Suite, tools: string, on: boolean): { tests: Outcomes; spans: number } {
  const [results, counts] = [join(output, 'results.json'), join(output, 'spans.txt')];
  for (const path of [results, counts]) rmSync(path, { force: true });
  const before = suite.setup === undefined ? [] : [join(output, suite.setup)];
  if (on) {
    const path = join(output, suite.runner === 'vitest' ? 'tracing.mjs' : 'tracing.cjs');
    writeFileSync(path, `${suite.runner === 'vitest' ? REQUIRE : ''}${TRACING}`);
    before.push(path);
  }
  const env = { OWN_SPANS: counts, NODE_PATH: join(tools, 'node_modules'), CI: 'true' };
  const [program = '', ...args] = RUNNERS[suite.runner]({ output, suite, results, before });
  const printed = runCommand(output, process.execPath, [join(tools, 'node_modules', program), ...args], env);
  if (!existsSync(results)) throw new Error(printed.slice(-3000));
  const spans = existsSync(counts)
    ? readFileSync(counts, 'utf8')
        .split('\n')
        .reduce((sum, one) => sum + Number(one), 0)
    : 0;
  return { tests: outcomesIn(JSON.parse(readFileSync(results, 'utf8')), output), spans };
}

/** The used parts of the results of Jest and Vitest, and of mocha. */
interface Results {
  readonly testResults?: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
  readonly passes?: readonly { readonly fullTitle: string }[];
  readonly failures?: readonly { readonly fullTitle: string }[];
  readonly pending?: readonly { readonly fullTitle: string }[];
}

/** Tests of one name are numbered. */
function outcomesIn({ testResults = [], passes = [], failures = [], pending = [] }: Results, output: string): Outcomes {
  const found = new Map<string, string>();
  const add = (name: string, outcome: string): void => {
    let title = name;
    for (let next = 2; found.has(title); next++) title = `${name} (${next})`;
    found.set(title, outcome);
  };
  for (const { name, message, assertionResults } of testResults) {
    const file = relative(output, name);
    for (const { fullName, status } of assertionResults) add(`${file}: ${fullName}`, status);
    if (assertionResults.length === 0)
      add(`${file}: ${message.split('\n').find((line) => line.includes('rror')) ?? ''}`, 'failed');
  }
  for (const [outcome, tests] of Object.entries({ passed: passes, failed: failures, pending }))
    for (const { fullTitle } of tests) add(fullTitle, outcome);
  return found;
}

const passedIn = (tests: Outcomes): number => [...tests.values()].filter((outcome) => outcome === 'passed').length;

const args = process.argv.slice(2);
const at = args.indexOf('--sources');
const [sources] = at === -1 ? [] : args.splice(at, 2).slice(1);
const tools = join(CACHE, 'tools');
installed(tools, { dependencies: { jest: '29.7.0', mocha: '11.7.2', vitest: '4.1.10', tslib: '^2.8.1' } });

const rows = [
  ['suite', 'target', 'sites', 'by TypeScript 7', 'passed without', 'auto, off', 'auto, recording', 'spans', 'differ'],
];
let differing = 0;
for (const name of args.length > 0 ? args : Object.keys(SUITES)) {
  const suite = SUITES[name];
  if (suite === undefined) throw new Error(`there is no suite ${name}: ${Object.keys(SUITES).join(', ')}`);
  const directory = sourcesOf(suite, sources);
  const base = outcomes(compiled(directory, suite, 'plain'), suite, tools, false).tests;
  const auto = compiled(directory, suite, 'auto');
  const [off, on] = [outcomes(auto, suite, tools, false), outcomes(auto, suite, tools, true)];
  const names = new Set([...base.keys(), ...off.tests.keys(), ...on.tests.keys()]);
  const differ = [...names].filter((test) => [off, on].some(({ tests }) => tests.get(test) !== base.get(test)));
  for (const test of differ)
    console.log(`${name}: ${test}: ${[base, off.tests, on.tests].map((all) => all.get(test)).join(', ')}`);
  compiled(directory, suite, 'native');
  const [sites, native] = [sitesOf(directory, 'auto'), sitesOf(directory, 'native')];
  const unlike = [...without(sites, native), ...without(native, sites)];
  for (const site of unlike) console.log(`${name}: ${native.includes(site) ? 'spanwright build' : 'tspc'} alone: ${site}`);
  differing += differ.length + unlike.length;
  const counts = [
    sites.length,
    native.length,
    `${passedIn(base)} of ${base.size}`,
    passedIn(off.tests),
    passedIn(on.tests),
    on.spans,
    differ.length,
  ];
  rows.push([name, String(suite.compilerOptions.target), ...counts.map(String)]);
}
const [titles = [], ...others] = rows;
for (const row of [titles, titles.map(() => '---'), ...others]) console.log(`| ${row.join(' | ')} |`);
process.exitCode = differing === 0 ? 0 : 1;
