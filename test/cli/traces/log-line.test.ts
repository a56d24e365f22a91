// Lines of logs as loggers, runtimes and collectors write them: the trace id and the level are found, or the line is counted as unread.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readLogLine } from '../../../viewer/traces/log-line.js';
import { invoke } from '../invoke.js';

const ID = '0af7651916cd43dd8448eb211c80319c';

const READ: readonly [what: string, line: string, level: string, message: string][] = [
  ['pino', `{"level":50,"time":1700000000000,"trace_id":"${ID}","msg":"failed"}`, '50', 'failed'],
  ['logfmt', `time=2024-01-15T10:30:45Z level=error msg="it failed" trace_id=${ID}`, 'error', 'it failed'],
  [
    'columns of text',
    `2024-01-15 10:30:45 | ERROR | backend.services | trace_id=${ID} span_id=b7ad6b7169203331 | text`,
    'ERROR',
    'backend.services | text',
  ],
  [
    'a JSON line of a container runtime',
    `2024-01-15T10:30:45.1Z stderr F {"level":"error","trace_id":"${ID}","msg":"x"}`,
    'error',
    'x',
  ],
  ['a JSON line of docker compose', `api-1  | {"level":"error","trace_id":"${ID}","msg":"x"}`, 'error', 'x'],
  ['Elastic Common Schema, flat', `{"log.level":"error","trace.id":"${ID}","message":"x"}`, 'error', 'x'],
  ['Elastic Common Schema, nested', `{"log":{"level":"error"},"trace":{"id":"${ID}"},"message":"x"}`, 'error', 'x'],
  ['Google Cloud', `{"severity":"ERROR","logging.googleapis.com/trace":"projects/p/traces/${ID}","message":"x"}`, 'ERROR', 'x'],
  ['a level that is an object', `{"level":{"label":"error","value":50},"trace_id":"${ID}","msg":"x"}`, 'error', 'x'],
  ['ids below another key', `{"level":"error","context":{"traceId":"${ID}"},"message":"x"}`, 'error', 'x'],
  ['a trace id in capitals', `{"lvl":"ERROR","TraceId":"${ID.toUpperCase()}","msg":"x"}`, 'ERROR', 'x'],
  ['traceparent', `{"level":"error","traceparent":"00-${ID}-b7ad6b7169203331-01","msg":"x"}`, 'error', 'x'],
  ['Spring', `2024-01-15 10:30:45.000 ERROR [app,${ID},b7ad6b7169203331] 1 --- [main] c.e.App : x`, 'ERROR', ''],
  ["winston's text form", `2024-01-15T10:30:45Z error: failed {"trace_id":"${ID}"}`, 'error', ''],
  ['Nest', `[Nest] 123  - 01/15/2024, 10:30:45 AM   ERROR [Svc] failed trace_id=${ID}`, 'ERROR', ''],
  ['a cut JSON line', `{"level":"error","trace_id":"${ID}","msg":"cut [ERROR`, 'ERROR', ''],
];

for (const [what, line, level, message] of READ) {
  test(`reads ${what}`, () => {
    const read = readLogLine(line);
    if (typeof read === 'string') return assert.unreachable(read);
    assert.equal([read.traceId, read.level], [ID, level]);
    if (message !== '') assert.is(read.message, message);
  });
}

const UNREAD: readonly [what: string, line: string, why: string][] = [
  ['no trace id', '{"level":"error","msg":"x"}', 'noTrace'],
  ['a trace id of zeros', `ERROR trace_id=${'0'.repeat(32)}`, 'noTrace'],
  ['a hash under another name', `ERROR md5=${ID}`, 'noTrace'],
  ['a longer run of hexadecimal digits', `ERROR trace_id=${ID}ab`, 'noTrace'],
  ['no level', `job done trace_id=${ID}`, 'noLevel'],
  ['a word that only holds a level', `errors: 3, TERROR trace_id=${ID}`, 'noLevel'],
];

for (const [what, line, why] of UNREAD) test(`counts a line with ${what} as unread`, () => assert.is(readLogLine(line), why));

const MOST = 1024 * 1024;
for (const [what, part] of [
  ['one word', 'x'],
  ['words joined by hyphens', 'x-'],
  ['white space', ' '],
  ['columns without text', '| '],
  ['keys without values', 'a="'],
  ['brackets', '[a-'],
] as const) {
  test(`reads a line of 1 MiB that holds ${what} within seconds`, () => {
    const began = performance.now();
    const read = readLogLine(`ERROR trace_id=${ID} ${part.repeat(MOST / part.length)}y`);
    assert.is((read as { traceId: string }).traceId, ID);
    assert.ok(performance.now() - began < 5000, `${performance.now() - began} ms`);
  });
}

test('counts a line as unread, or leaves a field empty, when a JSON value is an object or a list', () => {
  const broken = '{"toString":1}';
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  for (const value of [broken, deep]) {
    assert.is(readLogLine(`{"level":{"level":${value}},"trace_id":"${ID}"}`), 'noLevel');
    const read = readLogLine(`{"level":"error","time":${value},"msg":${value},"trace_id":"${ID}"}`);
    assert.equal(read, { time: '', level: 'error', traceId: ID, message: '' });
  }
});

test('skips a line of any length, reads the next ones, and refuses a device', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwright-log-'));
  const environment = { SPANWRIGHT_JAEGER_URL: 'http://127.0.0.1:9' };
  const path = join(folder, 'app.log');
  writeFileSync(path, `${'x'.repeat(3_000_000)} ERROR trace_id=${ID}\r\nnothing\n${'y'.repeat(1_100_000)}`);
  const { out } = await invoke(['traces', 'from-log', path, '--json'], environment);
  assert.equal(JSON.parse(out), { lines: [], read: 3, unread: { noTrace: 1, noLevel: 0, tooLong: 2 } });
  if (process.platform !== 'win32') {
    const device = await invoke(['traces', 'from-log', '/dev/zero'], environment);
    assert.is(device.code, 1);
    assert.match(device.err, /\/dev\/zero cannot be read: it is a device; expected a file or a pipe/);
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    spawn('sh', ['-c', `echo nothing > '${pipe}'`]);
    assert.is(JSON.parse((await invoke(['traces', 'from-log', pipe, '--json'], environment)).out).read, 1);
  }
  rmSync(folder, { recursive: true });
});

test.run();
