// The gRPC transport against real HTTP/2 servers that end a call in every way that a gRPC server or a proxy before it can: what each
// means, by the tables of the gRPC specification. The statuses that a server gives itself are in otlp.test.ts.

import { once } from 'node:events';
import { createServer as createHttp1 } from 'node:http';
import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createTcp, type Server } from 'node:net';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { GrpcFailure } from '../../runtime/export/grpc-status.js';
import { GrpcTransport } from '../../runtime/export/otlp-grpc.js';

const cleanups: (() => void)[] = [];
test.after.each(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

const LIMIT_MS = 30_000;
const BODY = Buffer.from('a batch of spans');

async function portOf(server: Server | Http2Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return (server.address() as { port: number }).port;
}

function transportTo(port: number, gzip = false): GrpcTransport {
  const transport = new GrpcTransport({
    host: '127.0.0.1',
    port,
    headers: { 'x-token': 'abc' },
    gzip,
    userAgent: 'test',
    tls: undefined,
  });
  cleanups.push(() => transport.close());
  return transport;
}

interface Call {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly stream: ServerHttp2Stream;
}

/** A server whose answer to a call is `answer`. */
async function server(answer: (call: Call) => void): Promise<{ port: number; calls: Call[]; sessions: ServerHttp2Session[] }> {
  const calls: Call[] = [];
  const sessions: ServerHttp2Session[] = [];
  const http2 = createServer();
  http2.on('session', (session) => {
    sessions.push(session);
    cleanups.push(() => session.destroy());
  });
  http2.on('stream', async (stream, headers) => {
    stream.on('error', () => {});
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const call = { headers, body: Buffer.concat(chunks), stream };
    calls.push(call);
    answer(call);
  });
  return { port: await portOf(http2), calls, sessions };
}

function framed(body: Buffer, compressed = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(compressed, 0);
  prefix.writeUInt32BE(body.length, 1);
  return Buffer.concat([prefix, body]);
}

/** Headers, a body, and trailers. */
function reply(
  { stream }: Call,
  trailers: Record<string, string>,
  body = framed(Buffer.from('taken')),
  headers: Record<string, string> = {},
): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...headers }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(body);
}

async function failureOf(sent: Promise<Uint8Array>): Promise<GrpcFailure> {
  try {
    await sent;
  } catch (error) {
    assert.instance(error, GrpcFailure);
    return error as GrpcFailure;
  }
  throw new Error('the call succeeded');
}

test('a call is one POST with the message in its frame, the headers that were configured, and a time limit', async () => {
  const { port, calls } = await server((call) => reply(call, { 'grpc-status': '0' }));
  assert.is(Buffer.from(await transportTo(port).send(BODY, LIMIT_MS)).toString(), 'taken');
  const [{ headers, body }] = calls as [Call];
  assert.is(headers[':method'], 'POST');
  assert.is(headers[':path'], '/opentelemetry.proto.collector.trace.v1.TraceService/Export');
  assert.is(headers['content-type'], 'application/grpc');
  assert.is(headers.te, 'trailers');
  assert.is(headers['x-token'], 'abc');
  assert.is(headers['user-agent'], 'test');
  assert.is(headers['grpc-timeout'], `${LIMIT_MS}m`);
  assert.not.ok('grpc-encoding' in headers);
  assert.equal(body, framed(BODY));
});

test('calls share one connection; after the server has said goodbye the next one opens another', async () => {
  const { port, calls, sessions } = await server((call) => reply(call, { 'grpc-status': '0' }));
  const transport = transportTo(port);
  for (let call = 0; call < 3; call++) await transport.send(BODY, LIMIT_MS);
  assert.is(sessions.length, 1);
  const [first] = sessions as [ServerHttp2Session];
  const gone = once(first, 'close');
  first.close();
  await gone;
  await transport.send(BODY, LIMIT_MS);
  assert.is(calls.length, 4);
  assert.is(sessions.length, 2);
});

