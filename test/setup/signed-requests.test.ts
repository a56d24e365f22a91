// One request on demand: a signed header has its request recorded whole, also while the flag is off, and nothing else does. The
// answer carries the trace id where it is asked for. Real HTTP servers, behind OpenTelemetry's instrumentation and without it.

import { createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { defaultTextMapGetter, ROOT_CONTEXT } from '@opentelemetry/api';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { watchHeaders, withRequestHeaders } from '../../runtime/context/request-headers.js';
import { SignedRequests, signedPath, signRequest } from '../../runtime/gate/signed-requests.js';
import { baggage, ConfigurationError, instrument, startTracing, type TracingOptions } from '../../runtime/index.js';
import { type Traced, traced } from '../gate/tracing.js';

const SECRET = 'a secret of the operators';
const HEADER = 'x-trace-this';
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
const SIGNED: TracingOptions = {
  instrumentations: ['@opentelemetry/instrumentation-http'],
  traceHeader: HEADER,
  traceHeaderSecret: SECRET,
  traceHeaderPerSecond: 1000,
};
const inOneMinute = () => Math.ceil(Date.now() / 1000) + 60;

const namesOf = (spans: readonly { readonly name: string }[]): string[] => spans.map(({ name }) => name).sort();
const query = instrument({ namespace: 'carbide::db', name: 'query' }, () => 1);
const power = instrument({ namespace: 'carbide::api', name: 'power' }, async () => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return query();
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
const answer: Handler = (_request, response) => void power().then(() => response.end('ok'));

interface Sent {
  readonly path?: string;
  readonly headers?: Record<string, string>;
}

/** Sends the requests one after the other. @returns the headers of the answers */
async function send(requests: readonly Sent[], handler: Handler = answer): Promise<Headers[]> {
  const { createServer } = createRequire(__filename)('node:http') as typeof import('node:http');
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const answers: Headers[] = [];
    for (const { path = '/v1/power', headers = {} } of requests) {
      const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, { headers });
      assert.is(await response.text(), 'ok');
      answers.push(response.headers);
    }
    return answers;
  } finally {
    server.close();
  }
}

const signed = (path: string, expiresAt = inOneMinute()) => ({ [HEADER]: signRequest(SECRET, path, expiresAt) });
const traces = async ({ spans }: Traced) => new Set((await spans()).map((span) => span.spanContext().traceId)).size;

test('a signed request is recorded whole while the flag is off, and the requests beside it are not', () =>
  traced(SIGNED, async (run) => {
    assert.is(run.tracing.enabled, false);
    await send([{}, { headers: signed('/v1/power') }, {}]);
    assert.equal(namesOf(await run.spans()), ['GET', 'power', 'query']);
    assert.is(await traces(run), 1);
    assert.equal(run.tracing.state().signedRequests, { recorded: 1, refused: 0 });
    assert.not.match(JSON.stringify([run.tracing.state(), (await run.spans()).map(({ attributes }) => attributes)]), SECRET);
  }));

test('the signature is valid for the path and for those below it', () =>
  traced(SIGNED, async (run) => {
    await send([
      { path: '/v1/power/m-17?watts=5', headers: signed('/v1/power') },
      { path: '/v1/power', headers: signed('/v1/power/') },
      { path: '/anything', headers: signed('/') },
    ]);
    assert.is(await traces(run), 3);
    await send([
      { path: '/v1/powerful', headers: signed('/v1/power') },
      { path: '/v2', headers: signed('/v1') },
    ]);
    assert.is(await traces(run), 3);
    assert.equal(run.tracing.state().signedRequests, { recorded: 3, refused: 2 });
  }));

