// Access to the viewer: the OTLP/HTTP receiver and the JSON API by host, origin, token and size.

import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toOtlpJson } from '../../viewer/formats/otlp-json.js';
import type { ReceivedSpan } from '../../viewer/receiver/decode.js';
import { startViewer, type Viewer } from '../../viewer/view/viewer.js';
import { order, traceIdOf } from './example-traces.js';

const TOKEN = 'a-token-of-the-access-test';

interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

/** With any Host header, which fetch does not allow. */
function ask(url: string, { method = 'GET', headers = {}, body }: Asked = {}) {
  return new Promise<{ status: number; text: string; headers: Record<string, unknown> }>((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (part) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const json = { 'content-type': 'application/json' };
const bodyOf = (number: number): string => JSON.stringify(toOtlpJson(order(number, Date.now())));

let viewer: Viewer;
test.before.each(async () => {
  viewer = await startViewer();
});
test.after.each(() => viewer.close());

test('traces arrive over HTTP as JSON, plain and gzip', async () => {
  const url = `${viewer.http}/v1/traces`;
  assert.is((await ask(url, { method: 'POST', headers: json, body: bodyOf(1) })).status, 200);
  const zipped = { ...json, 'content-encoding': 'gzip' };
  assert.is((await ask(url, { method: 'POST', headers: zipped, body: gzipSync(bodyOf(2)) })).status, 200);
  assert.equal([viewer.store.size, viewer.store.get(traceIdOf(2))?.summary.spans], [2, 9]);
});

test('spans that are sent again are kept once and counted; new spans of a known trace are added to it', async () => {
  const [url, spans] = [`${viewer.http}/v1/traces`, order(1, Date.now())];
  const send = (some: typeof spans) =>
    ask(url, { method: 'POST', headers: json, body: JSON.stringify(toOtlpJson(some)) }).then(({ status }) => status);
  assert.equal([await send(spans.slice(0, 5)), await send(spans.slice(0, 5)), await send(spans)], [200, 200, 200]);
  assert.equal([viewer.store.get(traceIdOf(1))?.summary.spans, viewer.store.counts.refusedSpans], [9, 10]);
  const shown = JSON.parse((await ask(`${viewer.url}/api/traces/${traceIdOf(1)}`)).text) as { spans: [string][] };
  assert.is(new Set(shown.spans.map(([id]) => id)).size, 9);
  assert.is(shown.spans.length, 9);
});

test('a span that comes twice in one batch is kept once, and so is each of a client and a server with one id', async () => {
  const [client] = order(2, Date.now());
  const server = { ...(client as ReceivedSpan), kind: 'server' as const };
  const pair = [{ ...server, kind: 'client' as const }, server];
  const before = viewer.store.counts.refusedSpans;
  viewer.store.add([...pair, ...pair]);
  viewer.store.add(pair);
  assert.equal([viewer.store.get(traceIdOf(2))?.summary.spans, viewer.store.counts.refusedSpans - before], [2, 4]);
});

test('requests that are not OTLP are refused with what was expected, and add nothing', async () => {
  const url = `${viewer.http}/v1/traces`;
  const protobuf = { 'content-type': 'application/x-protobuf' };
  for (const [path, asked, status] of [
    ['/v1/logs', { method: 'POST', headers: json, body: '{}' }, 404],
    ['/v1/traces', { method: 'GET' }, 405],
    ['/v1/traces', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' }, 415],
    ['/v1/traces', { method: 'POST', headers: json, body: '{' }, 400],
    ['/v1/traces', { method: 'POST', headers: json, body: '{"resourceSpans": [{"scopeSpans": [{"spans": [null]}]}]}' }, 400],
    [
      '/v1/traces',
      { method: 'POST', headers: json, body: bodyOf(1).replace(/"endTimeUnixNano":"\d+"/, '"endTimeUnixNano":"soon"') },
      400,
    ],
    ['/v1/traces', { method: 'POST', headers: protobuf, body: Buffer.from([0xff, 0xff, 0xff]) }, 400],
    ['/v1/traces', { method: 'POST', headers: { ...json, 'content-encoding': 'gzip' }, body: 'no gzip' }, 400],
    [
      '/v1/traces',
      { method: 'POST', headers: { ...json, 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(40 << 20)) },
      400,
    ],
  ] as const) {
    assert.is((await ask(new URL(path, url).href, asked)).status, status, `${path} ${JSON.stringify(asked).slice(0, 80)}`);
  }
  assert.is(viewer.store.size, 0);
});

test('the receiver and the API refuse foreign host names, for example after DNS rebinding', async () => {
  for (const url of [`${viewer.http}/v1/traces`, `${viewer.url}/api/state`, viewer.url]) {
    assert.is((await ask(url, { headers: { host: 'evil.example' } })).status, 403, url);
    assert.is.not((await ask(url, { headers: { host: 'localhost:1' } })).status, 403, url);
  }
});

test('pages of a development server may send traces, pages of other sites may not', async () => {
  const url = `${viewer.http}/v1/traces`;
  const from = (origin: string) => ask(url, { method: 'POST', headers: { ...json, origin }, body: bodyOf(3) });
  assert.is((await from('https://evil.example')).status, 403);
  assert.is((await from('null')).status, 403);
  const own = await from('http://localhost:5173');
  assert.equal([own.status, own.headers['access-control-allow-origin']], [200, 'http://localhost:5173']);
});

test('changes need JSON and the same origin; reading needs neither', async () => {
  const url = `${viewer.url}/api/import`;
  const send = (headers: Record<string, string>) => ask(url, { method: 'POST', headers, body: bodyOf(4) });
  assert.is((await send({ ...json, origin: 'https://evil.example' })).status, 403);
  assert.is((await send({ ...json, 'sec-fetch-site': 'cross-site' })).status, 403);
  assert.is((await send({ 'content-type': 'text/plain' })).status, 415);
  assert.is(viewer.store.size, 0);
  assert.is((await send({ ...json, origin: viewer.url })).status, 200);
  assert.is((await ask(`${viewer.url}/api/traces`)).status, 200);
});

test('a trace that the caller has is not sent again until it changes', async () => {
  const [root, ...others] = order(1, Date.now());
  viewer.add(others);
  const url = `${viewer.url}/api/traces/${traceIdOf(1)}`;
  const first = await ask(url);
  const headers = { 'if-none-match': String(first.headers.etag) };
  viewer.add(order(2, Date.now()));
  const second = await ask(url, { headers });
  assert.equal([first.status, second.status, second.text], [200, 304, '']);
  viewer.add([root as never]);
  const third = await ask(url, { headers });
  assert.equal([third.status, JSON.parse(third.text).spans.length], [200, 9]);
});

test('a request through a proxy needs a token', async () => {
  for (const name of ['x-forwarded-for', 'forwarded', 'via']) {
    assert.is((await ask(`${viewer.url}/api/state`, { headers: { [name]: '203.0.113.7' } })).status, 403, name);
  }
});

test('with a token each request of the API needs it, and the files of the page do not', async () => {
  const closed = await startViewer({ token: TOKEN });
  try {
    const url = `${closed.url}/api/state`;
    assert.is((await ask(url)).status, 401);
    const wrong = await ask(url, { headers: { authorization: 'Bearer wrong' } });
    assert.is(wrong.status, 401);
    assert.match(wrong.text, /expected the token of --page-token-file/);
    assert.is((await ask(url, { headers: { authorization: `Bearer ${TOKEN}` } })).status, 200);
    assert.is((await ask(`${closed.url}/api/events`)).status, 401);
    assert.is((await ask(closed.url)).status, 200);
  } finally {
    await closed.close();
  }
});

test('the page runs under a policy without inline code or other origins; exported pages run as no page of this origin', async () => {
  viewer.add(order(5, Date.now()));
  const page = await ask(viewer.url);
  const policy = String(page.headers['content-security-policy']);
  assert.match(policy, "default-src 'none'");
  assert.not.match(policy, /unsafe|https?:|\*/);
  assert.not.match(page.text, /<script(?![^>]* src=)|<style| style=| on\w+=/);
  const exported = await ask(`${viewer.url}/api/traces/${traceIdOf(5)}/export?format=html`);
  assert.match(String(exported.headers['content-security-policy']), 'sandbox');
  assert.match(String(exported.headers['content-disposition']), 'attachment');
});

test('unknown routes, methods, files and parameters are refused', async () => {
  for (const [method, path, status] of [
    ['GET', '/api/nothing', 404],
    ['DELETE', '/api/traces', 405],
    ['GET', '/../package.json', 404],
    ['GET', '/assets/%2e%2e/%2e%2e/package.json', 404],
    ['GET', '/api/traces?order=random', 400],
    ['GET', '/api/traces?limit=100000', 400],
    ['GET', '/api/traces?min=soon', 400],
    ['GET', '/api/hooks/0/state', 404],
    ['GET', '/api/hooks/0/openapi.json', 404],
    ['GET', `/api/traces/${traceIdOf(99)}`, 404],
  ] as const) {
    assert.is((await ask(viewer.url + path, { method })).status, status, `${method} ${path}`);
  }
});

test('memory is bounded: older traces are released and counted, and spans beyond the limit of a trace are counted', async () => {
  const small = await startViewer({ limits: { traces: 10, spansOfTrace: 4 } });
  try {
    for (let at = 1; at <= 25; at += 1) small.add(order(at, Date.now() + at));
    const state = JSON.parse((await ask(`${small.url}/api/state`)).text);
    assert.equal([state.traces, state.releasedTraces, state.refusedSpans], [10, 15, 25 * 5]);
    assert.is(small.store.get(traceIdOf(15)), undefined);
    assert.is(small.store.get(traceIdOf(16))?.summary.spans, 4);
  } finally {
    await small.close();
  }
});

test.run();
