// The recipes of `spanwright traces` over a real Jaeger, over the receiver that answers as Jaeger does, and over Tempo's form: the
// same spans are sent to all, and each recipe must find the planted traces, with the same answer from each back end.
// limit: 120 s

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type QueryServer, startQueryServer } from '../../../viewer/receiver/query.js';
import { type Receiver, startReceiver } from '../../../viewer/receiver/receiver.js';
import { JAEGER, JaegerServer } from '../../real/support/jaeger-server.js';
import { until } from '../../real/support/program.js';
import { invoke } from '../invoke.js';
import { openShop, type Shop } from './shop.js';
import { startTempo } from './tempo-form.js';

const test = suite('traces');
const all = JAEGER === undefined ? test.skip : test;

let jaeger: JaegerServer;
let receiver: Receiver;
let query: QueryServer;
let tempo: Awaited<ReturnType<typeof startTempo>>;
let shop: Shop;
const folder = mkdtempSync(join(tmpdir(), 'spanwright-traces-'));

test.before(async () => {
  if (JAEGER === undefined) return;
  [jaeger, receiver] = await Promise.all([JaegerServer.start(), startReceiver()]);
  query = await startQueryServer(() => receiver.spans, '127.0.0.1', 0);
  tempo = await startTempo(() => receiver.spans);
  shop = await openShop([jaeger.url, receiver.endpoint]);
  await receiver.waitFor((spans) => spans.length === shop.spans);
  await until(async () => {
    const ids = Object.values(shop.traces);
    const found = await Promise.all([...new Set(ids)].map((id) => jaeger.trace(id)));
    const background = await jaeger.traces('stock', { start: String((shop.began - 300_000) * 1000) });
    return found.reduce((sum, trace) => sum + (trace?.spans.length ?? 0), 0) + background.length === shop.spans;
  }, 'all spans are at Jaeger');
});
test.after(async () => {
  rmSync(folder, { recursive: true, force: true });
  tempo?.server.close();
  await query?.close();
  await receiver?.close();
  await jaeger?.stop();
});

const BACKENDS = ['jaeger', 'receiver', 'tempo'] as const;
function backend(name: (typeof BACKENDS)[number]): string[] {
  if (name === 'tempo') return ['--tempo', tempo.url];
  return ['--jaeger', name === 'jaeger' ? jaeger.api.replace(/\/api$/, '') : query.url];
}

/** The JSON of a recipe, which every backend must answer alike. */
// biome-ignore lint/suspicious/noExplicitAny: shaped by the recipe
async function ask(recipe: string, args: readonly string[] = [], code = 0): Promise<any> {
  const answers: unknown[] = [];
  for (const name of BACKENDS) {
    const ran = await invoke(['traces', recipe, ...args, '--json', ...backend(name)]);
    assert.is(ran.code, code, `${name}: ${ran.err}`);
    answers.push(JSON.parse(ran.out));
  }
  assert.equal(answers[1], answers[0], `${recipe}: the receiver says what Jaeger says`);
  assert.equal(answers[2], answers[0], `${recipe}: Tempo's form holds the same`);
  return answers[0];
}

all('show: prints the whole trace, and nothing of another', async () => {
  const { spans } = await ask('show', [shop.traces.whole]);
  assert.is(spans.length, 6);
  const { out, err } = await invoke(['traces', 'show', shop.traces.failed, ...backend('jaeger')]);
  assert.match(out, /^gateway: POST \/orders {2}200\.0 ms/);
  assert.match(out, /✗ RangeError: the card is refused/);
  assert.match(err, /6 spans, 2 failed, 3 services \(gateway, orders, payment\), 200 ms\./);
  const absent = await invoke(['traces', 'show', '1'.repeat(32), ...backend('jaeger')]);
  assert.is(absent.code, 1);
  assert.match(absent.err, /Jaeger has no span of trace 1{32}\. It was not recorded/);
});

all('slow: lists the traces with a span over the limit, and where their time went', async () => {
  const { traces } = await ask('slow', ['--over', '5s']);
  assert.equal(
    traces.map(({ traceId }: { traceId: string }) => traceId),
    [shop.traces.slow],
  );
  assert.equal(traces[0].slowest, { service: 'payment', name: 'charge', ownMs: 7000 });
  assert.equal((await ask('slow', ['--over', '9s'])).traces, []);
  assert.equal((await ask('slow', ['--over', '5s', '--service', 'payment'])).traces.length, 1);
  assert.equal((await ask('slow', ['--over', '5s', '--since', '10s'])).traces, []);
});

