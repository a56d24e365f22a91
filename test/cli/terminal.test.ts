// Text from services, back ends and files on its way to a terminal: no command lets a control, format or direction character through.

import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { COMMANDS } from '../../cli/commands.js';
import { printableLines } from '../../runtime/text/printable.js';
import { spanwright } from './program.js';

/** OSC 52 writes the clipboard, CSI clears, C1 CSI is one byte, and the last ones turn the text round or hide it. */
const HOSTILE = 'svc\u001b]52;c;aGk=\u0007\u001b[2J\u009b31m\r\b\u202egpj\u2066\u200b\ufeff\u2028\u{e0041}\ud800';
const UNSAFE = /[^\P{Cc}\n\t]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

test('unsafe characters become JSON escapes; line ends, tabs and other alphabets are kept', () => {
  const shown = printableLines(HOSTILE);
  assert.not.match(shown, UNSAFE);
  assert.is(JSON.parse(`"${shown}"`), HOSTILE);
  assert.is(printableLines('a\n\tb\r\n日本 é 👍'), 'a\n\tb\r\n日本 é 👍');
  assert.is(JSON.parse(printableLines(JSON.stringify({ name: HOSTILE }))).name, HOSTILE);
});

test('colour sequences are kept where colours are on, and no other sequence that starts alike', () => {
  const text = '\u001b[31mred\u001b[0m \u001b[8mhidden \u001b[31;1m';
  assert.is(printableLines(text, true), '\u001b[31mred\u001b[0m \\u001b[8mhidden \\u001b[31;1m');
  assert.is(printableLines(text), '\\u001b[31mred\\u001b[0m \\u001b[8mhidden \\u001b[31;1m');
});

test('an output that takes no text is reported in one line', () => {
  if (process.platform !== 'linux') return; // no /dev/full
  const full = openSync('/dev/full', 'w');
  const main = join(__dirname, '../../dist/cli/main.js');
  const { status, stderr } = spawnSync(process.execPath, [main, '--help'], { encoding: 'utf8', stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  assert.is(stderr, 'spanwright: the output cannot be written: ENOSPC: no space left on device, write\n');
  assert.is(status, 1);
});

const VIEWS: Record<string, readonly string[]> = { traces: ['traces', 'show', '0af7651916cd43dd8448eb211c80319c'] };
/** Commands without a remote service: they compile, print tables of this package, or wait for spans. */
const OTHERS = new Set(['completion', 'build', 'explain', 'receive', 'view']);

test('no command prints an unsafe character of a service or a back end', async () => {
  const server = createServer((request, response) => {
    const hostile = { error: { code: HOSTILE, message: HOSTILE, field: HOSTILE } };
    const failing = request.url?.includes('state') === false && request.method === 'PUT';
    response.writeHead(failing ? 400 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(failing ? hostile : answerOf(request.url ?? '')));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    let asked = 0;
    for (const { name } of COMMANDS) {
      if (OTHERS.has(name)) continue;
      const args = VIEWS[name] ?? (name === 'set' ? ['set', 'tracing-enabled', 'true'] : [name]);
      for (const more of name === 'status' ? [[], ['--json']] : [[]]) {
        const count = name === 'top' ? ['--count', '1'] : [];
        const where = name === 'traces' ? ['--jaeger', url] : ['--url', url];
        const { out, err } = await spanwright([...args, ...where, ...count, ...more], {
          SPANWRIGHT_ADMIN_TOKEN: 'the-token-for-changes',
        });
        assert.not.match(out + err, UNSAFE, `${name}: ${JSON.stringify(out + err).slice(0, 500)}`);
        if ((out + err).includes('svc')) asked += 1;
      }
    }
    assert.ok(asked >= 6, `${asked} answers were printed`);
  } finally {
    server.close();
  }
});

/** One answer for every question: each field that a command may print is hostile. */
function answerOf(url: string): unknown {
  if (url.includes('/api/')) {
    const span = {
      traceID: '0af7651916cd43dd8448eb211c80319c',
      spanID: '00f067aa0ba902b7',
      operationName: HOSTILE,
      startTime: 1,
      duration: 1,
      processID: 'p1',
      references: [],
      tags: [{ key: HOSTILE, type: 'string', value: HOSTILE }],
      logs: [],
    };
    return { data: [{ traceID: span.traceID, spans: [span], processes: { p1: { serviceName: HOSTILE, tags: [] } } }] };
  }
  const now = new Date().toISOString();
  const lease = {
    id: HOSTILE,
    kind: 'enabled',
    value: true,
    only: HOSTILE,
    actor: HOSTILE,
    reason: HOSTILE,
    createdAt: now,
    expiresAt: now,
  };
  const site = {
    id: HOSTILE,
    namespace: HOSTILE,
    function: HOSTILE,
    file: HOSTILE,
    line: 1,
    verdict: HOSTILE,
    open: 0,
    calls: 1,
    errors: 1,
    latency: { p50Ms: null, p95Ms: null, p99Ms: null, sumMs: 0, scale: 3, offset: 0, counts: [] },
    failures: [],
    recent: [],
  };
  const span = {
    name: HOSTILE,
    namespace: HOSTILE,
    traceId: HOSTILE,
    spanId: HOSTILE,
    ageMs: 1,
    attributes: { [HOSTILE]: HOSTILE },
  };
  const error = {
    at: now,
    site: HOSTILE,
    error: HOSTILE,
    traceId: HOSTILE,
    namespace: HOSTILE,
    function: HOSTILE,
    name: HOSTILE,
    durationMs: 1,
  };
  const entry = { at: now, outcome: 'done', change: HOSTILE, actor: HOSTILE, until: now, reason: HOSTILE };
  return {
    serviceName: HOSTILE,
    enabled: true,
    recording: true,
    configured: true,
    built: true,
    endpoint: HOSTILE,
    roots: HOSTILE,
    rules: HOSTILE,
    drop: HOSTILE,
    version: HOSTILE,
    pid: 1,
    now,
    startedAt: now,
    revision: 1,
    allowRuntimeChanges: true,
    leases: [lease],
    lastEnded: null,
    spans: { open: 0, started: 0, ended: 0, exported: 0, failed: 0, dropped: 0, refused: 0, leaked: 0 },
    open: 0,
    sites: [site],
    namespaces: [site],
    openSpans: [span],
    total: 1,
    errors: [error],
    entries: [entry],
    exporter: { state: HOSTILE, endpoint: HOSTILE },
    lease,
  };
}

test.run();
