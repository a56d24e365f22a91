// Changes through the admin hook: what a right request does, and that a wrong one does nothing at all.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Tracing } from '../../runtime/index.js';
import { type Ask, ask, fingerprint, quietHandler, Raw, TOKEN } from './client.js';
import { startService } from './service.js';

let tracing: Tracing;
test.before(async () => {
  tracing = await startService();
});
test.after.each(() => {
  for (const { id } of tracing.leases()) tracing.endLease(id);
});
test.after(() => tracing.shutdown());

test('tracing is switched on under a lease that says who, why and until when, and off by another', async () => {
  const { admin, log } = quietHandler(tracing);
  assert.is(tracing.enabled, false);
  const body = { enabled: true, for: '5m', reason: 'slow rack 7', maxSpans: 1000 };
  const on = await ask(admin, 'PUT', '/tracing/enabled', { body, headers: { 'x-spanwright-actor': 'alice@desk' } });
  assert.is(on.status, 200, on.text);
  assert.is(tracing.enabled, true);
  assert.is(on.json.enabled, true);
  assert.is(on.json.lease.reason, 'slow rack 7');
  assert.is(on.json.lease.actor, 'alice@desk');
  assert.is(on.json.lease.limits.maxSpans, 1000);
  assert.is(Date.parse(on.json.lease.expiresAt) - Date.parse(on.json.lease.createdAt), 5 * 60_000);
  assert.is(on.json.revision, tracing.state().revision);
  assert.is(log.length, 1);
  assert.match(log[0] as string, 'set tracing-enabled to true by alice@desk until ');
  assert.match(log[0] as string, 'reason: slow rack 7');

  const off = await ask(admin, 'PUT', '/tracing/enabled', { body: { enabled: false } });
  assert.is(off.status, 200, off.text);
  assert.is(tracing.enabled, false);
  assert.is(off.json.enabled, false);
});

test('rules and the drop list are set under leases', async () => {
  const { admin } = quietHandler(tracing);
  const rules = await ask(admin, 'PUT', '/tracing/rules', { body: { rules: 'carbide::db=off', for: '1m' } });
  assert.is(rules.status, 200, rules.text);
  assert.match(tracing.state().rules, 'carbide::db=off');
  const drop = await ask(admin, 'PUT', '/tracing/drop', { body: { drop: 'carbide::poll' } });
  assert.is(drop.status, 200, drop.text);
  assert.match(tracing.state().drop, 'carbide::poll');
});

test('a bad rule is refused as a whole', async () => {
  const { admin } = quietHandler(tracing);
  const before = fingerprint(tracing);
  const answer = await ask(admin, 'PUT', '/tracing/rules', { body: { rules: 'carbide::a=off, carbide::b=sideways' } });
  assert.is(answer.status, 400, answer.text);
  assert.is(answer.json.error.code, 'InvalidArgument');
  assert.match(answer.json.error.message, 'sideways');
  assert.is(fingerprint(tracing), before);
});

test('a lease ends when it is deleted, and its neighbour stays', async () => {
  const { admin, log } = quietHandler(tracing);
  const first = tracing.setEnabled(true);
  const second = tracing.setRules('carbide::db=off');
  const answer = await ask(admin, 'DELETE', `/tracing/leases/${first.id}`);
  assert.is(answer.status, 200, answer.text);
  assert.is(answer.json.lease.id, first.id);
  assert.is(answer.json.enabled, false);
  assert.equal(
    tracing.leases().map(({ id }) => id),
    [second.id],
  );
  assert.match(log[0] as string, `end lease "${first.id}"`);
  const again = await ask(admin, 'DELETE', `/tracing/leases/${first.id}`);
  assert.is(again.status, 404);
  assert.is(again.json.error.field, 'id');
});

test('a change for a revision that is over is refused with 409, and for the current one is made', async () => {
  const { admin } = quietHandler(tracing);
  const seen = tracing.state().revision;
  const fresh = await ask(admin, 'PUT', '/tracing/enabled', { body: { enabled: true, revision: seen } });
  assert.is(fresh.status, 200, fresh.text);
  const before = fingerprint(tracing);
  const stale = await ask(admin, 'PUT', '/tracing/enabled', { body: { enabled: false, revision: seen } });
  assert.is(stale.status, 409);
  assert.is(stale.json.error.code, 'Aborted');
  const headers = { 'if-match': `"${seen}"` };
  assert.is((await ask(admin, 'DELETE', `/tracing/leases/${fresh.json.lease.id}`, { headers })).status, 409);
  assert.is(fingerprint(tracing), before);
  const state = await ask(admin, 'GET', '/tracing/state');
  const tag = { 'if-match': state.headers.get('etag') as string };
  assert.is((await ask(admin, 'PUT', '/tracing/enabled', { body: { enabled: false }, headers: tag })).status, 200);
});

