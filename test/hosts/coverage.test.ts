// limit: 300 s
// Coverage (B7): a project has the same branches, functions and missed lines with the plugin as without it, by istanbul and by V8. Each
// is the real tool, from the folder that .ci/setup fills; the numbers are those of its own summary, kept while nothing that they come from
// changes.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runTool, tspc, writeProject } from '../transformer/compile.js';
import { keepPatchedCompiler } from '../transformer/patched-compiler.js';
import { resultOnce } from './built.js';
import { NODE24, part, testWith } from './conformance/suite.js';
import { coverageTitleOf, type Kind } from './matrix.js';
import { MAIN } from './native-project.js';

const MODULES = part('coverage', 'node_modules');

/** Members on lines of their own and on one line; one branch is never taken. */
const WORK = `import { instrument } from 'spanwright';
export class Work {
  constructor(readonly factor: number) {}
  @instrument
  plain(a: number) {
    if (a > 100) {
      return 0;
    }
    return a * this.factor;
  }
  @instrument async later(a: number) { return this.plain(a); }
  @instrument
  get twice() {
    return this.factor * 2;
  }
}
export const add = instrument((a: number, b: number) => a + b);
export function several(a: number) {
  return a + 1;
}
`;
/** The same, with the decorators that the kind has. */
const workOf = (kind: Kind): string =>
  kind === 'none'
    ? WORK.replace(/import .*\n/, '')
        .replace(/@instrument\s+/g, '')
        .replace(/instrument\((.*)\);/, '$1;')
    : WORK;
const USE = `const work = new Work(2);
  if (work.plain(1) !== 2 || (await work.later(2)) !== 4 || work.twice !== 4 || add(1, 2) !== 3 || several(1) !== 2) throw new Error('wrong');
`;

interface Tool {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly package?: Readonly<Record<string, unknown>>;
  run(directory: string): { status: number | null; stdout: string; stderr: string };
}

const jest = (provider: 'babel' | 'v8'): Tool => ({
  name: `ts-jest, ${provider === 'babel' ? 'istanbul' : 'V8'}`,
  files: {
    'src/work.test.ts': `import { Work, add, several } from './work';\ndeclare const test: Function;\ntest('work', async () => {\n  ${USE}});\n`,
  },
  package: {
    jest: {
      testEnvironment: 'node',
      transform: { '^.+\\.ts$': ['ts-jest', { compiler: 'ts-patch/compiler', diagnostics: false }] },
      cacheDirectory: '<rootDir>/jest-cache',
      collectCoverage: true,
      collectCoverageFrom: ['src/work.ts'],
      coverageProvider: provider,
      coverageReporters: ['json-summary'],
    },
  },
  run: (directory) => runTool(directory, join(MODULES, 'jest/bin/jest.js'), '--ci', '--runInBand', '--no-watchman'),
});

const vitest = (provider: 'istanbul' | 'v8'): Tool => ({
  name: `Vitest, ${provider === 'v8' ? 'V8' : provider}`,
  files: {
    'src/work.test.ts': `import { test } from 'vitest';\nimport { Work, add, several } from './work';\ntest('work', async () => {\n  ${USE}});\n`,
    'vitest.config.mjs': `import { readFileSync } from 'node:fs';
import spanwright from 'spanwright/unplugin/vite';
const { compilerOptions } = JSON.parse(readFileSync('tsconfig.json', 'utf8'));
export default {
  plugins: compilerOptions.plugins.length > 0 ? [spanwright()] : [],
  test: { coverage: { enabled: true, provider: '${provider}', reporter: ['json-summary'], include: ['src/work.ts'] } },
};
`,
  },
  run: (directory) => runTool(directory, join(MODULES, 'vitest/vitest.mjs'), 'run'),
});

type Ran = ReturnType<typeof runTool>;
const PROGRAM = `import { Work, add, several } from './work';\nvoid (async () => {\n  ${USE}})();\n`;
const REPORTING = ['--reporter=json-summary', '--exclude-after-remap', '--include=src/work.ts'];
const REGISTER = ['--import', 'spanwright/register'];

/** c8 over the output of a compiler. */
const c8 = (compiler: string, compile: (directory: string) => Ran): Tool => ({
  name: `c8 over ${compiler}`,
  files: { 'src/main.ts': PROGRAM },
  run(directory) {
    const compiled = compile(directory);
    if (compiled.status !== 0) return compiled;
    return runTool(directory, join(MODULES, 'c8/bin/c8.js'), ...REPORTING, process.execPath, 'out/main.js');
  },
});

const c8OverRegister: Tool = {
  name: 'c8 over register',
  files: { 'src/main.ts': PROGRAM },
  run: (directory) =>
    runTool(directory, join(MODULES, 'c8/bin/c8.js'), ...REPORTING, process.execPath, ...REGISTER, 'src/main.ts'),
};

/** nyc over tests of Mocha that tspc has compiled. */
const nyc: Tool = {
  name: 'nyc and Mocha over tspc',
  files: {
    'src/work.spec.ts': `import { Work, add, several } from './work';\ndeclare const it: Function;\nit('works', async () => {\n  ${USE}});\n`,
  },
  run(directory) {
    const compiled = tspc(directory, '-p', '.');
    if (compiled.status !== 0) return compiled;
    const [tool, mocha] = [join(MODULES, 'nyc/bin/nyc.js'), join(MODULES, 'mocha/bin/mocha.js')];
    return runTool(directory, tool, ...REPORTING, '--include=out/work.js', mocha, 'out/work.spec.js');
  },
};

