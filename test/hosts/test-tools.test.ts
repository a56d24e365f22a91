// Output of test tools for a suite that starts tracing in each file: nothing of Spanwright's, if all is in order. Each is the real tool,
// run over two files of plain JavaScript. Then Jest with the compilers that run no transformer, over TypeScript.

import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { link, newDirectory, ROOT, write } from './conformance/project.js';
import { part, testWith } from './conformance/suite.js';

const START = `const { startTracing } = require('spanwright');
const { InMemorySpanExporter } = require('@opentelemetry/sdk-trace-base');
async function traced() {
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ serviceName: 'tests', enabled: true, exporter });
  require('@opentelemetry/api').trace.getTracer('t').startSpan('one').end();
  await tracing.forceFlush();
  const count = exporter.getFinishedSpans().length;
  await tracing.shutdown();
  if (count !== 1) throw new Error('found ' + count + ' spans');
}
`;

interface Tool {
  readonly name: string;
  readonly part?: string;
  /** Declaration of a file's test, around `traced`. */
  readonly file: string;
  readonly arguments: readonly string[];
}

const TOOLS: readonly Tool[] = [
  {
    name: 'Jest',
    part: 'patched',
    file: `${START}test('traces', traced);\n`,
    arguments: [part('patched/node_modules/jest/bin/jest.js'), '--rootDir', '.', '--silent=false'],
  },
  {
    name: 'Vitest',
    part: 'bundlers',
    file: `import { test } from 'vitest';\nimport { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n${START}test('traces', traced);\n`,
    arguments: [part('bundlers/node_modules/vitest/vitest.mjs'), 'run', '--disable-console-intercept'],
  },
  { name: 'node:test', file: `${START}require('node:test').test('traces', traced);\n`, arguments: ['--test'] },
  {
    name: 'uvu',
    file: `${START}const { test } = require('uvu');\ntest('traces', traced);\ntest.run();\n`,
    arguments: [join(ROOT, 'node_modules/uvu/bin.js'), '.', '\\.test\\.js$'],
  },
];

function runTool(file: string, args: readonly string[], variables = {}): { status: number | null; text: string } {
  const directory = newDirectory();
  const extension = file.startsWith('import') ? 'mjs' : 'js';
  write(directory, 'package.json', '{ "name": "tests", "dependencies": { "spanwright": "*" } }');
  for (const name of ['one', 'two']) write(directory, `${name}.test.${extension}`, file);
  link(directory, {
    spanwright: ROOT,
    '@opentelemetry': join(ROOT, 'node_modules/@opentelemetry'),
    uvu: join(ROOT, 'node_modules/uvu'),
    vitest: part('bundlers/node_modules/vitest'),
  });
  const { JEST_WORKER_ID, VITEST, NODE_TEST_CONTEXT, NODE_ENV, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [...args], {
    cwd: directory,
    encoding: 'utf8',
    env: { ...env, ...variables },
  });
  return { status, text: stdout + stderr };
}

for (const tool of TOOLS)
  testWith(tool.part)(`${tool.name}: passes and prints no notice`, () => {
    const { status, text } = runTool(tool.file, tool.arguments);
    assert.is(status, 0, text);
    assert.not.match(text, /SPW\d/);
  });

/** Without the transformer: `args` finds the parameter in the text of the function, which Babel has instrumented for coverage. */
const MARKED = `import { MARK as mark } from 'FROM';
export class Work {
  constructor(readonly factor: number) {}
  @mark({ args: ['job'] })
  run(job: number): number {
    if (job > 100) {
      return 0;
    }
    return job * this.factor;
  }
  @mark({})
  async later(job: number) { return this.run(job); }
}
export class Fields {
  @mark({})
  held = (job: number) => job;
  @mark({})
  empty?: (job: number) => number;
}
`;
const markedBy = (mark: string, from: string): string => MARKED.replace('MARK', mark).replace('FROM', from);
const JEST_FILES = {
  'src/work.ts': markedBy('instrument', 'spanwright'),
  'src/bare.ts': markedBy('decorate', './decorate'),
  'src/decorate.ts':
    'export const decorate = (_options: object) => (_target: object, _key: string, _descriptor: PropertyDescriptor) => undefined;\n',
  // longer than any timer of Spanwright's set-up, so that output after the end of a test file is seen
  'teardown.cjs': 'module.exports = () => new Promise((done) => setTimeout(done, 2500));\n',
  'src/work.test.ts': `import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { startTracing } from 'spanwright';
import { Fields as BareFields, Work as Bare } from './bare';
import { Fields, Work } from './work';
test('records', async () => {
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ serviceName: 'tests', enabled: true, exporter });
  expect(await new Work(2).later(3)).toBe(6);
  expect(await new Bare(2).later(3)).toBe(6);
  await tracing.forceFlush();
  const found = exporter.getFinishedSpans().map(({ name, attributes }) => [name, attributes.job, attributes['code.file.path']]);
  expect(found).toEqual([['Work.run', 3, undefined], ['Work.later', undefined, undefined]]);
  exporter.reset();
  const fields = new Fields();
  expect([fields.held(3), fields.held.name, new BareFields().held(3)]).toEqual([3, HELD.length > 0 ? 'held' : new BareFields().held.name, 3]);
  expect(Object.entries(fields).map(([key, value]) => [key, typeof value])).toEqual([['held', 'function'], ['empty', 'undefined']]);
  await tracing.forceFlush();
  expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(HELD);
  await tracing.shutdown();
});
`,
};
const ofCoverage = (name: string): string => part('coverage/node_modules', name);

