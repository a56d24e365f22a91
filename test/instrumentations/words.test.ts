// Spans of instrumented libraries, by tables: commands of Redis without their arguments, URLs without secrets, names of
// RabbitMQ and gRPC, rows in results, and addresses that are ones.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { codeIn } from '../../runtime/instrumentations/ending.js';
import { grpcAttributes, grpcLater, grpcName } from '../../runtime/instrumentations/grpc.js';
import { httpAttributes, withoutSecrets } from '../../runtime/instrumentations/http.js';
import { messagingAttributes, messagingName } from '../../runtime/instrumentations/messaging.js';
import { POSTGRES_CODE, REDIS_CODE } from '../../runtime/instrumentations/packages.js';
import { peerOf, peerOfTarget } from '../../runtime/instrumentations/peer.js';
import { commandText } from '../../runtime/instrumentations/redis.js';
import { rowsIn, rowsInAll } from '../../runtime/instrumentations/sql.js';

test('a command of Redis shows how many arguments it has, and none of them', () => {
  const rows: [unknown, unknown, string][] = [
    ['get', ['session:secret'], 'GET ?'],
    ['SET', ['key', 'secret', 'EX', '10'], 'SET ? ? ? ?'],
    ['config', ['get', 'requirepass'], 'CONFIG GET ?'],
    ['XGROUP', ['CREATE', 'stream', 'group', '$'], 'XGROUP CREATE ? ? ?'],
    ['client', [Buffer.from('setname'), 'x'], 'CLIENT SETNAME ?'],
    ['ACL', ['secret word', 'x'], 'ACL ? ?'],
    ['MSET', Array.from({ length: 200 }, () => 'secret'), 'MSET ? ? ? ? ? ? ? ? ...'],
    ['PING', [], 'PING'],
    ['PING', undefined, 'PING'],
  ];
  for (const [command, args, text] of rows) assert.is(commandText(command, args), text);
});

test('secret values of a query are left out in any encoding, and the others stay', () => {
  const rows: [string, string][] = [
    ['page=2&sort=name', 'page=2&sort=name'],
    ['token=a&page=2', 'token=REDACTED&page=2'],
    ['access_token=a=b&x', 'access_token=REDACTED&x'],
    ['%74oken=a', '%74oken=REDACTED'],
    ['X-Goog-Signature=a&sig=b&AWSAccessKeyId=c', 'X-Goog-Signature=REDACTED&sig=REDACTED&AWSAccessKeyId=REDACTED'],
    ['author=1&authorization=2&oauth=3', 'author=1&authorization=REDACTED&oauth=REDACTED'],
    ['code=1&state=2&key=3&keyboard=4&design=5', 'code=REDACTED&state=2&key=REDACTED&keyboard=4&design=5'],
    ['%zz=1&password=', '%zz=1&password=REDACTED'],
    ['x'.repeat(10_000), 'REDACTED'],
    ['', ''],
  ];
  for (const [query, expected] of rows) assert.is(withoutSecrets(query), expected);
  assert.equal(
    httpAttributes({
      'url.full': 'https://x/a?token=1#b',
      'url.query': '?token=1',
      'http.request.method': 'GET',
      'http.request.method_original': 'GET',
    }),
    { 'url.full': 'https://x/a?token=REDACTED#b', 'url.query': 'token=REDACTED', 'http.request.method': 'GET' },
  );
  assert.equal(
    httpAttributes({
      'url.full': 'https://x/a',
      'url.query': '',
      'http.request.method': '_OTHER',
      'http.request.method_original': 'X',
    }),
    { 'url.full': 'https://x/a', 'http.request.method': '_OTHER', 'http.request.method_original': 'X' },
  );
});

test('a message is named after the exchange or the queue, and names that the broker made up are not in it', () => {
  const of = (exchange: string, key: string) => ({ 'messaging.destination': exchange, 'messaging.rabbitmq.routing_key': key });
  const rows: [string, string, string, string, string | undefined, boolean | undefined][] = [
    ['publish <default>', '', 'jobs', 'publish jobs', 'jobs', undefined],
    ['publish events', 'events', 'a.b', 'publish events', 'events:a.b', undefined],
    ['publish events', 'events', '', 'publish events', 'events', undefined],
    ['publish <default>', '', 'amq.gen-x', 'publish (anonymous)', 'amq.gen-x', true],
    ['publish <default>', '', '', 'publish amq.default', undefined, undefined],
    ['jobs process', '', 'jobs', 'process jobs', 'jobs', undefined],
    ['jobs process', 'events', 'a.b', 'process jobs', 'events:a.b:jobs', undefined],
    ['amq.gen-x process', 'events', 'a', 'process (anonymous)', 'events:a:amq.gen-x', true],
    ['two words process', '', 'two words', 'process two words', 'two words', undefined],
  ];
  for (const [name, exchange, key, expected, destination, anonymous] of rows) {
    assert.is(messagingName(name, of(exchange, key)), expected);
    const attributes = messagingAttributes(of(exchange, key), name);
    assert.is(attributes['messaging.destination.name'], destination);
    assert.is(attributes['messaging.destination.anonymous'], anonymous);
    assert.is(attributes['messaging.operation.type'], name.startsWith('publish') ? 'send' : 'process');
    assert.not.ok('messaging.destination' in attributes);
  }
});