all('errors: lists the traces with a failed span, and the span where the failure started', async () => {
  const { traces } = await ask('errors', ['--service', 'gateway'], 0);
  assert.equal(traces, [], 'gateway itself has not failed');
  const [row, ...more] = (await ask('errors')).traces;
  assert.equal(more, []);
  assert.is(row.traceId, shop.traces.failed);
  assert.equal(row.error, { service: 'payment', name: 'charge', reason: 'RangeError: the card is refused' });
});

all('find: lists the traces in which one span has all attributes, whether recorded as text or as numbers', async () => {
  const found = async (...args: string[]): Promise<string[]> =>
    (await ask('find', args)).traces.map(({ traceId }: { traceId: string }) => traceId);
  const { whole, slow, failed, lost, lostOther, silent } = shop.traces;
  assert.equal(await found('db.system.name=postgresql'), [whole]);
  assert.equal(await found('server.address=payment.shop.svc', 'server.port=8081'), [lost, failed, slow, whole]);
  assert.equal(await found('server.port=8081', 'db.system.name=postgresql'), [], 'each is on a span of its own');
  assert.equal(await found('server.port=808'), [], 'no part of a value');
  assert.equal(await found('server.address=PAYMENT.shop.svc'), []);
  assert.equal(await found('server.port=8081', '--service', 'payment', '--over', '5s'), [slow]);
  assert.equal(await found('service.name=payment', '--limit', '2'), [lostOther, failed]);
  assert.equal(await found('service.name=stock', 'peer.service=stock'), []);
  assert.equal(await found('peer.service=stock'), [silent]);
  assert.equal(await found('note=a="b" && true || "'), []);
  const [row] = (await ask('find', ['db.system.name=postgresql'])).traces;
  assert.equal(row.match, { service: 'orders', name: 'SELECT orders' });
  const [paid] = (await ask('find', ['server.port=8081', '--service', 'payment', '--over', '5s'])).traces;
  assert.equal(paid.match, { service: 'payment', name: 'charge' });
  const ran = await invoke(['traces', 'find', 'peer.service=nobody', ...backend('jaeger')]);
  assert.equal([ran.code, ran.out, ran.err], [0, '', 'No trace in that time has a span with these attributes.\n']);
});

all('find: fields that Jaeger stores as tags match in Jaeger and in the receiver', async () => {
  for (const [word, count, service, name] of [
    ['span.kind=producer', 1, 'orders', 'send reserve'],
    ['otel.status_code=ERROR', 1, 'payment', 'charge'],
    ['otel.status_description=order failed', 1, 'orders', 'tell customer'],
    ['otel.scope.version=1.0.0', 8, 'stock', 'reserve'],
    ['error=true', 1, 'payment', 'charge'],
    ['error=false', 0, undefined, undefined],
  ] as const) {
    for (const asked of ['jaeger', 'receiver'] as const) {
      const { out, err } = await invoke(['traces', 'find', word, '--json', ...backend(asked)]);
      const { traces } = JSON.parse(out || '{}');
      assert.equal([traces?.length, traces?.at(-1)?.match], [count, service && { service, name }], `${asked}, ${word}: ${err}`);
    }
  }
});

all('an unknown service is reported with the known services', async () => {
  for (const args of [
    ['slow', '--service', 'ordres'],
    ['find', 'service.name=ordres'],
  ]) {
    for (const name of BACKENDS) {
      const ran = await invoke(['traces', ...args, ...backend(name)]);
      const title = name === 'tempo' ? 'Tempo' : 'Jaeger';
      assert.is(ran.code, 1);
      assert.is(ran.err, `${title} knows no service "ordres". It knows gateway, orders, payment, stock.\n`);
    }
  }
});

