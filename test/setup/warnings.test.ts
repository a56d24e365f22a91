// Messages of the runtime: prefix and code, once per cause and minute, and no fault from the logger.

import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NOTICES, notice, setNoticeLogger } from '../../runtime/warnings.js';

const root = join(__dirname, '..', '..');

let lines: string[] = [];
test.before.each(() => {
  lines = [];
  setNoticeLogger((level, line) => lines.push(`${level} ${line}`));
});
test.after.each(() => {
  setNoticeLogger(undefined);
});

test('a notice is one line with prefix, code, text and detail', () => {
  notice('SPW002', 'port 4318', 'shape');
  assert.equal(lines, ['warn spanwright: SPW002 tracing is not built: the endpoint cannot be used: port 4318']);
});

test('the line of a successful set-up holds the fixed text, each time', () => {
  notice('SPW001', 'http://c:4317, off');
  notice('SPW001', 'http://c:4317, off');
  assert.is(lines.length, 2);
  assert.match(lines[0] as string, /^info .*OpenTelemetry tracing initialized.*http:\/\/c:4317/u);
});

test('the same cause is logged once within a minute, another cause of the same code separately', () => {
  for (let index = 0; index < 5; index++) notice('SPW003', `attempt ${index}`, 'once');
  notice('SPW003', 'other', 'another');
  assert.is(lines.length, 2);
});

test('logs the cause again after a minute, with the number held back', () => {
  // the clock is the one of the start of the process
  const script = `
    let shift = 0;
    const clock = performance.now.bind(performance);
    performance.now = () => clock() + shift;
    const { notice } = require(${JSON.stringify(join(root, 'runtime/warnings.ts'))});
    notice('SPW003', 'first');
    notice('SPW003', 'second');
    shift = 59_000;
    notice('SPW003', 'third');
    shift = 60_001;
    notice('SPW003', 'fourth');`;
  const { stderr } = spawnSync(process.execPath, ['--require', 'tsx/cjs', '-e', script], { cwd: root, encoding: 'utf8' });
  assert.match(stderr, /^[^\n]*: first\n[^\n]*: fourth \(2 more like this since the last line\)\n$/u);
});

test('text from outside cannot forge a second line or grow without bound', () => {
  notice('SPW003', `a\nspanwright: SPW001 fake\r\u2028${'x'.repeat(5000)}`, 'forge');
  assert.is(lines.length, 1);
  assert.not.match(lines[0] as string, /[\n\r\u2028]/u);
  assert.ok((lines[0] as string).length < 1200);
});

test('a logger that throws does not reach the caller', () => {
  setNoticeLogger(() => {
    throw new Error('disk full');
  });
  notice('SPW003', 'x', 'throwing logger');
});

test('many causes do not grow the memory of causes without bound', () => {
  for (let index = 0; index < 1000; index++) notice('SPW003', 'x', `cause ${index}`);
  assert.is(lines.length, 1000);
  notice('SPW003', 'again', 'cause 0');
  assert.is(lines.length, 1001, 'the oldest causes were forgotten');
  notice('SPW003', 'again', 'cause 999');
  assert.is(lines.length, 1001, 'the newest were not');
});

test('lines go to standard error, nothing to standard output', () => {
  const script = `require(${JSON.stringify(join(root, 'runtime/warnings.ts'))}).notice('SPW001', 'here')`;
  assert.is(
    execFileSync(process.execPath, ['--require', 'tsx/cjs', '-e', script], { cwd: root, encoding: 'utf8', stdio: 'pipe' }),
    '',
  );
});

test('lines that standard error cannot take do not end the process', () => {
  if (process.platform !== 'linux') return; // no /dev/full
  const script = `
    const { notice } = require(${JSON.stringify(join(root, 'runtime/warnings.ts'))});
    const { createAdminHandler } = require(${JSON.stringify(join(root, 'runtime/admin/index.ts'))});
    const { startTracing } = require(${JSON.stringify(join(root, 'runtime/index.ts'))});
    (async () => {
      const admin = createAdminHandler(await startTracing({}), { token: 'the-token-of-this-test' });
      const headers = { authorization: 'Bearer the-token-of-this-test', 'content-type': 'application/json' };
      for (const at of [1, 2]) {
        notice('SPW003', 'x', String(at));
        const body = '{"enabled":false}';
        const { status } = await admin(new Request('http://127.0.0.1/tracing/enabled', { method: 'PUT', headers, body }));
        const guards = () => process.stderr.listenerCount('error');
        for (let turns = 0; turns < 200 && guards() > 0; turns++) await new Promise((resolve) => setTimeout(resolve, 5));
        console.log(status, guards());
      }
    })();`;
  const full = openSync('/dev/full', 'w');
  const { stdout } = spawnSync(process.execPath, ['--require', 'tsx/cjs', '-e', script], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', full],
  });
  closeSync(full);
  assert.is(stdout, '200 0\n200 0\n');
});

test('the documentation lists exactly the codes of the table, with their texts', () => {
  const document = readFileSync(join(__dirname, '..', '..', 'docs', 'configuration.md'), 'utf8');
  const rows = [...document.matchAll(/^\| (SPW\d{3}) \| (\w+) +\| (.*?) +\|$/gmu)].map(([, code, level, text]) => [
    code,
    level,
    text,
  ]);
  assert.ok(rows.length > 0);
  assert.equal(
    rows,
    Object.entries(NOTICES).map(([code, { level, text }]) => [code, level, text]),
  );
});

test.run();