test('with gzip the message is compressed, and a compressed answer is read', async () => {
  const compressed = gzipSync('taken, in short');
  const { port, calls } = await server((call) =>
    reply(call, { 'grpc-status': '0' }, framed(compressed, 1), { 'grpc-encoding': 'gzip' }),
  );
  const answer = await transportTo(port, true).send(BODY, LIMIT_MS);
  assert.is(Buffer.from(answer).toString(), 'taken, in short');
  assert.is(calls[0]?.headers['grpc-encoding'], 'gzip');
  assert.is(calls[0]?.body.readUInt8(0), 1);
  assert.not.ok(calls[0]?.body.includes(BODY));
});

for (const [what, body, headers] of [
  ['none', Buffer.alloc(0), {}],
  ['one that breaks off', Buffer.from([0, 0]), {}],
  ['one in an unknown encoding', framed(Buffer.from('x'), 1), { 'grpc-encoding': 'zstd' }],
  ['one that is not gzip', framed(Buffer.from('x'), 1), { 'grpc-encoding': 'gzip' }],
  ['a bomb', framed(gzipSync(Buffer.alloc(16 * 1024 * 1024)), 1), { 'grpc-encoding': 'gzip' }],
  ['one beyond any size that a remark has', framed(Buffer.alloc(8 * 1024 * 1024)), {}],
] as const) {
  test(`a success is a success whatever message comes with it: ${what}`, async () => {
    const { port } = await server((call) => reply(call, { 'grpc-status': '0' }, body, headers));
    assert.is((await transportTo(port).send(BODY, LIMIT_MS)).length, 0);
  });
}

test('a status in the trailers, and one without anything before it; its message is decoded, or shown as it is', async () => {
  for (const [message, shown] of [
    ['too%20much%3A%20100%25', 'too much: 100%'],
    ['100% full', '100% full'],
    ['', 'the server gives no reason'],
  ] as const) {
    const trailers = { 'grpc-status': '8', 'grpc-message': message };
    const late = await server((call) => reply(call, trailers));
    const only = await server(({ stream }) => stream.respond({ ':status': 200, ...trailers }, { endStream: true }));
    for (const { port } of [late, only]) {
      const failure = await failureOf(transportTo(port).send(BODY, LIMIT_MS));
      assert.is(failure.code, 8);
      assert.is(failure.message, shown);
      assert.is(failure.retryAfterMillis, undefined);
    }
  }
});

for (const [sent, code] of [
  ['17', 2],
  ['-1', 2],
  ['abc', 2],
  ['', 2],
  ['0x0', 2],
  ['0', undefined],
  ['16', 16],
] as const) {
  test(`grpc-status "${sent}" is ${code ?? 'success'}`, async () => {
    const { port } = await server((call) => reply(call, { 'grpc-status': sent }));
    if (code === undefined) await transportTo(port).send(BODY, LIMIT_MS);
    else assert.is((await failureOf(transportTo(port).send(BODY, LIMIT_MS))).code, code);
  });
}

for (const [status, code] of [
  [400, 13],
  [401, 16],
  [403, 7],
  [404, 12],
  [429, 14],
  [502, 14],
  [503, 14],
  [504, 14],
  [200, 2],
  [500, 2],
] as const) {
  test(`HTTP status ${status} of a server or proxy that does not speak gRPC is ${code}`, async () => {
    const { port } = await server(({ stream }) => {
      stream.respond({ ':status': status, 'content-type': 'text/html' });
      stream.end('<p>no</p>');
    });
    const failure = await failureOf(transportTo(port).send(BODY, LIMIT_MS));
    assert.is(failure.code, code);
  });
}

for (const [name, code] of [
  ['REFUSED_STREAM', 14],
  ['ENHANCE_YOUR_CALM', 8],
  ['INADEQUATE_SECURITY', 7],
  ['INTERNAL_ERROR', 13],
  ['PROTOCOL_ERROR', 13],
  ['FLOW_CONTROL_ERROR', 13],
] as const) {
  test(`a stream that the server resets with ${name} is ${code}`, async () => {
    const { port } = await server(({ stream }) => stream.close(constants[`NGHTTP2_${name}`]));
    assert.is((await failureOf(transportTo(port).send(BODY, LIMIT_MS))).code, code);
  });
}