all('from-log: finds the traces of error lines, and only of those', async () => {
  const path = join(folder, 'service.log');
  const lines = [
    JSON.stringify({
      level: 50,
      time: 1_763_713_361_000,
      msg: 'payment failed',
      err: { message: 'refused' },
      trace_id: shop.traces.failed,
    }),
    `time=2026-11-21T08:00:01Z level=error msg="order \\"7\\" lost" trace_id=${shop.traces.lost} span_id=${'a'.repeat(16)}`,
    JSON.stringify({ level: 'info', msg: 'fine', trace_id: shop.traces.whole }),
    JSON.stringify({ level: 'error', msg: 'not recorded', trace_id: '2'.repeat(32) }),
    JSON.stringify({ level: 'error', msg: 'no trace' }),
    JSON.stringify({ level: 'fatal', msg: 'again', trace_id: shop.traces.failed }),
    'not a record at all',
  ];
  writeFileSync(path, `${lines.join('\n')}\n`);
  const { lines: rows } = await ask('from-log', [path]);
  assert.equal(
    rows.map(({ traceId, lines: count, trace }: { traceId: string; lines: number; trace: { root: string } | null }) => [
      traceId,
      count,
      trace?.root,
    ]),
    [
      [shop.traces.failed, 2, 'POST /orders'],
      ['2'.repeat(32), 1, undefined],
      [shop.traces.lost, 1, 'POST /orders'],
    ],
  );
  assert.equal((await ask('from-log', [path, '--limit', '1'])).lines.length, 1);
  assert.is((await ask('from-log', [path, '--level', 'info'])).lines.length, 4);
  const ran = await invoke(['traces', 'from-log', path, ...backend('jaeger')]);
  assert.match(ran.out, /not there/);
  const missing = await invoke(['traces', 'from-log', join(folder, 'none.log'), ...backend('jaeger')]);
  assert.is(missing.code, 1);
  assert.match(missing.err, /none\.log cannot be read \(ENOENT\)/);
});

all('from-log: lines of text with a trace id are read like JSON and logfmt; what is not read is counted', async () => {
  const path = join(folder, 'text.log');
  const { failed, lost, whole } = shop.traces;
  writeFileSync(
    path,
    [
      `2024-01-15 10:30:45 | ERROR | backend.services | trace_id=${failed} span_id=${'a'.repeat(16)} | payment refused`,
      `[2024-01-15T10:30:46Z] [error] [traceId: ${lost}] order lost`,
      `2024-01-15 10:30:47.123 ERROR [shop,${whole},${'b'.repeat(16)}] 1 --- [main] c.e.Shop : failed`,
      `2024-01-15 10:30:48 INFO traceparent=00-${'3'.repeat(32)}-${'b'.repeat(16)}-01 ERRORS: none`,
      `trace_id=${'4'.repeat(32)} something happened`,
      'Traceback (most recent call last):',
      `ERROR trace_id=${'0'.repeat(32)} no trace was recorded`,
      '',
    ].join('\n'),
  );
  const { lines: rows, read, unread } = await ask('from-log', [path]);
  assert.equal(
    rows.map(({ traceId, time, message }: { traceId: string; time: string; message: string }) => [traceId, time, message]),
    [
      [whole, '2024-01-15 10:30:47.123', `shop,${whole},${'b'.repeat(16)}] 1 --- [main] c.e.Shop : failed`],
      [lost, '2024-01-15T10:30:46Z', `traceId: ${lost}] order lost`],
      [failed, '2024-01-15 10:30:45', 'backend.services | payment refused'],
    ],
  );
  assert.equal([read, unread], [7, { noTrace: 2, noLevel: 1, tooLong: 0 }]);
  const ran = await invoke(['traces', 'from-log', path, ...backend('jaeger')]);
  assert.match(ran.err, /1 line with a trace id and no level that can be read\.\n2 lines without a trace id\./);
});

all('map: lists calling and called services, with the number of calls', async () => {
  const { calls } = await ask('map');
  assert.equal(calls, [
    { parent: 'gateway', child: 'orders', count: 5 },
    { parent: 'orders', child: 'payment', count: 3 },
  ]);
});

all('broken: a whole trace has no break', async () => {
  const { breaks, services } = await ask('broken', [shop.traces.whole]);
  assert.equal(breaks, []);
  assert.equal(services, ['gateway', 'orders', 'payment']);
});

all("broken: reports a service that started a new trace instead of continuing the caller's", async () => {
  const { breaks } = await ask('broken', [shop.traces.lost], 1);
  assert.equal(
    breaks.map(({ kind, service, next, evidence }: Record<string, unknown>) => ({ kind, service, next, evidence })),
    [{ kind: 'own-trace', service: 'orders', next: 'payment', evidence: [shop.traces.lostOther] }],
  );
});

all('broken: reports a known service without spans as off or sampled out', async () => {
  const [found, ...more] = (await ask('broken', [shop.traces.silent], 1)).breaks;
  assert.equal([found.kind, found.next, more], ['silent', 'stock', []]);
});