/** Writes the numbers of Node's own report as istanbul's summary. */
function nodeTest(directory: string, ...args: string[]): Ran {
  const reporter = ['--test-reporter=lcov', '--test-reporter-destination=lcov.info'];
  const ran = spawnSync(NODE24, ['--enable-source-maps', '--test', '--experimental-test-coverage', ...reporter, ...args], {
    cwd: directory,
    encoding: 'utf8',
  });
  if (ran.status !== 0) return ran;
  const lcov = readFileSync(join(directory, 'lcov.info'), 'utf8');
  const record = lcov.split('end_of_record').find((one) => /^SF:.*src\/work\.ts$/m.test(one)) ?? '';
  const count = (found: string, hit: string) => {
    const [total, covered] = [found, hit].map((key) => Number(new RegExp(`^${key}:(\\d+)$`, 'm').exec(record)?.[1]));
    return { total, covered };
  };
  const lines = count('LF', 'LH');
  const summary = { 'src/work.ts': { lines, statements: lines, functions: count('FNF', 'FNH'), branches: count('BRF', 'BRH') } };
  mkdirSync(join(directory, 'coverage'));
  writeFileSync(join(directory, 'coverage/coverage-summary.json'), JSON.stringify(summary));
  return ran;
}
const NODE_TEST = {
  'src/work.test.ts': `import { test } from 'node:test';\nimport { Work, add, several } from './work';\ntest('works', async () => {\n  ${USE}});\n`,
};

const nodeOverRegister: Tool = {
  name: 'node --test over register',
  files: NODE_TEST,
  run: (directory) => nodeTest(directory, ...REGISTER, 'src/work.test.ts'),
};

/** `spanwright build`, or the native compiler alone where the project has no plugin. */
function native(directory: string): Ran {
  for (const name of ['typescript', '@typescript']) {
    const link = join(directory, 'node_modules', name);
    rmSync(link, { force: true });
    symlinkSync(part('ts7/node_modules', name), link, 'junction');
  }
  const tsconfig = JSON.parse(readFileSync(join(directory, 'tsconfig.json'), 'utf8'));
  tsconfig.compilerOptions.moduleResolution = 'bundler'; // TypeScript 7 has no node10
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(tsconfig));
  if (tsconfig.compilerOptions.plugins.length > 0) return runTool(directory, MAIN, 'build');
  return runTool(directory, part('ts7/node_modules/typescript/bin/tsc'));
}

function measured(tool: Tool, kind: Kind, plugin: Readonly<Record<string, unknown>> | null): Promise<unknown> {
  const directory = writeProject({
    below: part('coverage'),
    plugin,
    compilerOptions: { experimentalDecorators: kind === 'legacy', declaration: false },
    files: { 'src/work.ts': workOf(kind), ...tool.files },
    ...(tool.package && { package: tool.package }),
  });
  return resultOnce(directory, [tool.name, readFileSync(__filename, 'utf8')], () => summaryOf(tool, directory));
}

function summaryOf(tool: Tool, directory: string): unknown {
  const { status, stdout, stderr } = tool.run(directory);
  assert.is(status, 0, stdout + stderr);
  const summary = JSON.parse(readFileSync(join(directory, 'coverage/coverage-summary.json'), 'utf8'));
  const found = Object.entries(summary).find(([path]) => path.endsWith('src/work.ts')) as [
    string,
    Record<'lines' | 'statements' | 'functions' | 'branches', { total: number; covered: number }>,
  ];
  const { lines, statements, functions, branches } = found[1];
  const missed = [lines, statements].map(({ total, covered }) => total - covered);
  return { functions, branches, missed };
}

const withTools = testWith('coverage', 'ts7', 'node24');
if (existsSync(MODULES)) keepPatchedCompiler(part('coverage'));
/** TC39 decorators compiled without the plugin bring functions and branches of TypeScript's own, so that there is nothing to compare with. */
const CASES: readonly (readonly [Tool, readonly Kind[]])[] = [
  [jest('babel'), ['legacy', 'none']],
  [jest('v8'), ['legacy']],
  [vitest('istanbul'), ['legacy']],
  [vitest('v8'), ['legacy', 'none']],
  [c8('tspc', (directory) => tspc(directory, '-p', '.')), ['legacy', 'none']],
  [c8('spanwright build', native), ['legacy', 'none']],
  [c8OverRegister, ['legacy', 'none']],
  [nyc, ['legacy', 'none']],
  [nodeOverRegister, ['legacy', 'none']],
];
for (const [tool, kinds] of CASES)
  for (const kind of kinds)
    withTools(coverageTitleOf(tool.name, kind), async () => {
      // Decorators that are compiled away are no statements any more, all of which were covered.
      assert.equal(await measured(tool, kind, { auto: [{ files: 'src/work.ts' }] }), await measured(tool, kind, null));
    });

test.run();
