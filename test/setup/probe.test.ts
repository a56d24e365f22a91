// The probe against real servers on loopback: every way in which an endpoint can be wrong has its own finding and message.

import { execFile } from 'node:child_process';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer as createTcp, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTls } from 'node:tls';
import { promisify } from 'node:util';
import { ServerCredentials } from '@grpc/grpc-js';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkEndpoint, type Endpoint } from '../../runtime/export/endpoint.js';
import { type Finding, type ProbeOptions, probe } from '../../runtime/export/probe.js';
import { makeCertificates } from './certificates.js';
import { Collector } from './collector.js';

const ROOT = join(__dirname, '../..');
const run = promisify(execFile);
const files = makeCertificates();
const tls = { cert: files.read('server', 'crt'), key: files.read('server', 'key') };
const ca = files.read('ca', 'crt');
const opened: { close(): void }[] = [];
test.after(() => {
  for (const server of opened) server.close();
  files.remove();
});

function endpoint(url: string, protocol: Endpoint['protocol'] = 'grpc'): Endpoint {
  const check = checkEndpoint(url, protocol);
  if (!check.ok) throw new Error(check.message);
  return check.endpoint;
}

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  opened.push({
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}

async function collector(credentials?: ServerCredentials): Promise<number> {
  const running = await new Collector().start(0, credentials);
  opened.push({ close: () => running.stop() });
  return running.port;
}

async function expect(target: Endpoint, finding: Finding, says: RegExp, options: ProbeOptions = {}): Promise<void> {
  const result = await probe(target, { timeout: 10_000, ...options });
  assert.is(result.finding, finding, result.message);
  assert.match(result.message, says);
}

const TLS_SERVER = ServerCredentials.createSsl(null, [{ cert_chain: tls.cert, private_key: tls.key }]);
const MUTUAL = ServerCredentials.createSsl(ca, [{ cert_chain: tls.cert, private_key: tls.key }], true);

test('a gRPC server is reachable in plaintext', async () => {
  await expect(endpoint(`http://127.0.0.1:${await collector()}`), 'reachable', /answers as expected/u);
});

test('a gRPC server with TLS is reachable with its authority, and over plaintext is reported to expect TLS', async () => {
  const port = await collector(TLS_SERVER);
  await expect(endpoint(`https://127.0.0.1:${port}`), 'reachable', /answers/u, { certificates: { ca } });
  await expect(endpoint(`https://localhost:${port}`), 'reachable', /answers/u, { certificates: { ca } });
  await expect(
    endpoint(`http://127.0.0.1:${port}`),
    'tls',
    new RegExp(`expects TLS; write https://127\\.0\\.0\\.1:${port}$`, 'u'),
  );
});

test('an untrusted certificate is reported, with the key that names the authority', async () => {
  const port = await collector(TLS_SERVER);
  await expect(
    endpoint(`https://127.0.0.1:${port}`),
    'certificate',
    /is not accepted \([A-Z_]+\); name the certificates to trust in otlp_certificate/u,
  );
});

test('a server that requires a client certificate accepts one, and its absence is reported', async () => {
  const port = await collector(MUTUAL);
  const certificates = { ca, cert: files.read('client', 'crt'), key: files.read('client', 'key') };
  await expect(endpoint(`https://127.0.0.1:${port}`), 'reachable', /answers/u, { certificates });
  await expect(endpoint(`https://127.0.0.1:${port}`), 'client-certificate', /demands a client certificate/u, {
    certificates: { ca },
  });
});

test('a plaintext port under https:// is reported, with the URL to write', async () => {
  const port = await collector();
  await expect(
    endpoint(`https://127.0.0.1:${port}`),
    'plaintext',
    new RegExp(`does not speak TLS; write http://127\\.0\\.0\\.1:${port}`, 'u'),
  );
});

test('behind a TLS handshake the probe speaks the protocol that was chosen in it', async () => {
  for (const [protocol, word] of [
    ['grpc', 'PRI * HTTP/2.0'],
    ['http/protobuf', 'HEAD / HTTP/1.1'],
  ] as const) {
    const heard: string[] = [];
    const server = createTls({ ...tls, ALPNProtocols: ['h2', 'http/1.1'] }, (socket) => {
      socket.once('data', (chunk) => {
        heard.push(String(chunk));
        socket.end('x');
      });
    });
    await expect(endpoint(`https://127.0.0.1:${await listen(server)}`, protocol), 'reachable', /answers/u, {
      certificates: { ca },
    });
    assert.ok(heard[0]?.startsWith(word), heard[0]);
  }
});

test('an HTTP/1 server under gRPC is reported as one, plain and with TLS; under OTLP over HTTP it is right', async () => {
  const plain = await listen(createHttp((_request, response) => response.end()));
  await expect(endpoint(`http://127.0.0.1:${plain}`), 'http1', /is an HTTP\/1 server, not gRPC; .*4317/u);
  await expect(endpoint(`http://127.0.0.1:${plain}`, 'http/protobuf'), 'reachable', /answers/u);
  const secure = await listen(createHttps(tls, (_request, response) => response.end()));
  await expect(endpoint(`https://127.0.0.1:${secure}`), 'http1', /is an HTTP\/1 server/u, { certificates: { ca } });
  await expect(endpoint(`https://127.0.0.1:${secure}`, 'http/protobuf'), 'reachable', /answers/u, { certificates: { ca } });
});

test('a port where nothing listens is refused; without a written port the message says which was used', async () => {
  const server = createTcp();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  await expect(
    endpoint(`http://127.0.0.1:${port}`),
    'refused',
    /nothing listens at 127\.0\.0\.1:\d+ \(connection refused\); start the Collector/u,
  );
  await expect(endpoint(`https://127.0.0.1:${port}`), 'refused', /nothing listens/u);
  const unwritten = { ...endpoint('http://127.0.0.1'), port };
  await expect(unwritten, 'refused', /it names no port, so \d+ was used; Collectors listen on 4317/u);
});

test('a name that does not exist is reported as unresolvable', async () => {
  await expect(
    endpoint('http://no-such-host.invalid:4317'),
    'unresolvable',
    /the name no-such-host\.invalid cannot be resolved \([A-Z_]+\)/u,
  );
});

test('a server that does not answer is reported as silent, and another protocol is shown', async () => {
  const silent = await listen(createTcp(() => {}));
  await expect(endpoint(`http://127.0.0.1:${silent}`), 'silent', /accepts connections but does not answer/u, { timeout: 1000 });
  await expect(endpoint(`https://127.0.0.1:${silent}`), 'silent', /does not answer/u, { timeout: 1000 });
  const smtp = await listen(createTcp((socket) => socket.on('error', () => {}).write('220 mail ESMTP\r\n')));
  await expect(endpoint(`http://127.0.0.1:${smtp}`), 'other', /speaks neither gRPC nor HTTP \(it answered "220 mail ESMTP/u);
});

test('of a TLS alert the first two bytes are recognized, and neither alone', async () => {
  for (const [bytes, finding] of [
    [[0x15, 0x03, 0x03], 'tls'],
    [[0x15, 0x02, 0x03], 'other'],
    [[0x16, 0x03, 0x03], 'other'],
  ] as const) {
    const port = await listen(createTcp((socket) => socket.on('error', () => {}).write(Uint8Array.from(bytes))));
    assert.is((await probe(endpoint(`http://127.0.0.1:${port}`), { timeout: 10_000 })).finding, finding, bytes.join());
  }
});

for (const scheme of ['http', 'https'])
  test(`in the background a probe of a silent ${scheme} server holds no process`, async () => {
    const port = await listen(createTcp(() => {}));
    const probing = `
      const { checkEndpoint } = require('./runtime/export/endpoint.ts');
      const { probe } = require('./runtime/export/probe.ts');
      const { endpoint } = checkEndpoint('${scheme}://127.0.0.1:${port}', 'grpc');
      void probe(endpoint, { timeout: 60_000, background: true });
      setTimeout(() => console.log('the last work'), 100);`;
    const { stdout, stderr } = await run(process.execPath, ['--require', 'tsx/cjs', '-e', probing], {
      cwd: ROOT,
      timeout: 30_000,
    });
    assert.equal([stdout, stderr], ['the last work\n', '']);
  });

test('a server that closes every connection ends the probe', async () => {
  const port = await listen(createTcp((socket) => socket.on('error', () => {}).destroy()));
  const { finding } = await probe(endpoint(`http://127.0.0.1:${port}`), { timeout: 10_000 });
  assert.is(finding, 'other');
});

test.run();
