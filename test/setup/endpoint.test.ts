// The text of an endpoint: what is accepted and in which normal form, and the error of each mistake.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkEndpoint } from '../../runtime/export/endpoint.js';

type Protocol = 'grpc' | 'http/protobuf';

const GOOD: [text: string, protocol: Protocol, url: string, host: string, port: number, tls: boolean][] = [
  ['http://collector:4317', 'grpc', 'http://collector:4317', 'collector', 4317, false],
  ['  HTTP://Collector:4317/ ', 'grpc', 'http://collector:4317', 'collector', 4317, false],
  ['https://collector.example:4317', 'grpc', 'https://collector.example:4317', 'collector.example', 4317, true],
  ['https://api.example', 'grpc', 'https://api.example:443', 'api.example', 443, true],
  ['http://collector', 'grpc', 'http://collector:80', 'collector', 80, false],
  ['http://[::1]:4317', 'grpc', 'http://[::1]:4317', '::1', 4317, false],
  ['http://127.0.0.1:43180', 'grpc', 'http://127.0.0.1:43180', '127.0.0.1', 43180, false],
  ['http://c:4318', 'http/protobuf', 'http://c:4318/v1/traces', 'c', 4318, false],
  ['http://c:4318/custom', 'http/protobuf', 'http://c:4318/custom', 'c', 4318, false],
  ['http://c:4318/custom///', 'http/protobuf', 'http://c:4318/custom', 'c', 4318, false],
  ['http://c:80', 'grpc', 'http://c:80', 'c', 80, false],
];

const BAD: [text: string, protocol: Protocol, says: RegExp][] = [
  [
    'collector:4317',
    'grpc',
    /^otlp_endpoint "collector:4317" has no scheme: write "http:\/\/collector:4317" for plaintext or "https:\/\/collector:4317" for TLS\.$/u,
  ],
  ['collector', 'grpc', /has no scheme: write "http:\/\/collector:4317"/u],
  ['localhost', 'http/protobuf', /has no scheme: write "http:\/\/localhost:4318"/u],
  ['//collector:4317', 'grpc', /has no scheme: write "http:\/\/collector:4317"/u],
  [
    'http://collector:4318',
    'grpc',
    /has port 4318, which is the port of OTLP\/HTTP, but the protocol is OTLP\/gRPC: use port 4317, or set otlp_protocol = "http\/protobuf"\.$/u,
  ],
  [
    'http://collector:4317',
    'http/protobuf',
    /has port 4317, which is the port of OTLP\/gRPC, but the protocol is OTLP\/HTTP: use port 4318, or set otlp_protocol = "grpc"\.$/u,
  ],
  [
    'grpc://collector:4317',
    'grpc',
    /has the scheme "grpc:\/\/", which is not supported: write "http:\/\/" for plaintext or "https:\/\/" for TLS\.$/u,
  ],
  ['unix:///var/run/otel.sock', 'grpc', /is not a TCP address, and no other is supported: write "http:\/\/host:4317"/u],
  ['unix:/var/run/otel.sock', 'grpc', /is not a TCP address/u],
  ['xds:///collector', 'grpc', /is not a TCP address/u],
  ['dns:collector:4317', 'grpc', /write "http:\/\/collector:4317" for plaintext/u],
  ['dns:///collector:4317', 'grpc', /write "http:\/\/collector:4317" for plaintext/u],
  ['ipv4:127.0.0.1:4317', 'grpc', /write "http:\/\/127\.0\.0\.1:4317" for plaintext/u],
  ['ipv6:[::1]:4317', 'grpc', /write "http:\/\/\[::1\]:4317" for plaintext/u],
  ['http:collector:4317', 'grpc', /has no scheme: write "http:\/\/collector:4317" for plaintext/u],
  ['"http://collector:4317"', 'grpc', /is in quotes, which are part of the value: leave them out/u],
  [
    'http://collector:4317/v1/traces',
    'grpc',
    /has the path "\/v1\/traces", but OTLP\/gRPC takes none: write "http:\/\/collector:4317"\.$/u,
  ],
  ['http://collector:4317?a=b', 'grpc', /has a query or a fragment: write only "http:\/\/collector:4317"\.$/u],
  [
    'http://user:hunter2@collector:4317',
    'grpc',
    /^otlp_endpoint "http:\/\/\*\*\*@collector:4317" holds a user name or password: .*otlp_headers/u,
  ],
  ['user:hunter2@collector:4317', 'grpc', /has no scheme/u],
  ['http://collector:99999', 'grpc', /is not a valid URL: write "http:\/\/host:4317", with a port from 1 to 65535\.$/u],
  ['http://collector:0', 'grpc', /has port 0/u],
  ['http://', 'grpc', /is not a valid URL/u],
  ['http://collector:4317#part', 'grpc', /has a query or a fragment/u],
  ['http://user@collector:4317', 'grpc', /holds a user name or password/u],
  ['http://:secret@collector:4317', 'grpc', /holds a user name or password/u],
  ['http://collector:0', 'http/protobuf', /has port 0: write the port of the Collector, for OTLP\/HTTP usually 4318\.$/u],
  ['', 'grpc', /has no scheme: write "http:\/\/host:4317"/u],
  [`http://collector:4317/${'x'.repeat(300)}`, 'grpc', /^otlp_endpoint "http:\/\/collector:4317\/x{178}" has the path/u],
  ['http://col lector:4317', 'grpc', /is not a valid URL/u],
  ['http://collector\n:4317', 'grpc', /is not a valid URL/u],
];

