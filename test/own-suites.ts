// `npm run own-suites`: the own test suites of public packages, compiled by tspc and run three times: without the plugin, in auto mode with tracing
// absent, and in auto mode while it records. Prints a table for docs/hosts.md and each test whose outcome differs; exits with 1 for any.
// Nothing of the packages is kept in the repository: they are cloned, or read from Git directories with `--sources FOLDER`.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const CACHE = join(ROOT, '.cache', 'own-suites');

interface Suite {
  readonly repository: string;
  readonly runner: 'jest' | 'mocha';
  readonly compilerOptions: Readonly<Record<string, unknown>>;
  readonly include: readonly string[];
  /** Tests among the output. */
  readonly tests: string;
  /** Development dependencies that the tests load, in the versions of its own package.json. */
  readonly needs: readonly string[];
  /** Loaded before the tests. */
  readonly setup?: string;
}

const LEGACY = { experimentalDecorators: true, emitDecoratorMetadata: true };

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
};

/** Outcome by the full name of a test. */
type Outcomes = ReadonlyMap<string, string>;

function run(directory: string, command: string, args: readonly string[], environment: object = {}): string {
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
  run(directory, 'npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', '--legacy-peer-deps', '--ignore-scripts']);
}

/** The files of a repository's newest commit, and what they need. */
function sourcesOf({ repository, needs }: Suite, sources: string | undefined): string {
  const directory = join(CACHE, repository.replace('/', '+'));
  if (!existsSync(join(directory, 'package.json'))) {
    const git = sources === undefined ? join(CACHE, 'clone') : join(sources, repository.replace('/', '+'), 'repo');
    if (sources === undefined) {
      rmSync(git, { recursive: true, force: true });
      run(ROOT, 'git', ['clone', '--quiet', '--bare', '--depth', '1', `https://github.com/${repository}`, git]);
    }
    mkdirSync(directory, { recursive: true });
    run(ROOT, 'sh', ['-c', 'git -c safe.directory=* --git-dir="$0" archive HEAD | tar x -C "$1"', git, directory]);
  }
  const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const wanted = needs.map((name) => [name, devDependencies[name]]);
  installed(join(directory, 'packages'), { dependencies: { ...dependencies, ...Object.fromEntries(wanted) } });
  return directory;
}

/** Compiles once; the output has the packages beside it. */
function compiled(directory: string, { compilerOptions, include }: Suite, auto: boolean): string {
  const output = join(directory, auto ? 'auto' : 'plain');
  rmSync(output, { recursive: true, force: true });
  const options = {
    ...{ module: 'CommonJS', moduleResolution: 'node10', esModuleInterop: true, lib: ['ESNext', 'DOM'], types: [] },
    ...{ noCheck: true, skipLibCheck: true, resolveJsonModule: true, rootDir: '.', outDir: output },
    ...compilerOptions,
    plugins: auto
      ? [{ transform: 'spanwright/transformer', namespace: 'own', auto: [{ files: '**' }], manifest: 'sites.json' }]
      : [],
  };
  const path = join(directory, 'tsconfig.own-suites.json');
  writeFileSync(path, JSON.stringify({ compilerOptions: options, include }));
  link(join(directory, 'node_modules'), join(directory, 'packages/node_modules'));
  for (const name of ['spanwright', '@opentelemetry'])
    link(join(directory, 'packages/node_modules', name), name === 'spanwright' ? ROOT : join(ROOT, 'node_modules', name));
  const printed = run(directory, process.execPath, [join(ROOT, 'node_modules/ts-patch/bin/tspc.js'), '-p', path]);
  if (!existsSync(output)) throw new Error(printed);
  writeFileSync(join(output, 'package.json'), '{ "type": "commonjs" }');
  return output;
}

function link(path: string, target: string): void {
  if (!existsSync(path)) symlinkSync(target, path, 'junction');
}

