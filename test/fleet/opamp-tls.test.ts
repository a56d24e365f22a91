// OpAMP over TLS, by HTTPS and by WebSocket: a server with a certificate of the configured authority switches tracing, and one that is not
// trusted, or that demands a certificate of the service, does not.

import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startTracing, type Tracing, type TracingOptions } from '../../runtime/index.js';
import { until } from '../real/support/program.js';
import { makeCertificates } from '../setup/certificates.js';
import { OPAMP_SERVER, OpampServer } from './opamp-server.js';

const all = OPAMP_SERVER === undefined ? test.skip : test;
const files = makeCertificates();
const trusted: TracingOptions = { opampCertificate: files.path('ca', 'crt') };
const identified: TracingOptions = {
  ...trusted,
  opampClientCertificate: files.path('client', 'crt'),
  opampClientKey: files.path('client', 'key'),
};

const NOT_ACCEPTED =
  /SPW022 .*the certificate of the server is not accepted \(\w+\); name the certificates to trust in opamp_certificate/;
const UNTRUSTED: readonly [what: string, options: TracingOptions, reason: RegExp][] = [
  ['no authority configured', {}, NOT_ACCEPTED],
  ['another authority', { opampCertificate: files.path('elsewhere', 'crt') }, NOT_ACCEPTED],
  [
    'a file without certificates',
    { opampCertificate: files.path('ca', 'key') },
    /SPW022 .*opamp_certificate: the file \S+ca\.key cannot be used/,
  ],
];

let server: OpampServer;
let tracing: Tracing | undefined;
let lines: string[] = [];

/** @param more arguments of the server */
async function startServer(...more: readonly string[]): Promise<void> {
  server = await OpampServer.start('-certificate', files.path('server', 'crt'), '-key', files.path('server', 'key'), ...more);
  await server.configure({ enabled: { enabled: true, for: '5m' } });
}

async function start(scheme: 'https' | 'wss', options: TracingOptions): Promise<Tracing> {
  lines = [];
  tracing = await startTracing({
    serviceName: 'fleet-test',
    exporter: new InMemorySpanExporter(),
    opampEndpoint: server.url(scheme),
    opampInterval: 200,
    logger: ({ message }) => void lines.push(message),
    ...options,
  });
  return tracing;
}

/** Holds a connection to fail with a reason, and to switch nothing. */
async function refused(scheme: 'https' | 'wss', options: TracingOptions, reason: RegExp): Promise<void> {
  const service = await start(scheme, options);
  await until(() => lines.some((line) => reason.test(line)), `${reason} is logged`, 20_000).catch(() => {});
  assert.match(lines.join('\n'), reason);
  assert.is(service.enabled, false);
  assert.equal(await server.agents(), []);
  await service.shutdown();
}

test.after.each(async () => {
  await tracing?.shutdown();
  tracing = undefined;
  await server.program.stop();
});
test.after(() => files.remove());

for (const scheme of ['https', 'wss'] as const) {
  all(`a server with a certificate of opamp_certificate switches tracing (${scheme})`, async () => {
    await startServer();
    const service = await start(scheme, trusted);
    await until(() => service.enabled, 'tracing is on', 20_000);
    assert.is((await server.until(({ status }) => status !== '')).status, 'RemoteConfigStatuses_APPLIED');
    assert.equal(
      lines.filter((line) => line.includes('SPW022')),
      [],
    );
  });

  for (const [what, options, reason] of UNTRUSTED)
    all(`${what}: the cause is logged, and nothing is switched (${scheme})`, async () => {
      await startServer();
      await refused(scheme, options, reason);
    });

  all(`mutual TLS needs opamp_client_certificate and opamp_client_key (${scheme})`, async () => {
    await startServer('-client-ca', files.path('ca', 'crt'));
    await refused(scheme, trusted, /SPW022 /);
    const service = await start(scheme, identified);
    await until(() => service.enabled, 'tracing is on', 20_000);
  });
}

test.run();