test('a path with `..` segments does not count as below the signed path', () => {
  const signedFor = new SignedRequests();
  signedFor.restart({ header: HEADER, secret: SECRET, perSecond: 1000 });
  const admits = (path: string) => {
    watchHeaders([HEADER]);
    const request = withRequestHeaders(ROOT_CONTEXT, signed('/v1/power'), defaultTextMapGetter, path);
    return signedFor.admits(request, undefined);
  };
  for (const path of ['/v1/power', '/v1/power/', '/v1/power/..m-17?to=/../x', '/v1/power/%2e%2ex']) assert.ok(admits(path), path);
  for (const path of ['/v1/power/../admin', '/v1/power/%2E./admin', '/v1/power/..', '/v1/./power', '/v1/pow', '/v1/power%2Fx'])
    assert.not(admits(path), path);
});

test('a value expires at the second that it names', () => {
  const second = Math.floor(Date.now() / 1000);
  assert.is(signedPath(SECRET, signRequest(SECRET, '/', second)), undefined);
  assert.is(signedPath(SECRET, signRequest(SECRET, '/', second + 2)), '/');
});

const mac = (secret: string, text: string) => createHmac('sha256', secret).update(text).digest('base64url');
const hexOf = (text: string) => Buffer.from(text, 'base64url').toString('hex');
const BAD: readonly (readonly [what: string, value: () => string])[] = [
  ['signed with another secret', () => signRequest('another secret of others', '/v1/power', inOneMinute())],
  ['expired', () => signRequest(SECRET, '/v1/power', Math.floor(Date.now() / 1000) - 1)],
  ['with a later expiry than was signed', () => signRequest(SECRET, '/v1/power', 1).replace('1.1.', `1.${inOneMinute()}.`)],
  ['with another path than was signed', () => signRequest(SECRET, '/v1', inOneMinute()).replace('L3Yx', 'Lw')],
  ['that is no signature', () => 'yes'],
  ['that is empty', () => ''],
  ['that is long', () => '1.'.repeat(3000)],
  ['without a signature', () => `1.${inOneMinute()}.${Buffer.from('/').toString('base64url')}.`],
  ['in base64 with padding', () => signRequest(SECRET, '/', inOneMinute()).replace(/.{43}$/, (text) => `${text}=`)],
  ['in hexadecimal', () => signRequest(SECRET, '/', inOneMinute()).replace(/[\w-]{43}$/, (text) => hexOf(text))],
  ['that comes twice', () => `${signRequest(SECRET, '/', inOneMinute())}, ${signRequest(SECRET, '/', inOneMinute())}`],
  ['of another form', () => `2.${inOneMinute()}.Lw.${mac(SECRET, 'x')}`],
];

for (const [what, value] of BAD) {
  test(`a value ${what} is ignored and counted`, () =>
    traced(SIGNED, async (run) => {
      await send([{ headers: { [HEADER]: value() } }]);
      assert.equal(namesOf(await run.spans()), []);
      assert.equal(run.tracing.state().signedRequests, { recorded: 0, refused: 1 });
    }));
}

test('without `trace_header` in the configuration the header is ignored', () =>
  traced({ instrumentations: SIGNED.instrumentations as string[] }, async (run) => {
    await send([{ headers: signed('/v1/power') }]);
    assert.equal(namesOf(await run.spans()), []);
    assert.is(run.tracing.state().signedRequests, null);
  }));

test('within a second no more requests are recorded than the rate allows', () =>
  traced({ ...SIGNED, traceHeaderPerSecond: 2 }, async (run) => {
    await send(Array.from({ length: 5 }, () => ({ headers: signed('/') })));
    const { recorded = 0, refused = 0 } = run.tracing.state().signedRequests ?? {};
    assert.is(recorded + refused, 5);
    assert.ok(recorded >= 2 && recorded < 5, `${recorded} recorded`);
    assert.is(await traces(run), recorded);
  }));

test('a signed request is recorded below a caller that does not sample, in its trace, regardless of roots and ratio', () =>
  traced({ ...SIGNED, enabled: true, roots: 'none', rules: '*=0.000001' }, async (run) => {
    await send([{ headers: { ...signed('/'), traceparent: TRACEPARENT } }, {}]);
    assert.equal(namesOf(await run.spans()), ['GET', 'power', 'query']);
    assert.is((await run.spans())[0]?.spanContext().traceId, '0af7651916cd43dd8448eb211c80319c');
  }));

