// Changes through the admin hook: effects of valid requests, and their actors. Wrong requests: wrong-requests.test.ts.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Tracing } from '../../runtime/index.js';
import { ask, fingerprint, quietHandler, TOKEN } from './client.js';
import { startService } from './service.js';

let tracing: Tracing;
test.before(async () => {
  tracing = await startService();
});
test.after.each(() => {
  for (const { id } of tracing.leases()) tracing.endLease(id);
});
test.after(() => tracing.shutdown());

test('switching on creates a lease with actor, reason and end; switching off creates another', async () => {
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

test('tracing is switched on for calls with certain values, which neither log nor audit shows', async () => {
  const { admin, log } = quietHandler(tracing);
  const when = 'password=hunter2 & baggage:tenant=hunter3';
  const answer = await ask(admin, 'PUT', '/tracing/enabled', { body: { enabled: true, when } });
  assert.is(answer.status, 200, answer.text);
  assert.is(answer.json.lease.when, 'password=*** & baggage:tenant=hunter3');
  assert.match(log[0] as string, 'set tracing-enabled to true when password, baggage:tenant by');
  const audit = await ask(admin, 'GET', '/tracing/audit');
  assert.match(audit.text, 'when password, baggage:tenant');
  assert.not.match(audit.text + log.join() + answer.text, 'hunter2');
  assert.not.match(audit.text + log.join(), 'hunter3');
  const before = fingerprint(tracing);
  const wrong = await ask(admin, 'PUT', '/tracing/enabled', { body: { enabled: true, when: 'hunter2' } });
  assert.is(wrong.json.error.field, 'when', wrong.text);
  assert.is(fingerprint(tracing), before);
});

test('tracing is switched on for a part of the service, which the log names', async () => {
  const { admin, log } = quietHandler(tracing);
  const answer = await ask(admin, 'PUT', '/tracing/enabled', { body: { enabled: true, only: 'carbide::api' } });
  assert.is(answer.status, 200, answer.text);
  assert.is(answer.json.lease.only, 'carbide::api');
  assert.is(tracing.state().roots, 'carbide::api');
  assert.match(log[0] as string, 'set tracing-enabled to true only for "carbide::api" by');
  const before = fingerprint(tracing);
  for (const body of [
    { enabled: false, only: 'carbide::api' },
    { enabled: true, only: 'a*b' },
  ]) {
    const wrong = await ask(admin, 'PUT', '/tracing/enabled', { body });
    assert.is(wrong.status, 400, wrong.text);
    assert.is(wrong.json.error.field, 'only');
  }
  assert.is((await ask(admin, 'PUT', '/tracing/rules', { body: { rules: '', only: 'carbide::api' } })).json.error.field, 'only');
  assert.is(fingerprint(tracing), before);
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

test('a lease ends when it is deleted, and the other one stays', async () => {
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

test('a change that names an old revision is refused with 409; one that names the current revision is applied', async () => {
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

const ON = { enabled: true };

test('the admin page may make changes: its same-origin Origin is accepted, with or without the default port', async () => {
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

test('the audit log keeps changes and refusals, sanitized and bounded, readable with the token for changes only', async () => {
  const { admin, log } = quietHandler(tracing);
  const forged = 'ok\nspanwright admin: set tracing-enabled to false by root\u001b[2J\u202e';
  await ask(admin, 'PUT', '/tracing/enabled', { body: { ...ON, reason: forged } });
  await ask(admin, 'PUT', '/tracing/enabled', { body: { enabled: 1 } });
  const long = { 'x-spanwright-actor': `ada\u00ad${'a'.repeat(200)}` };
  const { json } = await ask(admin, 'PUT', '/tracing/enabled', { body: ON, headers: long });
  assert.is(log.length, 3);
  for (const line of log) assert.not.match(line, /[\p{Cc}\p{Cf}]/u);
  const { entries } = (await ask(admin, 'GET', '/tracing/audit')).json;
  assert.equal(
    entries.map((entry: { outcome: string }) => entry.outcome),
    ['done', 'refused', 'done'],
  );
  assert.is(entries[2].actor, `ada ${'a'.repeat(95)}…`);
  assert.is(json.lease.actor, entries[2].actor, 'the lease has the same');
  assert.match(entries[0].reason, /^ok spanwright admin: .*root/);
  assert.match(entries[1].refusal, /found the number 1/);
  assert.is((await ask(admin, 'GET', '/tracing/audit', { token: null })).status, 401);
  for (let at = 0; at < 250; at += 1) await ask(admin, 'PUT', '/tracing/enabled', { body: { enabled: at } });
  assert.is((await ask(admin, 'GET', '/tracing/audit')).json.entries.length, 200);
});

test('each change and each refusal is one log line with actor, end, lease and reason', async () => {
  const { admin, log } = quietHandler(tracing);
  const change = async (method: string, path: string, body: object | undefined, headers: Record<string, string> = {}) =>
    (await ask(admin, method, `/tracing/${path}`, { body, headers })).json;
  const by = { 'x-spanwright-actor': 'ada' };
  const { lease: first } = await change('PUT', 'enabled', { enabled: true, reason: 'slow' }, by);
  const { lease: second } = await change('PUT', 'rules', { rules: 'carbide::db=off' });
  await change('DELETE', `leases/${second.id}`, undefined, by);
  await change('PUT', 'enabled', { enabled: true, reason: 'slow', for: '25h' }, by);
  await change('PUT', 'enabled', { enabled: 'yes' });
  const refusal = (await change('PUT', 'enabled', { enabled: 'yes' })).error.message;
  const [on, rules, end, late, ...wrong] = log.splice(0);
  assert.is(on, `spanwright admin: set tracing-enabled to true by ada until ${first.expiresAt} (lease ${first.id}) reason: slow`);
  assert.is(
    rules,
    `spanwright admin: set rules to "carbide::db=off" by an unnamed caller until ${second.expiresAt} (lease ${second.id})`,
  );
  assert.is(end, `spanwright admin: end lease "${second.id}" by ada (lease ${second.id})`);
  assert.match(late as string, /^spanwright admin: refused: set tracing-enabled to true by ada reason: slow because: .*24h/);
  assert.equal(wrong, Array(2).fill(`spanwright admin: refused: PUT enabled by an unnamed caller because: ${refusal}`));
  const { entries } = (await ask(admin, 'GET', '/tracing/audit')).json;
  assert.equal(
    entries.map(({ actor, until, lease, reason }: Record<string, unknown>) => [actor, until, lease, reason]),
    [
      ['ada', first.expiresAt, first.id, 'slow'],
      [null, second.expiresAt, second.id, null],
      ['ada', null, second.id, null],
      ['ada', null, null, 'slow'],
      [null, null, null, null],
      [null, null, null, null],
    ],
  );
});

test('an empty text is logged with what is in force after it, and without an end', async () => {
  const { admin, log } = quietHandler(tracing);
  const set = (setting: string, text: string) => ask(admin, 'PUT', `/tracing/${setting}`, { body: { [setting]: text } });
  await set('drop', 'carbide::db');
  await set('rules', 'carbide::db=off');
  const { lease } = (await set('rules', '')).json;
  const { id } = (await set('drop', '')).json.lease;
  assert.is(log[2], `spanwright admin: set rules to "" (in force: none) by an unnamed caller (lease ${lease.id})`);
  assert.is(
    log[3],
    `spanwright admin: set drop to "" (in force: ${tracing.state().drop || 'none'}) by an unnamed caller (lease ${id})`,
  );
  assert.equal(
    (await ask(admin, 'GET', '/tracing/audit')).json.entries.map(({ until }: { until: string | null }) => until !== null),
    [true, true, false, false],
  );
});

test('of long texts the audit log keeps the beginning: 300 characters of a change, 500 of a reason and a refusal', async () => {
  const { admin } = quietHandler(tracing);
  await ask(admin, 'PUT', '/tracing/rules', { body: { rules: `${'x'.repeat(400)}=off`, reason: 'y'.repeat(500) } });
  await ask(admin, 'PUT', '/tracing/rules', { body: { rules: `${'x'.repeat(700)}=sideways`, reason: 'y'.repeat(600) } });
  const { entries } = (await ask(admin, 'GET', '/tracing/audit')).json;
  assert.equal(
    entries.map(({ change, reason, refusal }: Record<string, string | null>) =>
      [change, reason, refusal].map((text) => text?.length),
    ),
    [
      [300, 500, undefined],
      [300, 500, 500],
    ],
  );
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
