// Generated requests against the handler: never a throw, never an answer outside the rules, never a change of state except by a valid
// request. Each run has others, from a seed that is printed; SPANWRIGHT_SEED repeats a run. SPANWRIGHT_REQUESTS sets how many; `npm run soak`
// makes twenty times as many.
// limit: 400 s

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { AdminHandler } from '../../runtime/admin/index.js';
import { ROUTES } from '../../runtime/admin/routes.js';
import type { Tracing } from '../../runtime/index.js';
import { setNoticeLogger } from '../../runtime/warnings.js';
import { report } from '../evidence.js';
import { randomFrom } from '../random.js';
import { fingerprint, quietHandler, TOKEN } from './client.js';
import { startService } from './service.js';

const REQUESTS = Number(process.env.SPANWRIGHT_REQUESTS ?? 25_000);
/** Number of them that meet a service which refuses every change: fewer, because they reach fewer checks. */
const REFUSED = Math.ceil(REQUESTS / 5);
const SEED = Number(process.env.SPANWRIGHT_SEED || Date.now() % 1_000_000);
const READ_TOKEN = 'the-token-for-reads';

const random = randomFrom(SEED);
const chance = (probability: number) => random() < probability;
const below = (most: number) => Math.floor(random() * most);
const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item;

const ODD_TEXTS = [
  '',
  'true',
  '__proto__',
  'constructor',
  '\u0000',
  '\u202e',
  '%',
  '../..',
  '*',
  'a'.repeat(600),
  '😀',
  '-1',
  '1e9',
  'NaN',
];
const junk = () => Array.from({ length: below(12) }, () => String.fromCharCode(32 + below(95))).join('');
const text = () => (chance(0.5) ? pick(ODD_TEXTS) : junk());
const oddValue = (): unknown => pick([null, true, false, 0, -1, 1.5, 1e300, [], {}, [[]], text()]);

// Only long durations: a lease that ran out by itself in the middle of a request would look like a change by it.
const RIGHT: Readonly<Record<string, () => unknown>> = {
  enabled: () => chance(0.5),
  rules: () => pick(['', 'carbide=off', 'carbide::db=off, carbide::api=0.1', '*=on', 'carbide::a=0.5']),
  drop: () => pick(['', 'carbide::poll', 'carbide::poll, carbide::x']),
  only: () => pick(['carbide::api', '*', 'carbide::a, carbide::b', 'kind:server']),
  for: () => pick(['1h', '2h', 3_600_000, '24h']),
  reason: () => text().slice(0, 400),
  maxSpans: () => 1 + below(1000),
  maxSpansPerSecond: () => 1 + below(1000),
  maxOpenSpans: () => 1 + below(1000),
  revision: () => below(5),
};
const WRONG_DURATIONS = ['soon', '25h', '-1m', '1y', {}, null, [], true];

function bodyObject(path: string): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  if (path in RIGHT && !chance(0.05)) body[path] = chance(0.9) ? RIGHT[path]?.() : oddValue();
  for (const name of ['for', 'reason', 'maxSpans', 'maxSpansPerSecond', 'maxOpenSpans']) {
    if (chance(0.2)) body[name] = chance(0.9) ? RIGHT[name]?.() : name === 'for' ? pick(WRONG_DURATIONS) : oddValue();
  }
  if (path === 'enabled' && chance(0.2)) body.only = chance(0.9) ? RIGHT.only?.() : oddValue();
  if (chance(0.05)) body.revision = RIGHT.revision?.();
  if (chance(0.05)) body[text()] = oddValue();
  return body;
}

function bodyOf(path: string): string | Uint8Array<ArrayBuffer> | undefined {
  const right = JSON.stringify(bodyObject(path));
  const kind = random();
  if (kind < 0.75) return right;
  if (kind < 0.8) return right.slice(0, below(right.length));
  if (kind < 0.85) return right.slice(0, below(right.length)) + junk() + right.slice(below(right.length));
  if (kind < 0.9) return Uint8Array.from({ length: below(64) }, () => below(256));
  if (kind < 0.93) return pick(['[', '{"a":']).repeat(1 + below(3000));
  if (kind < 0.96) return `{"reason":"${'x'.repeat(16_000 + below(1000))}"}`;
  return chance(0.5) ? JSON.stringify(oddValue()) : undefined;
}

interface Generated {
  readonly request: Request;
  readonly mayChange: boolean;
}

const PATHS = ROUTES.map(({ path }) => path);
const HOSTS = ['localhost', '127.0.0.1:9465', '[::1]', 'evil.example', 'localhost.evil.example'];
const TYPES = ['application/json', 'application/json; charset=utf-8', 'text/plain', 'application/x-www-form-urlencoded', ''];