test('dropped namespaces stay dropped in a signed request', () =>
  traced({ ...SIGNED, drop: 'carbide::db' }, async (run) => {
    await send([{ headers: signed('/') }]);
    assert.equal(namesOf(await run.spans()), ['GET', 'power']);
  }));

test('a signed request is kept where `keep` would discard its trace', () =>
  traced({ ...SIGNED, enabled: true, keep: { errors: true, ratio: 0 } }, async (run) => {
    await send([{}, { headers: signed('/') }]);
    assert.equal(namesOf(await run.spans()), ['GET', 'power', 'query']);
  }));

test('with the baggage middleware and no HTTP instrumentation, the calls of the signed request are recorded', () =>
  traced({ traceHeader: HEADER, traceHeaderSecret: SECRET }, async (run) => {
    const middleware = baggage.declare({}).middleware();
    const handler: Handler = (request, response) => middleware(request, response, () => answer(request, response));
    await send([{}, { headers: signed('/v1') }, { path: '/v2', headers: signed('/v1') }], handler);
    assert.equal(namesOf(await run.spans()), ['power', 'query']);
  }));

test('a header without a secret, or with one that is short or regular, is refused at the start', async () => {
  const regular = 'abcd'.repeat(8);
  for (const options of [
    { traceHeader: HEADER },
    { traceHeader: HEADER, traceHeaderSecret: 'short' },
    { traceHeader: HEADER, traceHeaderSecret: regular },
  ]) {
    try {
      await startTracing(options);
      assert.unreachable('started');
    } catch (error) {
      assert.instance(error, ConfigurationError);
      assert.match((error as Error).message, /trace_header_secret|traceHeaderSecret/);
      assert.not.match((error as Error).message, '"short"');
      assert.not.match((error as Error).message, regular);
      if (options.traceHeaderSecret === regular) assert.match((error as Error).message, 'it repeats its first 4 characters');
    }
  }
});

test('with `response_header` the response to a recorded request carries its trace id, and no other response does', () =>
  traced({ ...SIGNED, responseHeader: 'X-Trace-Id' }, async (run) => {
    const [plain, recorded] = await send([{}, { headers: signed('/') }]);
    assert.is(plain?.get('x-trace-id'), null);
    assert.is(recorded?.get('x-trace-id'), (await run.spans())[0]?.spanContext().traceId);
  }));

test('a response header of the same name that the program sets is kept, and writeHead() with headers keeps them', () =>
  traced({ ...SIGNED, enabled: true, responseHeader: 'x-trace-id' }, async () => {
    const own: Handler = (_request, response) => response.setHeader('x-trace-id', 'mine').end('ok');
    assert.is((await send([{}], own))[0]?.get('x-trace-id'), 'mine');
    const head: Handler = (_request, response) => response.writeHead(201, 'Made', { 'x-other': 'o' }).end('ok');
    const [answered] = await send([{}], head);
    assert.match(answered?.get('x-trace-id') ?? '', /^[0-9a-f]{32}$/);
    assert.is(answered?.get('x-other'), 'o');
  }));

test('a request with a sampled B3 header is recorded with its calls while the flag is off', () =>
  traced({ instrumentations: SIGNED.instrumentations as string[], propagators: 'b3' }, async (run) => {
    await send([{ headers: { b3: '0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1' } }, {}]);
    assert.equal(namesOf(await run.spans()), ['GET', 'power', 'query']);
  }));

test('after a shutdown responses have no trace id', async () => {
  await traced({ ...SIGNED, enabled: true, responseHeader: 'x-trace-id' }, async () => undefined);
  assert.is((await send([{}]))[0]?.get('x-trace-id'), null);
});

test.run();
