// Wrong requests to the admin hook, by the answer that they get: each names its fault, and changes nothing.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Tracing } from '../../runtime/index.js';
import { type Ask, ask, fingerprint, quietHandler, Raw, TOKEN } from './client.js';
import { startService } from './service.js';

let tracing: Tracing;
test.before(async () => {
  tracing = await startService();
});
test.after(() => tracing.shutdown());

interface Sent {
  readonly ask: Ask;
  readonly method: string;
  readonly path: string;
}

const ON = { enabled: true };
const to = (method: string, path: string, what: Ask = { body: ON }): Sent => ({ method, path, ask: what });
const put = (what: Ask): Sent => to('PUT', '/tracing/enabled', what);
const body = (content: unknown): Sent => put({ body: content });
const raw = (bytes: string | Uint8Array | ReadableStream): Sent => body(new Raw(bytes));
const headers = (sent: Record<string, string>): Sent => put({ body: ON, headers: sent });
const endless = () => new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(4096).fill(32)) });

type Case = readonly [name: string, sent: Sent, says: RegExp, field?: string];

const WRONG: readonly { status: number; code: string; cases: readonly Case[] }[] = [
  {
    status: 401,
    code: 'Unauthenticated',
    cases: [
      ['no token', put({ token: null, body: ON }), /To change, send the token as "Authorization: Bearer <token>"/],
      ['a wrong token', put({ token: 'guess', body: ON }), /token is wrong/],
      ['a token that begins right', put({ token: TOKEN.slice(0, -1), body: ON }), /token is wrong/],
      ['another scheme', put({ token: null, body: ON, headers: { authorization: `Basic ${TOKEN}` } }), /Bearer/],
    ],
  },
  {
    status: 405,
    code: 'Unimplemented',
    cases: [
      ['a wrong method', to('POST', '/tracing/enabled'), /POST is not allowed here; use PUT/],
      ['a GET', to('GET', '/tracing/enabled', {}), /use PUT/],
      ['a GET with the change in the query', to('GET', '/tracing/enabled?enabled=true', {}), /use PUT/],
      ['a preflight', to('OPTIONS', '/tracing/enabled', { headers: { origin: 'https://evil.example' } }), /use PUT/],
    ],
  },
  {
    status: 404,
    code: 'NotFound',
    cases: [
      [
        'an unknown setting',
        to('PUT', '/tracing/enable'),
        /Did you mean "enabled"\? Routes: GET \/tracing, .*PUT \/tracing\/enabled/,
      ],
      ['a path outside the prefix', to('PUT', '/enabled'), /no such route/],
      ['a path beside the prefix', to('PUT', '/tracing-enabled'), /no such route/],
    ],
  },
  {
    status: 400,
    code: 'InvalidArgument',
    cases: [
      [
        'a read with the change in the query',
        to('GET', '/tracing/state?enabled=true', {}),
        /Unknown query parameter "enabled"/,
        'enabled',
      ],
      ['a query on a change', to('PUT', '/tracing/enabled?for=1m'), /takes no query parameter/, 'for'],
      [
        'a comma too many',
        raw('{"enabled": true,}'),
        /line 1, column 18 \(position 17\): expected a name in double quotes, found "}"/,
      ],
      ['JSON that is cut off', raw('{"enabled":\n tru'), /line 2, column 2 .*expected a value/],
      ['a string without its end', raw('{"reason": "x}'), /column 12 .*expected a complete string/],
      ['text behind the object', raw('{"enabled": true} true'), /column 19 .*expected the end, found "t"/],
      ['nesting without end', raw('['.repeat(5000)), /at most 32 levels/],
      ['33 levels of nesting', raw('['.repeat(33)), /at most 32 levels/],
      ['32 levels of nesting', raw('['.repeat(32)), /expected a value/],
      ['an offset beyond the longest list', to('GET', '/tracing/spans/open?offset=9001', {}), /9000/, 'offset'],
      [
        'a missing comma behind lists and objects',
        raw('{"a": [], "b": {}, "c": [1, [2, -3.5e-7], "\\u00e9\\n"] "d": 1}'),
        /column 55 \(position 54\): expected "," or "}", found """/,
      ],
      [
        'a missing comma in a list',
        raw('{"a": [ {"b": 1 }\n, true false]}'),
        /line 2, column 8 .*expected "," or "]", found "f"/,
      ],
      ['a missing colon', raw(' {"a" 1}'), /column 7 \(position 6\): expected ":", found "1"/],
      ['a list that is cut off', raw('{"a": [1, 2'), /column 12 .*expected "," or "]", found the end of the body/],
      ['an object that is cut off', raw('{"a": 1'), /column 8 .*expected "," or "}", found the end of the body/],
      ['an empty body', raw(''), /body is empty/],
      ['no body', put({ headers: { 'content-type': 'application/json' } }), /body is empty/],
      ['an array', body([ON]), /must be a JSON object; found an array/],
      ['bytes that are not UTF-8', raw(new Uint8Array([0x7b, 0xff, 0x7d])), /UTF-8/],
      ['a wrong type', body({ enabled: 'yes' }), /"enabled" must be true or false; found the string "yes"/, 'enabled'],
      ['null', body({ enabled: null }), /found null/, 'enabled'],
      ['a missing field', body({}), /"enabled" is missing; expected true or false/, 'enabled'],
      ['an unknown field', body({ ...ON, reson: 'x' }), /Unknown field "reson"\. Did you mean "reason"\?/, 'reson'],
      ['a field named like a prototype', raw('{"enabled":true,"__proto__":{"for":"1m"}}'), /Unknown field "__proto__"/],
      ['an invalid duration', body({ ...ON, for: 'soon' }), /soon/, 'for'],
      ['a duration of the wrong type', body({ ...ON, for: true }), /"for" must be a duration.*found the boolean true/, 'for'],
      ['more than a day', body({ ...ON, for: '25h' }), /24h|24 hours/, 'for'],
      ['a limit that is not whole', body({ ...ON, maxSpans: 1.5 }), /"maxSpans" must be a whole number/, 'maxSpans'],
      ['a limit of 0', body({ ...ON, maxSpans: 0 }), /"maxSpans" must be a whole number from 1; found/, 'maxSpans'],
      ['a reason beyond its length', body({ ...ON, reason: 'x'.repeat(501) }), /500/, 'reason'],
      ['an invalid revision', headers({ 'if-match': 'yesterday' }), /If-Match must hold a revision/, 'If-Match'],
      ['a DELETE with a body', to('DELETE', '/tracing/leases/1', { body: {} }), /takes no body/],
      ['an id that is not encoded', to('DELETE', '/tracing/leases/%zz', {}), /encoded/, 'id'],
    ],
  },
  {
    status: 415,
    code: 'InvalidArgument',
    cases: [
      [
        'a form',
        headers({ 'content-type': 'application/x-www-form-urlencoded' }),
        /found content-type "application\/x-www-form-urlencoded"/,
      ],
      [
        'text/plain, which a page may send anywhere',
        headers({ 'content-type': 'text/plain' }),
        /needs content-type application\/json/,
      ],
      ['another character set', headers({ 'content-type': 'application/json; charset=utf-16' }), /UTF-8/],
      ['a compressed body', headers({ 'content-encoding': 'gzip' }), /compressed/],
    ],
  },
  {
    status: 413,
    code: 'ResourceExhausted',
    cases: [
      ['a body over the limit', body({ ...ON, reason: 'x'.repeat(17_000) }), /larger than 16384 bytes/],
      ['an endless body', raw(endless()), /larger than 16384 bytes/],
      ['a declared length over the limit', put({ body: ON, headers: { 'content-length': '99999' } }), /larger than 16384 bytes/],
    ],
  },
  {
    status: 403,
    code: 'PermissionDenied',
    cases: [
      ['a foreign Origin', headers({ origin: 'https://evil.example' }), /origin "https:\/\/evil\.example"/],
      ['the Origin of another port', headers({ origin: 'http://localhost:8080' }), /must come from the admin page/],
      ['a null Origin', headers({ origin: 'null' }), /origin "null"/],
      ['a browser that says cross-site', headers({ 'sec-fetch-site': 'cross-site' }), /another site/],
      ['a browser that says same-site', headers({ 'sec-fetch-site': 'same-site' }), /another site/],
    ],
  },
  {
    status: 421,
    code: 'PermissionDenied',
    cases: [
      ['a Host that was rebound', put({ body: ON, origin: 'http://evil.example' }), /Host "evil\.example" is not allowed here/],
      ['a Host header unlike the URL', headers({ host: 'evil.example:9465' }), /evil\.example:9465/],
      ['a Host that begins like loopback', put({ body: ON, origin: 'http://127.0.0.1.evil.example' }), /not allowed/],
      ['a read at a rebound Host', to('GET', '/tracing/state', { origin: 'http://evil.example' }), /not allowed/],
    ],
  },
];

for (const { status, code, cases } of WRONG) {
  for (const [name, sent, says, field] of cases) {
    test(`${name} is refused with ${status} and changes nothing`, async () => {
      const { admin } = quietHandler(tracing);
      const before = fingerprint(tracing);
      const answer = await ask(admin, sent.method, sent.path, sent.ask);
      assert.is(answer.status, status, answer.text);
      assert.is(answer.json.error.code, code);
      assert.match(answer.json.error.message, says);
      if (field !== undefined) assert.is(answer.json.error.field, field);
      assert.is(fingerprint(tracing), before);
      assert.is(answer.headers.get('cache-control'), 'no-store');
    });
  }
}

test('the same request without the fault succeeds', async () => {
  const { admin } = quietHandler(tracing);
  const { method, path, ask: what } = body(ON);
  const answer = await ask(admin, method, path, what);
  assert.is(answer.status, 200, answer.text);
  assert.is(tracing.endLease(answer.json.lease.id), true);
});

/** Text of `length` characters as a message shows it: cut, with an ellipsis. */
const cut = (start: string, length: number): string => `"${`${start}${'x'.repeat(length)}`.slice(0, length - 1)}…"`;
const LONG = 'x'.repeat(150);
const CUT: readonly (readonly [what: string, sent: Sent, shown: string])[] = [
  ['field', body({ ...ON, [LONG]: 1 }), cut('', 64)],
  ['query parameter', to('GET', `/tracing/state?${LONG}=1`, {}), cut('', 64)],
  ['content type', headers({ 'content-type': `a/${LONG}` }), cut('a/', 80)],
  ['Host', headers({ host: `${LONG}.example` }), cut('', 80)],
  ['Origin', headers({ origin: `http://${LONG}` }), cut('http://', 80)],
  ['If-Match', headers({ 'if-match': LONG }), cut('', 40).slice(1, -1)],
  ['lease', to('DELETE', `/tracing/leases/${LONG}`, {}), cut('', 64)],
  ['method', to(LONG, '/tracing/enabled', {}), cut('', 20).slice(1, -1)],
];
for (const [what, sent, shown] of CUT) {
  test(`of a long ${what} the refusal shows the beginning`, async () => {
    const { admin } = quietHandler(tracing);
    const { json } = await ask(admin, sent.method, sent.path, sent.ask);
    const { message } = json.error as { message: string };
    assert.match(message, shown);
    assert.not.match(message, 'x'.repeat(shown.length));
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

test.run();