const COMPILERS: Readonly<Record<string, readonly [transformer: string, options: object]>> = {
  'babel-jest': [
    ofCoverage('babel-jest'),
    {
      presets: [ofCoverage('@babel/preset-typescript')],
      plugins: [
        [ofCoverage('@babel/plugin-proposal-decorators'), { version: 'legacy' }],
        ofCoverage('@babel/plugin-transform-class-properties'),
        ofCoverage('@babel/plugin-transform-modules-commonjs'),
      ],
    },
  ],
  '@swc/jest': [
    ofCoverage('@swc/jest'),
    { jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true }, transform: { legacyDecorator: true } } },
  ],
};

for (const [name, transform] of Object.entries(COMPILERS))
  testWith('coverage')(`Jest with ${name}: calls are recorded, no notice is printed, coverage is that of any decorator`, () => {
    const directory = newDirectory();
    const jest = {
      testEnvironment: 'node',
      transform: { '\\.ts$': transform },
      ...{ cacheDirectory: '<rootDir>/jest-cache', collectCoverageFrom: ['src/work.ts', 'src/bare.ts'] },
      ...{ coverageReporters: ['json-summary'], globalTeardown: '<rootDir>/teardown.cjs' },
    };
    write(directory, 'package.json', JSON.stringify({ name: 'tests', dependencies: { spanwright: '*' }, jest }));
    // Babel's legacy decorators see the initializer of a field; those of SWC see nothing of it
    const held = JSON.stringify(name === 'babel-jest' ? ['Fields.held'] : []);
    for (const [path, text] of Object.entries(JEST_FILES)) write(directory, path, text.replaceAll('HELD', held));
    link(directory, { spanwright: ROOT, '@opentelemetry': join(ROOT, 'node_modules/@opentelemetry') });
    const args = [ofCoverage('jest/bin/jest.js'), '--ci', '--runInBand', '--no-watchman', '--silent=false', '--coverage'];
    // Jest loads modules by itself, so that the hooks of `register` see none of them
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'spanwright/register', ...args], {
      cwd: directory,
      encoding: 'utf8',
      env: { ...process.env, NODE_ENV: 'test' },
    });
    assert.is(status, 0, stdout + stderr);
    assert.not.match(stdout + stderr, /SPW\d|JEST-01/);
    const summary = JSON.parse(readFileSync(join(directory, 'coverage/coverage-summary.json'), 'utf8')) as Record<string, object>;
    const [work, bare] = ['src/work.ts', 'src/bare.ts'].map((path) => summary[join(realpathSync(directory), path)]);
    assert.ok(work);
    assert.equal(work, bare);
  });

/** Everything of the runtime that takes a timer. gRPC is left out: grpc-js needs `setImmediate`, which jsdom does not have. */
const IN_A_WINDOW = `const { instrument, startTracing } = require('spanwright');
const { followFile } = require('spanwright/control');
const { startAdminServer } = require('spanwright/admin');
const { InMemorySpanExporter } = require('@opentelemetry/sdk-trace-base');
test('records in a window', async () => {
  expect([typeof window, typeof setTimeout(() => {}, 0)]).toEqual(['object', process.env.TIMERS]);
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({
    serviceName: 'tests', exporter, maxSpanAge: '60s', scheduleDelay: 10, keep: { errors: true, ratio: 1 },
    flightRecorder: '10s', flightLoopDelay: '5s', flightDirectory: __dirname,
  });
  const control = await followFile(tracing, __dirname + '/control.json', { interval: 100 });
  const admin = await startAdminServer({ tracing, port: 0, token: 'the-token-for-changes' });
  tracing.setEnabled(true, { for: '10m' });
  const later = instrument({ namespace: 'window', name: 'later' }, async (value) => value + 1);
  const broken = instrument({ namespace: 'window', name: 'broken' }, () => { throw new TypeError('no'); });
  expect(await later(1)).toBe(2);
  expect(broken).toThrow('no');
  await tracing.forceFlush({ timeout: '5s' });
  expect(exporter.getFinishedSpans().map(({ name, status }) => [name, status.code]).sort()).toEqual([['broken', 2], ['later', 0]]);
  expect(tracing.openCount).toBe(0);
  await admin.close();
  await control.close();
  await tracing.shutdown();
});
`;
for (const [environment, timers] of [
  ['jest-environment-jsdom', 'number'],
  ['@happy-dom/jest-environment', 'object'],
] as const)
  testWith('coverage')(`Jest with ${environment}: starts and records where timers are of type ${timers}`, () => {
    const args = [ofCoverage('jest/bin/jest.js'), '--rootDir', '.', '--env', ofCoverage(environment), '--no-watchman'];
    const { status, text } = runTool(IN_A_WINDOW, args, { TIMERS: timers });
    assert.is(status, 0, text);
    assert.not.match(text, /SPW\d|did not exit/);
  });

test('a program that is no test tool prints that tracing started', () => {
  const { status, text } = runTool(`${START}traced();\n`, ['one.test.js']);
  assert.is(status, 0, text);
  assert.match(text, /SPW001 .*service tests/);
});

test.run();
