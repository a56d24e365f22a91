// Output of test tools for a suite that starts tracing in each file: nothing of Spanwright's, if all is in order. Each is the real tool,
// run over two files of plain JavaScript.

import { spawnSync } from 'node:child_process';
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

function runTool(file: string, args: readonly string[]): { status: number | null; text: string } {
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
  const { status, stdout, stderr } = spawnSync(process.execPath, [...args], { cwd: directory, encoding: 'utf8', env });
  return { status, text: stdout + stderr };
}

for (const tool of TOOLS)
  testWith(tool.part)(`${tool.name}: passes and prints no notice`, () => {
    const { status, text } = runTool(tool.file, tool.arguments);
    assert.is(status, 0, text);
    assert.not.match(text, /SPW\d/);
  });

test('a program that is no test tool prints that tracing started', () => {
  const { status, text } = runTool(`${START}traced();\n`, ['one.test.js']);
  assert.is(status, 0, text);
  assert.match(text, /SPW001 .*service tests/);
});

test.run();