/** A request, mostly valid, so that all checks are reached, and whether it has all that a change needs. */
function generate(leases: readonly string[]): Generated {
  const route = chance(0.7) ? pick(ROUTES.filter(({ method }) => method !== 'GET')) : pick(ROUTES);
  const id = chance(0.7) && leases.length > 0 ? pick(leases) : encodeURIComponent(text());
  const path = chance(0.95)
    ? route.path.replace(':id', id)
    : `${pick(PATHS)}${pick(['/', '//', '%2f', '/..', 'x'])}${encodeURIComponent(text())}`;
  const method = chance(0.92) ? route.method : pick(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'QUERY']);
  const query = chance(0.9)
    ? ''
    : `?${pick(['limit', 'prefix', 'enabled', 'offset', encodeURIComponent(text())])}=${encodeURIComponent(text())}`;
  const host = chance(0.93) ? pick(HOSTS.slice(0, 3)) : pick(HOSTS);
  const token = chance(0.8)
    ? TOKEN
    : pick([undefined, READ_TOKEN, 'guess', TOKEN.toUpperCase(), `${TOKEN}x`, `${TOKEN} ${TOKEN}`, '']);
  const headers = new Headers();
  if (token !== undefined)
    headers.set('authorization', `${chance(0.97) ? 'Bearer' : pick(['Basic', 'bearer', 'Token', ''])} ${token}`);
  const type = chance(0.93) ? 'application/json' : pick(TYPES);
  const hasBody = method !== 'GET' && method !== 'HEAD';
  if (type !== '') headers.set('content-type', type);
  if (chance(0.05)) headers.set('origin', pick([`http://${host}`, 'https://evil.example', 'null', 'x']));
  if (chance(0.03)) headers.set('if-match', pick(['"1"', 'W/"2"', '*', 'x', '99']));
  if (chance(0.03)) headers.set('sec-fetch-site', pick(['cross-site', 'same-origin', 'none']));
  const body = hasBody && (method !== 'DELETE' || chance(0.1)) ? bodyOf(route.path) : undefined;
  const request = new Request(`http://${host}/tracing${path === '' ? '' : '/'}${path}${query}`, {
    method,
    headers,
    body: body ?? null,
  });
  const trusted = /^bearer the-token-for-changes *$/.test(headers.get('authorization')?.replace(/^B/, 'b') ?? '');
  return { request, mayChange: trusted && (method === 'PUT' || method === 'DELETE') && HOSTS.indexOf(host) < 3 };
}

const POSSIBLE = new Set([200, 400, 401, 403, 404, 405, 409, 413, 415, 421]);

async function runRequests(
  tracing: Tracing,
  admin: AdminHandler,
  requests: number,
  changesAllowed: boolean,
): Promise<Map<number, number>> {
  const seen = new Map<number, number>();
  let before = fingerprint(tracing);
  for (let at = 0; at < requests; at += 1) {
    if (at % 10 === 0 && tracing.leases().length > 5) {
      for (const { id } of tracing.leases()) tracing.endLease(id);
      before = fingerprint(tracing);
    }
    const { request, mayChange } = generate(tracing.leases().map(({ id }) => id));
    const what = `request ${at} of seed ${SEED}: ${request.method} ${request.url}`;
    const response = await admin(request, { local: chance(0.5), address: '192.0.2.1' });
    seen.set(response.status, (seen.get(response.status) ?? 0) + 1);
    if (!POSSIBLE.has(response.status)) assert.unreachable(`${what}: status ${response.status}: ${await response.text()}`);
    const after = fingerprint(tracing);
    if (after !== before && !(changesAllowed && mayChange && response.status === 200))
      assert.unreachable(`${what}: changed, status ${response.status}`);
    before = after;
    if (response.status >= 400 && request.method !== 'HEAD') {
      const { error } = (await response.json()) as { error: { code: string; message: string } };
      if (!/^[A-Z][A-Za-z]+$/.test(error.code) || error.message.length === 0)
        assert.unreachable(`${what}: ${JSON.stringify(error)}`);
      if (/[\p{Cc}\p{Cf}]/u.test(error.message)) assert.unreachable(`${what}: control characters in the message`);
    }
  }
  return seen;
}

const PATIENT = { readToken: READ_TOKEN, failures: { most: Number.POSITIVE_INFINITY, withinSeconds: 60 } };

// Lines for every ended lease would dominate the output.
setNoticeLogger(() => undefined);

const reportRequests = (part: string, tried: number): void =>
  report({ part: `${part} (seed ${SEED})`, tried, survived: tried, lost: 0, unaccounted: 0 });

let tracing: Tracing | undefined;
test.after.each(async () => {
  await tracing?.shutdown();
});

test(`${REQUESTS - REFUSED} generated requests (seed ${SEED}) change nothing without permission, and reach every kind of refusal`, async () => {
  tracing = await startService();
  const start = tracing.state().revision;
  const seen = await runRequests(tracing, quietHandler(tracing, PATIENT).admin, REQUESTS - REFUSED, true);
  for (const status of POSSIBLE) assert.ok((seen.get(status) ?? 0) > 0, `no request was answered ${status}`);
  assert.ok(tracing.state().revision - start > (REQUESTS - REFUSED) / 10, 'too few of the generated changes were right ones');
  reportRequests('requests to the admin hook, right and hostile', REQUESTS - REFUSED);
});

test(`${REFUSED} generated requests (seed ${SEED}) change nothing where changes are refused`, async () => {
  tracing = await startService({ allowRuntimeChanges: false });
  const before = fingerprint(tracing);
  const seen = await runRequests(tracing, quietHandler(tracing, PATIENT).admin, REFUSED, false);
  assert.ok((seen.get(403) ?? 0) > REFUSED / 10);
  assert.is(fingerprint(tracing), before);
  reportRequests('the same where changes are refused', REFUSED);
});

test.run();
