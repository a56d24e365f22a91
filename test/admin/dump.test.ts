// The dump of the flight recorder through the hook and the command line: a real server, the real program.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startAdminServer } from '../../runtime/admin/index.js';
import { readTraces } from '../../viewer/formats/read.js';
import { spanwright } from '../cli/program.js';
import { ask, quietHandler } from './client.js';
import { listFirmware, startService } from './service.js';

const TOKEN = 'the-token-for-changes';

test('POST dump and `spanwright dump` write the calls of the flight recorder with the given reason', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwright-dump-'));
  const tracing = await startService({ flightRecorder: '30s', flightDirectory: folder });
  const { admin, log } = quietHandler(tracing);
  const server = await startAdminServer({ tracing, token: TOKEN, port: 0, log: () => {} });
  try {
    await listFirmware();
    assert.is(tracing.state().spans.started, 0, 'nothing is recorded');
    const { status, json } = await ask(admin, 'POST', '/tracing/dump', { body: { reason: 'slow rack 7' } });
    assert.is(status, 200);
    const spans = readTraces(readFileSync(json.file, 'utf8'));
    assert.is(spans.length, json.spans);
    assert.ok(spans.length > 0);
    assert.is(spans[0]?.attributes['spanwright.flight.reason'], 'slow rack 7');
    assert.match(log.join('\n'), /dump the flight recorder by .* reason: slow rack 7/);

    const environment = { SPANWRIGHT_ADMIN_URL: server.url, SPANWRIGHT_ADMIN_TOKEN: TOKEN };
    const ran = await spanwright(['dump', '--json', '--reason', 'slow rack 8'], environment);
    assert.is(ran.code, 0, ran.err);
    const again = readTraces(readFileSync(JSON.parse(ran.out).file, 'utf8'));
    assert.is(again.length, spans.length);
    assert.is(again[0]?.attributes['spanwright.flight.reason'], 'slow rack 8');
    assert.match((await spanwright(['dump'], environment)).out, /^1 call in \/.*\.json; open it with: spanwright view FILE/);
  } finally {
    await server.close();
    await tracing.shutdown();
    rmSync(folder, { recursive: true });
  }
});

test('without a token, by GET, or where the recorder does not run, nothing is written and the answer states the reason', async () => {
  const tracing = await startService();
  try {
    const { admin } = quietHandler(tracing);
    assert.is((await ask(admin, 'POST', '/tracing/dump', { token: null, body: {} })).status, 401);
    assert.is((await ask(admin, 'GET', '/tracing/dump')).status, 405);
    const { status, json } = await ask(admin, 'POST', '/tracing/dump', { body: {} });
    assert.is(status, 400);
    assert.match(json.error.message, 'flight_recorder is not set');
  } finally {
    await tracing.shutdown();
  }
});

test.run();