test('an answer counts as soon as it is whole, also of a server that reads no further', async () => {
  const http2 = createServer();
  http2.on('session', (session) => cleanups.push(() => session.destroy()));
  let cancelled: (code: number) => void = () => {};
  const rest = new Promise<number>((resolve) => {
    cancelled = resolve;
  });
  http2.on('stream', (stream) => {
    stream.on('error', () => {}).on('close', () => cancelled(stream.rstCode));
    stream.pause(); // otherwise Node's server resets it, and the call would end by that
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '8', 'grpc-message': 'too large' },
      { endStream: true },
    );
  });
  const failure = await failureOf(transportTo(await portOf(http2)).send(Buffer.alloc(16 * 1024 * 1024), LIMIT_MS));
  assert.is(failure.code, 8);
  assert.is(failure.message, 'too large');
  assert.is(await rest, constants.NGHTTP2_CANCEL);
});

test('a call that a server leaves out as it goes away is UNAVAILABLE at once; one that it has taken is still answered', async () => {
  const leaves = await server((call) => {
    if (leaves.calls.length === 1) reply(call, { 'grpc-status': '0' });
    else call.stream.session?.goaway(constants.NGHTTP2_NO_ERROR, 1);
  });
  const transport = transportTo(leaves.port);
  await transport.send(BODY, LIMIT_MS);
  const failure = await failureOf(transport.send(BODY, LIMIT_MS));
  assert.is(failure.code, 14);
  const answers = await server((call) => {
    call.stream.session?.goaway(constants.NGHTTP2_NO_ERROR, call.stream.id);
    setImmediate(() => reply(call, { 'grpc-status': '0' }));
  });
  assert.is(Buffer.from(await transportTo(answers.port).send(BODY, LIMIT_MS)).toString(), 'taken');
});

test('what is no answer at all is UNAVAILABLE: refused, broken off, closed, HTTP/1, not HTTP', async () => {
  const closed = createTcp();
  const refused = await portOf(closed);
  closed.close();
  const { port: brokenOff } = await server(({ stream }) => stream.session?.destroy());
  const http1 = await portOf(createHttp1((_, response) => response.end('no')));
  const hangsUp = await portOf(createTcp((socket) => void socket.on('error', () => {}).end()));
  const resets = await portOf(createTcp((socket) => void socket.on('error', () => {}).resetAndDestroy()));
  const babbles = await portOf(createTcp((socket) => void socket.on('error', () => {}).end('SSH-2.0-OpenSSH\r\n')));
  for (const port of [refused, brokenOff, http1, hangsUp, resets, babbles]) {
    const failure = await failureOf(transportTo(port).send(BODY, LIMIT_MS));
    assert.is(failure.code, 14, failure.message);
    assert.ok(failure.message.length > 0);
  }
});

test('no answer within the limit is DEADLINE_EXCEEDED, and the server hears that the call is given up', async () => {
  let given: (code: number) => void = () => {};
  const givenUp = new Promise<number>((resolve) => {
    given = resolve;
  });
  const { port } = await server(({ stream }) => stream.on('close', () => given(stream.rstCode)));
  const failure = await failureOf(transportTo(port).send(BODY, 300));
  assert.is(failure.code, 4);
  assert.match(failure.message, /300 ms/);
  assert.is.not(await givenUp, constants.NGHTTP2_NO_ERROR);
});

test('a transport that closes ends its calls at once as CANCELLED, and can be used again', async () => {
  let answering = false;
  const { port, calls } = await server((call) => {
    if (answering) reply(call, { 'grpc-status': '0' });
  });
  const transport = transportTo(port);
  const under = failureOf(transport.send(BODY, LIMIT_MS));
  while (calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  transport.close();
  assert.is((await under).code, 1);
  answering = true;
  await transport.send(BODY, LIMIT_MS);
});

test('a batch of 32 MB goes through flow control as a whole', async () => {
  const { port, calls } = await server((call) => reply(call, { 'grpc-status': '0' }));
  const large = Buffer.alloc(32 * 1024 * 1024, 7);
  await transportTo(port).send(large, LIMIT_MS);
  assert.is(calls[0]?.body.length, large.length + 5);
  assert.ok(calls[0]?.body.subarray(5).equals(large));
});

test.run();