test('good endpoints are accepted in one normal form', () => {
  for (const [text, protocol, url, host, port, tls] of GOOD) {
    const check = checkEndpoint(text, protocol);
    if (!check.ok) throw new Error(check.message);
    const { endpoint } = check;
    assert.equal([endpoint.url, endpoint.host, endpoint.port, endpoint.tls], [url, host, port, tls], text);
    assert.is(endpoint.portWritten, /:\d/u.test(text), text);
    const inUrl = host.includes(':') ? `[${host}]` : host;
    assert.equal([endpoint.target, endpoint.protocol], [`${inUrl}:${port}`, protocol], text);
    assert.ok(Object.isFrozen(endpoint));
  }
});

test('the error of each mistake names the mistake and the correction', () => {
  for (const [text, protocol, says] of BAD) {
    const check = checkEndpoint(text, protocol);
    if (check.ok) throw new Error(`accepted: ${text}`);
    assert.match(check.message, says);
  }
});

test('no error about an endpoint repeats its password', () => {
  for (const text of [
    'http://user:hunter2@collector:4317',
    'user:hunter2@collector:4317',
    'http://user:hunter2@collector:99999',
    'ftp://user:hunter2@c',
    'http://user:a/hunter2#@c:4317',
  ]) {
    const check = checkEndpoint(text);
    if (check.ok) throw new Error(`accepted: ${text}`);
    assert.not.match(check.message, /hunter2/u);
  }
});

test('without a scheme a gRPC address is plaintext or TLS as `insecure` says; addresses with a scheme and HTTP are unaffected', () => {
  const url = (text: string, insecure: boolean | null, protocol: Protocol = 'grpc'): string => {
    const check = checkEndpoint(text, protocol, { insecure });
    return check.ok ? check.endpoint.url : check.message;
  };
  for (const [text, target] of [
    ['collector:4317', 'collector:4317'],
    ['collector', 'collector:4317'],
    ['dns:///collector:4317', 'collector:4317'],
    ['ipv4:127.0.0.1:4317', '127.0.0.1:4317'],
    ['ipv6:[::1]:4317', '[::1]:4317'],
    ['//collector:4317', 'collector:4317'],
  ] as const) {
    assert.is(url(text, true), `http://${target}`);
    assert.is(url(text, false), `https://${target}`);
    assert.match(url(text, null), /has no scheme/u);
  }
  assert.is(url('https://collector:4317', true), 'https://collector:4317');
  assert.is(url('http://collector:4317', false), 'http://collector:4317');
  assert.match(url('collector:4318', true, 'http/protobuf'), /has no scheme/u);
  assert.match(url('unix:/run/otel.sock', true), /is not a TCP address/u);
  assert.match(url('collector:4318', true), /has port 4318/u);
  assert.match(url('"collector:4317"', true), /is in quotes/u);
  assert.match(url('', true), /has no scheme/u);
  assert.match(url('http:collector:4317', false), /^https:\/\/collector:4317$/u);
});

test('the generic endpoint gets the path of traces appended over HTTP, and only there', () => {
  const http = checkEndpoint('https://c.example/base/', 'http/protobuf', { generic: true });
  assert.is(http.ok && http.endpoint.url, 'https://c.example:443/base/v1/traces');
  const root = checkEndpoint('http://c', 'http/protobuf', { generic: true });
  assert.is(root.ok && root.endpoint.url, 'http://c:80/v1/traces');
  const own = checkEndpoint('http://c/base', 'http/protobuf');
  assert.is(own.ok && own.endpoint.url, 'http://c:80/base');
  const grpc = checkEndpoint('http://c:4317', 'grpc', { generic: true });
  assert.is(grpc.ok && grpc.endpoint.url, 'http://c:4317');
});

test.run();