test('a call of gRPC is named after its method, and its status is a word', () => {
  assert.is(grpcName('grpc.fleet.Power/Restart'), 'fleet.Power/Restart');
  assert.equal(grpcAttributes({}, 'grpc.fleet.Power/Restart'), {
    'rpc.system.name': 'grpc',
    'rpc.method': 'fleet.Power/Restart',
  });
  const set: Record<string, unknown> = {};
  const span = {
    setAttribute: (key: string, value: string) => {
      set[key] = value;
    },
  };
  assert.equal(grpcLater('rpc.grpc.status_code', 0, span), ['rpc.status_code', 'OK']);
  assert.equal(set, {});
  assert.equal(grpcLater('rpc.grpc.status_code', 14, span), ['rpc.status_code', 'UNAVAILABLE']);
  assert.equal(set, { 'error.type': 'UNAVAILABLE' });
  assert.equal(grpcLater('rpc.grpc.status_code', 99, span), ['rpc.status_code', '99']);
  assert.is(grpcLater('server.port', Number.NaN, span), undefined);
  assert.is(grpcLater('rpc.service', 'fleet.Power', span), undefined);
  assert.equal(grpcLater('rpc.request.metadata.x', ['1'], span), ['rpc.request.metadata.x', ['1']]);
});

test('only addresses are taken for the other end of a socket', () => {
  const of = (address: string, port?: number) => ({
    'network.peer.address': address,
    ...(port === undefined ? {} : { 'network.peer.port': port }),
  });
  assert.equal(peerOf({ remoteAddress: '::1', remotePort: 5432 }), of('::1', 5432));
  assert.equal(peerOf({ remoteAddress: '10.0.0.1' }), of('10.0.0.1'));
  for (const socket of [
    undefined,
    null,
    7,
    {},
    { remoteAddress: undefined },
    { remoteAddress: '/var/run/x' },
    { remoteAddress: 'localhost' },
  ])
    assert.is(peerOf(socket), undefined);
  const targets: [unknown, object | undefined][] = [
    ['127.0.0.1:50051', of('127.0.0.1', 50051)],
    ['ipv4:10.0.0.1:1', of('10.0.0.1', 1)],
    ['[::1]:50051', of('::1', 50051)],
    ['ipv6:[fe80::1]:7', of('fe80::1', 7)],
    ['dns:localhost:50051', undefined],
    ['unix:/run/x', undefined],
    ['unknown', undefined],
    ['', undefined],
    [undefined, undefined],
    [`${'1'.repeat(200)}:1`, undefined],
  ];
  for (const [target, expected] of targets) assert.equal(peerOfTarget(target), expected, String(target));
});

test('rows are counted in the results of every client', () => {
  const rows: [unknown, number, number][] = [
    [[{ id: 1 }, { id: 2 }], 2, 0],
    [[{ changes: 7, rows: 3 }], 1, 0],
    [{ command: 'SELECT', rows: [1, 2], rowCount: 2 }, 2, 0],
    [{ command: 'UPDATE', rows: [], rowCount: 3 }, 0, 3],
    [{ command: 'INSERT', rows: [1], rowCount: 1 }, 1, 1],
    [{ rows: [], affectedRows: 4 }, 0, 4],
    [{ affectedRows: 5, insertId: 1 }, 0, 5],
    [{ changes: 1, lastInsertRowid: 9n }, 0, 1],
    [{ changes: 2n }, 0, 2],
    [{ command: 'CREATE', rowCount: null, rows: [] }, 0, 0],
    [undefined, 0, 0],
    [null, 0, 0],
    ['text', 0, 0],
  ];
  for (const [result, returned, affected] of rows) assert.equal(rowsIn(result), { returned, affected });
  assert.equal(rowsInAll([[1, 2], { affectedRows: 3 }, null]), { returned: 2, affected: 3 });
  assert.equal(rowsInAll([]), { returned: 0, affected: 0 });
});

const postgresFailure = (exception: unknown) => codeIn(exception, POSTGRES_CODE);
const redisFailure = (exception: unknown) => codeIn(exception, REDIS_CODE);

test('codes of failed queries are those of the server; other exceptions have none', () => {
  assert.equal(postgresFailure("PostgreSQL error of type 'error' occurred (code: 22P02)"), {
    'error.type': '22P02',
    'db.response.status_code': '22P02',
  });
  assert.equal(postgresFailure("PostgreSQL error of type 'Error' occurred (code: ECONNREFUSED)"), {
    'error.type': 'ECONNREFUSED',
  });
  assert.equal(postgresFailure("PostgreSQL error of type 'Error' occurred (code: EPIPE)"), { 'error.type': 'EPIPE' });
  assert.equal(postgresFailure("PostgreSQL error of type 'Error' occurred (code: UNKNOWN)"), {});
  assert.equal(redisFailure(new Error('WRONGTYPE Operation against a key')), {
    'error.type': 'WRONGTYPE',
    'db.response.status_code': 'WRONGTYPE',
  });
  for (const thrown of [new Error('The client is closed'), new Error('secret'), null, undefined, 'ERR x', {}])
    assert.equal(redisFailure(thrown), {});
});

test.run();