const TRACING = `
const { startTracing } = require('spanwright');
let tracing, count = 0;
const exporter = { export(spans, done) { count += spans.length; done({ code: 0 }); }, async shutdown() {} };
const start = async () => { tracing = await startTracing({ serviceName: 'own', enabled: true, exporter }); };
const stop = async () => { await tracing.shutdown(); require('node:fs').appendFileSync(process.env.OWN_SPANS, count + '\\n'); };
if (typeof beforeAll === 'function') { beforeAll(start); afterAll(stop); }
else exports.mochaHooks = { beforeAll: start, afterAll: stop };
`;

function outcomes(output: string, suite: Suite, tools: string, on: boolean): { tests: Outcomes; spans: number } {
  const [results, counts] = [join(output, 'results.json'), join(output, 'spans.txt')];
  for (const path of [results, counts]) rmSync(path, { force: true });
  const before = suite.setup === undefined ? [] : [join(output, suite.setup)];
  if (on) {
    writeFileSync(join(output, 'tracing.cjs'), TRACING);
    before.push(join(output, 'tracing.cjs'));
  }
  const tool = (name: string): string => join(tools, 'node_modules', name);
  const env = { OWN_SPANS: counts, NODE_PATH: join(tools, 'node_modules') };
  const printed =
    suite.runner === 'jest'
      ? run(
          output,
          process.execPath,
          [
            ...[
              tool('jest/bin/jest.js'),
              '--json',
              '--outputFile',
              results,
              '--rootDir',
              output,
              '--maxWorkers',
              '2',
              '--testMatch',
            ],
            ...[`**/${suite.tests}`, ...before.flatMap((path) => ['--setupFilesAfterEnv', path])],
          ],
          env,
        )
      : run(
          output,
          process.execPath,
          [
            ...[
              tool('mocha/bin/mocha.js'),
              '--no-config',
              '--reporter',
              'json',
              '--reporter-option',
              `output=${results}`,
              '--exit',
            ],
            ...[...before.flatMap((path) => ['--require', path]), suite.tests],
          ],
          env,
        );
  if (!existsSync(results)) throw new Error(printed.slice(-3000));
  const spans = existsSync(counts)
    ? readFileSync(counts, 'utf8')
        .split('\n')
        .reduce((sum, one) => sum + Number(one), 0)
    : 0;
  return { tests: outcomesIn(JSON.parse(readFileSync(results, 'utf8'))), spans };
}

/** What is used of the results of Jest, and of mocha. */
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
function outcomesIn({ testResults = [], passes = [], failures = [], pending = [] }: Results): Outcomes {
  const found = new Map<string, string>();
  const add = (name: string, outcome: string): void => {
    let title = name;
    for (let next = 2; found.has(title); next++) title = `${name} (${next})`;
    found.set(title, outcome);
  };
  for (const { name, message, assertionResults } of testResults) {
    const file = name.replace(/.*[\\/](?=[^\\/]+$)/, '');
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
installed(tools, { dependencies: { jest: '29.7.0', mocha: '11.7.2', tslib: '^2.8.1' } });

const rows = [['suite', 'target', 'sites', 'passed without', 'auto, off', 'auto, recording', 'spans', 'differ']];
let differing = 0;
for (const name of args.length > 0 ? args : Object.keys(SUITES)) {
  const suite = SUITES[name];
  if (suite === undefined) throw new Error(`there is no suite ${name}: ${Object.keys(SUITES).join(', ')}`);
  const directory = sourcesOf(suite, sources);
  const base = outcomes(compiled(directory, suite, false), suite, tools, false).tests;
  const auto = compiled(directory, suite, true);
  const [off, on] = [outcomes(auto, suite, tools, false), outcomes(auto, suite, tools, true)];
  const names = new Set([...base.keys(), ...off.tests.keys(), ...on.tests.keys()]);
  const differ = [...names].filter((test) => [off, on].some(({ tests }) => tests.get(test) !== base.get(test)));
  for (const test of differ)
    console.log(`${name}: ${test}: ${[base, off.tests, on.tests].map((all) => all.get(test)).join(', ')}`);
  differing += differ.length;
  const { sites } = JSON.parse(readFileSync(join(directory, 'sites.json'), 'utf8'));
  const counts = [
    sites.length,
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