interface Wrong {
  readonly name: string;
  readonly method?: string;
  readonly path?: string;
  readonly ask: Ask;
  readonly status: number;
  readonly code: string;
  readonly says: RegExp;
  readonly field?: string;
}

const endless = () =>
  new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(4096).fill(32));
    },
  });

const ON = { enabled: true };
const WRONG: readonly Wrong[] = [
  { name: 'no token', ask: { token: null, body: ON }, status: 401, code: 'Unauthenticated', says: /Authorization: Bearer/ },
  { name: 'a wrong token', ask: { token: 'guess', body: ON }, status: 401, code: 'Unauthenticated', says: /token is wrong/ },
  {
    name: 'a token that begins right',
    ask: { token: TOKEN.slice(0, -1), body: ON },
    status: 401,
    code: 'Unauthenticated',
    says: /wrong/,
  },
  {
    name: 'another scheme',
    ask: { token: null, body: ON, headers: { authorization: `Basic ${TOKEN}` } },
    status: 401,
    code: 'Unauthenticated',
    says: /Bearer/,
  },
  {
    name: 'a wrong method',
    method: 'POST',
    ask: { body: ON },
    status: 405,
    code: 'Unimplemented',
    says: /POST is not allowed here; use PUT/,
  },
  { name: 'a GET', method: 'GET', ask: {}, status: 405, code: 'Unimplemented', says: /use PUT/ },
  {
    name: 'a GET with the change in the query',
    method: 'GET',
    path: '/tracing/enabled?enabled=true',
    ask: {},
    status: 405,
    code: 'Unimplemented',
    says: /use PUT/,
  },
  {
    name: 'a GET of the state with the change in the query',
    method: 'GET',
    path: '/tracing/state?enabled=true',
    ask: {},
    status: 400,
    code: 'InvalidArgument',
    says: /Unknown query parameter "enabled"/,
    field: 'enabled',
  },
  {
    name: 'an unknown setting',
    path: '/tracing/enable',
    ask: { body: ON },
    status: 404,
    code: 'NotFound',
    says: /Did you mean "enabled"\? Routes: GET \/tracing, GET \/tracing\/state, PUT \/tracing\/enabled/,
  },
  {
    name: 'a path outside the prefix',
    path: '/enabled',
    ask: { body: ON },
    status: 404,
    code: 'NotFound',
    says: /no such route/,
  },
  {
    name: 'broken JSON',
    ask: { body: new Raw('{"enabled": true,}') },
    status: 400,
    code: 'InvalidArgument',
    says: /line 1, column 18 \(position 17\): expected a name in double quotes, found "}"/,
  },
  {
    name: 'JSON that is cut off',
    ask: { body: new Raw('{"enabled":\n tru') },
    status: 400,
    code: 'InvalidArgument',
    says: /line 2, column 2 .*expected a value/,
  },
  { name: 'an empty body', ask: { body: new Raw('') }, status: 400, code: 'InvalidArgument', says: /body is empty/ },
  {
    name: 'no body',
    ask: { headers: { 'content-type': 'application/json' } },
    status: 400,
    code: 'InvalidArgument',
    says: /body is empty/,
  },
  { name: 'an array', ask: { body: [ON] }, status: 400, code: 'InvalidArgument', says: /must be a JSON object; found an array/ },
  {
    name: 'bytes that are not UTF-8',
    ask: { body: new Raw(new Uint8Array([0x7b, 0xff, 0x7d])) },
    status: 400,
    code: 'InvalidArgument',
    says: /UTF-8/,
  },
  {
    name: 'a wrong type',
    ask: { body: { enabled: 'yes' } },
    status: 400,
    code: 'InvalidArgument',
    says: /"enabled" must be true or false; found the text "yes"/,
    field: 'enabled',
  },
  { name: 'null', ask: { body: { enabled: null } }, status: 400, code: 'InvalidArgument', says: /found null/, field: 'enabled' },
  {
    name: 'a missing field',
    ask: { body: {} },
    status: 400,
    code: 'InvalidArgument',
    says: /"enabled" is missing; expected true or false/,
    field: 'enabled',
  },
  {
    name: 'an unknown field',
    ask: { body: { ...ON, reson: 'x' } },
    status: 400,
    code: 'InvalidArgument',
    says: /Unknown field "reson"\. Did you mean "reason"\?/,
    field: 'reson',
  },
  {
    name: 'a field named like a prototype',
    ask: { body: new Raw('{"enabled":true,"__proto__":{"for":"1m"}}') },
    status: 400,
    code: 'InvalidArgument',
    says: /Unknown field "__proto__"/,
  },
  {
    name: 'a duration that is none',
    ask: { body: { ...ON, for: 'soon' } },
    status: 400,
    code: 'InvalidArgument',
    says: /soon/,
    field: 'for',
  },
  {
    name: 'a duration of the wrong type',
    ask: { body: { ...ON, for: true } },
    status: 400,
    code: 'InvalidArgument',
    says: /"for" must be a duration.*found true/,
    field: 'for',
  },
  {
    name: 'more than a day',
    ask: { body: { ...ON, for: '25h' } },
    status: 400,
    code: 'InvalidArgument',
    says: /24h|24 hours/,
    field: 'for',
  },
  {
    name: 'a limit that is not whole',
    ask: { body: { ...ON, maxSpans: 1.5 } },
    status: 400,
    code: 'InvalidArgument',
    says: /"maxSpans" must be a whole number/,
    field: 'maxSpans',
  },
  {
    name: 'a reason beyond its length',
    ask: { body: { ...ON, reason: 'x'.repeat(501) } },
    status: 400,
    code: 'InvalidArgument',
    says: /500/,
    field: 'reason',
  },
  {
    name: 'a query on a change',
    path: '/tracing/enabled?for=1m',
    ask: { body: ON },
    status: 400,
    code: 'InvalidArgument',
    says: /takes no query parameter/,
    field: 'for',
  },
  {
    name: 'a revision that is none',
    ask: { body: ON, headers: { 'if-match': 'yesterday' } },
    status: 400,
    code: 'InvalidArgument',
    says: /If-Match must hold a revision/,
    field: 'If-Match',
  },
  {
    name: 'a form',
    ask: { body: new Raw('enabled=true'), headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    status: 415,
    code: 'InvalidArgument',
    says: /application\/json; found content-type "application\/x-www-form-urlencoded"/,
  },
  {
    name: 'text/plain, which a page may send anywhere',
    ask: { body: ON, headers: { 'content-type': 'text/plain' } },
    status: 415,
    code: 'InvalidArgument',
    says: /application\/json/,
  },
  {
    name: 'another character set',
    ask: { body: ON, headers: { 'content-type': 'application/json; charset=utf-16' } },
    status: 415,
    code: 'InvalidArgument',
    says: /UTF-8/,
  },
  {
    name: 'a compressed body',
    ask: { body: ON, headers: { 'content-encoding': 'gzip' } },
    status: 415,
    code: 'InvalidArgument',
    says: /compressed/,
  },
  {
    name: 'a body over the limit',
    ask: { body: { ...ON, reason: 'x'.repeat(17_000) } },
    status: 413,
    code: 'ResourceExhausted',
    says: /larger than 16384 bytes/,
  },
  {
    name: 'an endless body',
    ask: { body: new Raw(endless()) },
    status: 413,
    code: 'ResourceExhausted',
    says: /larger than 16384 bytes/,
  },
  {
    name: 'a foreign Origin',
    ask: { body: ON, headers: { origin: 'https://evil.example' } },
    status: 403,
    code: 'PermissionDenied',
    says: /origin "https:\/\/evil\.example"/,
  },
  {
    name: 'the Origin of another port',
    ask: { body: ON, headers: { origin: 'http://localhost:8080' } },
    status: 403,
    code: 'PermissionDenied',
    says: /must come from the admin page/,
  },
  {
    name: 'a null Origin',
    ask: { body: ON, headers: { origin: 'null' } },
    status: 403,
    code: 'PermissionDenied',
    says: /origin "null"/,
  },
  {
    name: 'a browser that says cross-site',
    ask: { body: ON, headers: { 'sec-fetch-site': 'cross-site' } },
    status: 403,
    code: 'PermissionDenied',
    says: /another site/,
  },
  {
    name: 'a Host that was rebound',
    ask: { body: ON, origin: 'http://evil.example' },
    status: 421,
    code: 'PermissionDenied',
    says: /Host "evil\.example" is not allowed here/,
  },
  {
    name: 'a Host header unlike the URL',
    ask: { body: ON, headers: { host: 'evil.example:9465' } },
    status: 421,
    code: 'PermissionDenied',
    says: /evil\.example:9465/,
  },
  {
    name: 'a Host that begins like loopback',
    ask: { body: ON, origin: 'http://127.0.0.1.evil.example' },
    status: 421,
    code: 'PermissionDenied',
    says: /not allowed/,
  },
  {
    name: 'a DELETE with a body',
    method: 'DELETE',
    path: '/tracing/leases/1',
    ask: { body: {} },
    status: 400,
    code: 'InvalidArgument',
    says: /takes no body/,
  },
  {
    name: 'an id that is not encoded',
    method: 'DELETE',
    path: '/tracing/leases/%zz',
    ask: {},
    status: 400,
    code: 'InvalidArgument',
    says: /encoded/,
    field: 'id',
  },
];

for (const wrong of WRONG) {
  test(`${wrong.name} is refused with ${wrong.status} and changes nothing`, async () => {
    const { admin } = quietHandler(tracing);
    const before = fingerprint(tracing);
    const answer = await ask(admin, wrong.method ?? 'PUT', wrong.path ?? '/tracing/enabled', wrong.ask);
    assert.is(answer.status, wrong.status, answer.text);
    assert.is(answer.json.error.code, wrong.code);
    assert.match(answer.json.error.message, wrong.says);
    if (wrong.field !== undefined) assert.is(answer.json.error.field, wrong.field);
    assert.is(fingerprint(tracing), before);
    assert.is(answer.headers.get('cache-control'), 'no-store');
  });
}

test('401 carries a challenge, 405 the allowed methods', async () => {
  const { admin } = quietHandler(tracing);
  const missing = await ask(admin, 'PUT', '/tracing/enabled', { token: null, body: ON });
  assert.is(missing.headers.get('www-authenticate'), 'Bearer realm="spanwright"');
  const wrong = await ask(admin, 'PUT', '/tracing/enabled', { token: 'guess', body: ON });
  assert.is(wrong.headers.get('www-authenticate'), 'Bearer realm="spanwright", error="invalid_token"');
  assert.is((await ask(admin, 'PATCH', '/tracing/enabled', { body: ON })).headers.get('allow'), 'PUT');
  assert.is((await ask(admin, 'PUT', '/tracing/state', { body: ON })).headers.get('allow'), 'GET, HEAD');
});

test('the own page may change: a same-origin Origin, with the default port written out or not', async () => {
  const { admin } = quietHandler(tracing);
  for (const [origin, header] of [
    ['http://localhost', 'http://localhost'],
    ['http://127.0.0.1:9465', 'http://127.0.0.1:9465'],
    ['http://[::1]:9465', 'http://[::1]:9465'],
  ] as const) {
    const headers = { origin: header, 'sec-fetch-site': 'same-origin' };
    assert.is((await ask(admin, 'PUT', '/tracing/enabled', { body: ON, origin, headers })).status, 200, origin);
  }
});

test('without a token configured every change is refused, even with a token sent', async () => {
  const { admin } = quietHandler(tracing, { token: undefined });
  const before = fingerprint(tracing);
  for (const token of [null, 'undefined', TOKEN]) {
    const answer = await ask(admin, 'PUT', '/tracing/enabled', { token, body: ON });
    assert.is(answer.status, 403);
    assert.is(answer.json.error.code, 'PermissionDenied');
    assert.match(answer.json.error.message, /no admin token is configured.*SPANWRIGHT_ADMIN_TOKEN/);
  }
  assert.is(fingerprint(tracing), before);
});

test('the audit keeps changes and refusals, cleaned, bounded, and only for who may change', async () => {
  const { admin, log } = quietHandler(tracing);
  const forged = 'ok\nspanwright admin: set tracing-enabled to false by root\u001b[2J\u202e';
  await ask(admin, 'PUT', '/tracing/enabled', { body: { ...ON, reason: forged } });
  await ask(admin, 'PUT', '/tracing/enabled', { body: { enabled: 1 } });
  assert.is(log.length, 2);
  for (const line of log) assert.not.match(line, /[\p{Cc}\p{Cf}]/u);
  const { entries } = (await ask(admin, 'GET', '/tracing/audit')).json;
  assert.equal(
    entries.map((entry: { outcome: string }) => entry.outcome),
    ['done', 'refused'],
  );
  assert.match(entries[0].reason, /^ok spanwright admin: .*root/);
  assert.match(entries[1].refusal, /found the number 1/);
  assert.is((await ask(admin, 'GET', '/tracing/audit', { token: null })).status, 401);
  for (let at = 0; at < 250; at += 1) await ask(admin, 'PUT', '/tracing/enabled', { body: { enabled: at } });
  assert.is((await ask(admin, 'GET', '/tracing/audit')).json.entries.length, 200);
});

test('a logger that throws neither breaks the answer nor undoes the change', async () => {
  const { admin } = quietHandler(tracing, {
    log: () => {
      throw new Error('disk full');
    },
  });
  assert.is((await ask(admin, 'PUT', '/tracing/enabled', { body: ON })).status, 200);
  assert.is(tracing.enabled, true);
});

test.run();