all('broken: reports a caller without spans, and an expected service that the back end has never seen', async () => {
  const { breaks } = await ask('broken', [shop.traces.orphan, '--expect', 'mail,orders'], 1);
  assert.equal(
    breaks.map(({ kind, next }: { kind: string; next: string | null }) => [kind, next]),
    [
      ['begins-elsewhere', null],
      ['unknown', 'mail'],
    ],
  );
  assert.match(breaks[0].cause, /abcdef0123456789/);
});

all('spike: lists the traces of the given moment only', async () => {
  const at = new Date(shop.began + 10_000).toISOString();
  const { traces } = await ask('spike', ['--at', at, '--window', '8s']);
  assert.equal(
    traces.map(({ traceId }: { traceId: string }) => traceId),
    [shop.traces.slow],
  );
  assert.equal((await ask('spike', ['--at', '2020-01-01T00:00:00Z'])).traces, []);
});

all('diff: names the span that made one trace slower than another, and compares the traces of one service', async () => {
  const answers: unknown[] = [];
  for (const name of BACKENDS) {
    const pair = await invoke(['diff', shop.traces.slow, shop.traces.whole, '--json', ...backend(name)]);
    const group = await invoke(['diff', '--service', 'gateway', '--over', '5s', '--json', ...backend(name)]);
    assert.equal([pair.code, group.code], [0, 0], `${name}: ${pair.err}${group.err}`);
    const [{ findings }, { slow }] = [JSON.parse(pair.out), JSON.parse(group.out)];
    assert.equal([findings[0].span, slow.traces], ['charge', 1], name);
    answers.push([findings, slow]);
  }
  assert.equal(answers[1], answers[0], 'the receiver says what Jaeger says');
  assert.equal(answers[2], answers[0], "Tempo's form holds the same");
});

all('a service name is quoted in TraceQL, so that it cannot change the query to Tempo', async () => {
  tempo.asked.length = 0;
  await invoke(['traces', 'slow', '--service', 'a" || true || "', ...backend('tempo')]);
  assert.match(tempo.asked[0] as string, /resource\.service\.name="a\\" \|\| true \|\| \\""/);
  await invoke(['traces', 'find', 'a b"c=1" || true', 'retries=2', ...backend('tempo')]);
  assert.is(tempo.asked.at(-1), '{."a b\\"c"="1\\" || true" && (.retries="2" || .retries=2)}');
  const long = `a\t${'b'.repeat(300)}`;
  tempo.asked.length = 0;
  await invoke(['traces', 'slow', '--service', long, ...backend('tempo')]);
  assert.ok(tempo.asked[0]?.startsWith(`{resource.service.name=${JSON.stringify(long)} &&`), tempo.asked[0]);
});

all('a query to Tempo compares with a number or a boolean only if TraceQL can parse the value as one', async () => {
  for (const [value, literal] of [
    ['0', true],
    ['-12.50', true],
    ['999999999999999999', true],
    ['true', true],
    ['0815', false],
    ['-00', false],
    ['9223372036854775808', false],
    ['1e3', false],
    ['1.', false],
    ['truely', false],
  ] as const) {
    await invoke(['traces', 'find', `k=${value}`, ...backend('tempo')]);
    assert.is(tempo.asked.at(-1), literal ? `{(.k="${value}" || .k=${value})}` : `{.k="${value}"}`);
  }
});

all('the query API of the receiver refuses foreign host names, other methods and unknown traces', async () => {
  const status = async (path: string, init: RequestInit = {}): Promise<number> =>
    (await fetch(`${query.url}${path}`, init)).status;
  assert.is(await status('/api/services'), 200);
  assert.is(await status('/api/traces', { method: 'POST' }), 405);
  assert.is(await status('/api/traces/zz'), 404);
  assert.is(await status(`/api/traces/${'3'.repeat(32)}`), 404);
  assert.is(await status('/'), 404);
  assert.is(await hostStatus(query.url, 'evil.example'), 403);
  assert.is(await status('/api/traces?service=orders&tags=notjson&limit=x&start=y'), 200);
});

/** Asks with a Host header of its own, which fetch does not allow. */
async function hostStatus(url: string, host: string): Promise<number> {
  const { get } = await import('node:http');
  return new Promise((resolve, reject) => {
    get(`${url}/api/services`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    }).once('error', reject);
  });
}

test.run();
