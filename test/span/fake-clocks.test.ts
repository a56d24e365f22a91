// Fake clocks of sinon, Jest and Vitest, each with its real program: calls under a fake clock are recorded with real times, flushed
// under it, and exported after it by the timer.
// limit: 180 s

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { execute, part } from '../hosts/conformance/suite.js';
import { findPart } from '../real/support/program.js';

const ROOT = join(__dirname, '../..');

/**
 * The steps of each program. `fake` and `real` switch the clocks by the tool's own functions. `fake(true)` leaves `process.nextTick`,
 * without which no request of Node.js gets anywhere.
 */
const STEPS = `
const { createServer } = require('node:http');
const { InMemorySpanExporter } = require('@opentelemetry/sdk-trace-base');
const { startTracing, instrument } = require('spanwright');
const reallyLater = require('node:util').promisify(setTimeout);

exports.steps = async function steps(fake, real, posts = true) {
  const work = instrument({ namespace: 'a', name: 'work' }, async () => 'done');
  const names = [];
  let posted = 0;
  const server = createServer((request, response) => { posted++; request.resume().on('end', () => response.end()); });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const memory = new InMemorySpanExporter();
  const endpoint = 'http://127.0.0.1:' + server.address().port;
  const begun = Date.now();
  const tracing = await startTracing({ serviceName: 'a', enabled: true, exporter: memory });
  fake();
  await work();
  await tracing.forceFlush();
  names.push('flushed under a fake clock: ' + memory.getFinishedSpans().length);
  const [span] = memory.getFinishedSpans();
  names.push('start within a minute of now: ' + (Math.abs(span.startTime[0] * 1000 - begun) < 60000));
  await work();
  real();
  for (let turn = 0; turn < 500 && memory.getFinishedSpans().length < 2; turn++) await reallyLater(10);
  names.push('sent after it by delay: ' + memory.getFinishedSpans().length);
  fake();
  const lease = tracing.setEnabled(true, { for: '1s' });
  await tracing.shutdown();
  real();
  names.push('shut down under it');

  if (!posts) return server.close(), names;
  process.env.OTEL_EXPORTER_OTLP_PROTOCOL = 'http/protobuf';
  const second = await startTracing({ serviceName: 'a', enabled: true, endpoint });
  fake(true);
  await work();
  await second.forceFlush();
  names.push('posted under a fake clock: ' + (posted > 0));
  await second.shutdown();
  real();
  server.close();
  return names;
};
`;

const EXPECTED = [
  'flushed under a fake clock: 1',
  'start within a minute of now: true',
  'sent after it by delay: 2',
  'shut down under it',
  'posted under a fake clock: true',
];

function project(packages: Readonly<Record<string, string>>, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'spanwright-clocks-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'node_modules/@opentelemetry'), { recursive: true });
  symlinkSync(ROOT, join(folder, 'node_modules/spanwright'), 'junction');
  symlinkSync(
    join(ROOT, 'node_modules/@opentelemetry/sdk-trace-base'),
    join(folder, 'node_modules/@opentelemetry/sdk-trace-base'),
    'junction',
  );
  for (const [name, path] of Object.entries(packages)) symlinkSync(path, join(folder, 'node_modules', name), 'junction');
  for (const [name, text] of Object.entries({ 'package.json': '{ "name": "a", "private": true }', 'steps.js': STEPS, ...files }))
    writeFileSync(join(folder, name), text);
  return folder;
}

const FAST = { OTEL_BSP_SCHEDULE_DELAY: '100ms', NODE_OPTIONS: '' };
/** Use of the steps in a program of a test tool: its failure shows the difference. */
const CHECK = `const expected = ${JSON.stringify(EXPECTED)};`;

const test = suite('fake clocks');
const one = (partName: string): typeof test.skip => (findPart(`hosts/${partName}/node_modules`) === undefined ? test.skip : test);

one('libraries')('sinon', () => {
  const source = `const sinon = require('sinon'); const assert = require('node:assert'); ${CHECK}
let clock; require('./steps').steps((ticks) => (clock = sinon.useFakeTimers({ now: 0, ...(ticks ? { toFake: ['setTimeout', 'setInterval', 'setImmediate', 'Date', 'performance'] } : {}) })), () => clock.restore()).then((names) => { assert.deepStrictEqual(names, expected); console.log('passed'); });`;
  const folder = project({ sinon: part('libraries/node_modules/sinon') }, { 'main.js': source });
  assert.match(execute(folder, process.execPath, ['main.js'], FAST), /^passed$/m);
});

one('bundlers')('Vitest', () => {
  const config = `export default { test: { include: ['main.test.mjs'], testTimeout: 20000, hookTimeout: 20000 } };`;
  const source = `import { test, vi, expect } from 'vitest'; import { createRequire } from 'node:module'; ${CHECK}
const { steps } = createRequire(import.meta.url)('./steps.js');
test('default', async () => { expect(await steps(() => vi.useFakeTimers({ now: 0 }), () => vi.useRealTimers())).toEqual(expected); });`;
  const packages = { vitest: part('bundlers/node_modules/vitest') };
  const folder = project(packages, { 'vitest.config.mjs': config, 'main.test.mjs': source });
  assert.match(
    execute(folder, process.execPath, [part('bundlers/node_modules/vitest/vitest.mjs'), 'run', '--pool=threads'], FAST),
    /1 passed/,
  );
});

for (const [name, settings] of [
  ['Jest', {}],
  ['Jest, with fakes before the first module is loaded', { fakeTimers: { enableGlobally: true, now: 0 } }],
] as const) {
  // nothing is posted: OpenTelemetry's transport imports node:http when it sends, which Jest refuses without --experimental-vm-modules
  one('patched')(name, () => {
    const early = Object.keys(settings).length > 0;
    const source = `${CHECK}
test('steps', async () => { expect(await require('./steps').steps(() => jest.useFakeTimers({ now: 0 }), () => jest.useRealTimers(), false)).toEqual(expected.slice(0, -1)); }, 20000);`;
    const config = `module.exports = ${JSON.stringify({ testMatch: ['**/main.spec.js'], ...settings })};`;
    const text = early ? `beforeAll(() => require('spanwright') && jest.useRealTimers());${source}` : source;
    const folder = project({}, { 'jest.config.js': config, 'main.spec.js': text });
    assert.match(
      execute(folder, process.execPath, [part('patched/node_modules/jest/bin/jest.js'), '--rootDir', folder], FAST),
      /1 passed/,
    );
  });
}

test.run();
