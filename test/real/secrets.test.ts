// A service that meets secrets of every kind, with a real Redis, HTTP and a Collector, and everything that leaves its process: exported
// bytes, output, answers of the hook with and without token, notices, errors of refused settings, dumps, and the store of the viewer.
// limit: 240 s

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RedisServer, WITHOUT_REDIS } from '../control/redis-server.js';
import { NODE24 } from '../hosts/conformance/suite.js';
import { mustSkip } from '../missing.js';
import { findPart } from './support/program.js';

const ROOT = join(__dirname, '../..');
/** Part of every planted secret, and of nothing else. */
const MARK = 's3cr3t';
const folder = mkdtempSync(join(tmpdir(), 'spanwright-secrets-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const PROGRAM = `
const [collector, redisPort, folder, redact] = process.argv.slice(1);
const MARK = '${MARK}';
process.env.DB_PASSWORD = MARK;
const http = require('node:http');
const { instrument, startTracing } = require('spanwright');
const { startAdminServer } = require('spanwright/admin');
const { context, propagation, trace } = require('@opentelemetry/api');
const token = 'admin-' + MARK + '-of-this-service';
async function main() {
  for (const wrong of [
    { endpoint: 'http://user:' + MARK + '@host:4317', otlpHeaders: { 'bad name': MARK } },
    { otlpClientCertificate: folder + '/key.pem', otlpClientKey: folder + '/key.pem', endpoint: 'https://127.0.0.1:9' },
    { traceHeader: 'x-trace', traceHeaderSecret: MARK },
  ])
    await startTracing({ enabled: true, shutdownTimeout: 200, exportTimeout: 100, ...wrong }).then((it) => it.shutdown(), (error) => console.error(String(error), error.faults));
  const tracing = await startTracing({
    serviceName: 'secrets', endpoint: collector, otlpProtocol: 'http/protobuf', enabled: true, allowCapture: '*',
    flightRecorder: '30s', flightDirectory: folder,
    otlpHeaders: { authorization: 'Bearer ' + MARK }, traceHeader: 'x-trace', traceHeaderSecret: MARK + '-of-sixteen-characters',
    resource: { 'api.token': MARK, zone: 'z' }, instrumentations: { http: { roots: true }, ioredis: {}, pg: {} },
    ...(redact === 'nothing' ? { redact: [] } : {}),
  });
  tracing.setEnabled(true, { for: '1m', capture: 'args, result, this.password, this.deep', when: 'password=' + MARK, reason: 'look' });
  tracing.setEnabled(true, { for: '1m', capture: 'args, result, this.password, this.deep' });
  const admin = await startAdminServer({ tracing, token, port: 0, log: console.error });
  const other = http.createServer((request, response) => response.end()).listen(0, '127.0.0.1');
  await new Promise((done) => other.once('listening', done));
  class Account {
    password = MARK;
    deep = { client_secret: MARK, inner: { privateKey: MARK, shown: 'yes' } };
    open(login, options) {
      const span = trace.getActiveSpan();
      span.setAttribute('http.request.header.authorization', 'Bearer ' + MARK);
      span.addEvent('sent', { cookie: MARK });
      span.addLink({ context: span.spanContext(), attributes: { 'session.id': MARK } });
      console.log(JSON.stringify({ level: 'info', trace: span.spanContext().traceId }));
      return { accessToken: MARK, nested: { apiKey: MARK }, user: login.user };
    }
  }
  Account.prototype.open = instrument({ name: 'open', namespace: 'x', args: ['login', 'options'] }, Account.prototype.open);
  const send = (path, options = {}) => new Promise((done) => require('node:http').get('http://user:' + MARK + '@127.0.0.1:' + other.address().port + path, options, (answer) => answer.resume().on('end', done)).on('error', done));
  await instrument({ name: 'request', namespace: 'x' }, async () => {
    new Account().open({ user: 'ada', password: MARK, card: { creditCard: MARK, cvv: MARK } }, { headers: { Authorization: MARK } });
    await send('/other?api_key=' + MARK + '&token=' + MARK + '&q=yes#' + MARK, { headers: { authorization: 'Bearer ' + MARK, cookie: 'session=' + MARK } });
    const Redis = require('ioredis');
    const redis = new Redis(Number(redisPort), { lazyConnect: true, maxRetriesPerRequest: 0, password: MARK, username: 'default' });
    redis.on('error', () => {});
    await redis.connect().catch(() => {});
    await redis.call('AUTH', MARK).catch(() => {});
    await redis.set('session:' + MARK, MARK).catch(() => {});
    await redis.multi().set('a', MARK).exec().catch(() => {});
    redis.disconnect();
    const { Client } = require('pg');
    const client = new Client({ host: '127.0.0.1', port: 9, user: 'u', password: MARK });
    client.on('error', () => {});
    await client.connect().catch(() => {});
    await client.query("SELECT * FROM users WHERE password = '" + MARK + "' AND pin = $1", [MARK]).catch(() => {});
    await context.with(propagation.setBaggage(context.active(), propagation.createBaggage({ password: { value: MARK } })), async () => instrument({ name: 'in baggage', namespace: 'x' }, () => 1)());
  })();
  try { tracing.setEnabled(true, { when: 'password=' + MARK + '&&' }); } catch (error) { console.error(String(error)); }
  const right = { authorization: 'Bearer ' + token };
  const changes = [
    ['PUT', 'rules', '{"rules":"x=on","password":"' + MARK],
    ['PUT', 'rules', JSON.stringify({ rules: 'x=on', password: MARK })],
    ['PUT', 'rules', JSON.stringify({ rules: 'x=on', for: '1m' })],
    ['PUT', 'drop', JSON.stringify({ drop: 'y', for: '1m' })],
    ['POST', 'dump', JSON.stringify({ reason: 'look' })],
    ...tracing.leases().map(({ id }) => ['DELETE', 'leases/' + id]),
  ];
  for (const [method, path, body] of changes)
    for (const [query, authorization] of [['?token=' + MARK, {}], ['?token=' + MARK, right], ['', right]]) {
      const headers = { 'content-type': 'application/json', ...authorization };
      const answer = await fetch(admin.url + '/' + path + query, { method, headers, body });
      console.log(method, path.split('/')[0], answer.status, JSON.stringify([...answer.headers]), await answer.text());
    }
  for (const path of ['', 'state', 'health', 'sites', 'spans/open', 'errors', 'leases', 'audit', 'metrics', 'namespaces', 'configuration'])
    for (const [query, headers] of [['', {}], ['', right], ['?token=' + MARK, { authorization: 'Bearer wrong-' + MARK }]]) {
      const answer = await fetch(admin.url + (path && '/' + path) + query, { headers });
      console.log('GET', path, answer.status, JSON.stringify([...answer.headers]), await answer.text());
    }
  console.log(JSON.stringify(tracing.state()), JSON.stringify(tracing.openSpans()), JSON.stringify(tracing.recentErrors()));
  await tracing.forceFlush();
  await admin.close();
  await tracing.shutdown();
}
main().then(() => process.exit(), (error) => { console.error('FAULT', error); process.exit(1); });
`;

interface Left {
  readonly exported: Buffer[];
  readonly output: string;
}

async function runService(redis: RedisServer, redact: 'default' | 'nothing'): Promise<Left> {
  const exported: Buffer[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    exported.push(Buffer.concat(chunks));
    response.end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const args = [`http://127.0.0.1:${(server.address() as AddressInfo).port}`, String(redis.port), folder, redact];
  const env = {
    PATH: process.env.PATH,
    OTEL_EXPORTER_OTLP_HEADERS: `x-api-key=%${MARK}`,
    OTEL_RESOURCE_ATTRIBUTES: `token=${MARK},password=%${MARK}`,
    SPANWRIGHT_ADMIN_TOKEN: MARK,
  };
  const child = spawn(process.execPath, ['-e', PROGRAM, ...args], { cwd: ROOT, env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  const status = await new Promise((resolve) => child.once('close', resolve));
  server.close();
  assert.is(status, 0, output);
  return { exported, output };
}

const parts = ['node24/node_modules/.bin/node'].filter((path) => findPart(path) === undefined);
const whole = WITHOUT_REDIS || mustSkip(parts.length > 0 ? ['node24'] : []) ? test.skip : test;

whole('no secret leaves the process in spans, output, answers, errors or the store of the viewer; other values do', async () => {
  writeFileSync(join(folder, 'key.pem'), `-----BEGIN PRIVATE KEY-----\n${MARK}\n-----END PRIVATE KEY-----\n`);
  const redis = await RedisServer.start();
  try {
    const { exported, output } = await runService(redis, 'default');
    const bytes = Buffer.concat(exported).toString('latin1');
    for (const shown of ['REDACTED', 'ada', 'SELECT', 'AUTH', 'in baggage', 'q=yes', 'zone'])
      assert.ok(bytes.includes(shown), `${shown} is exported`);
    const around = (text: string): string => text.slice(Math.max(0, text.indexOf(MARK) - 300), text.indexOf(MARK) + 60);
    assert.not.ok(bytes.includes(MARK), `exported: ${around(bytes)}`);
    assert.match(output, '"serviceName":"secrets"');
    for (const line of [
      'GET state 200',
      'GET audit 200',
      'PUT rules 400',
      'PUT rules 200',
      'PUT drop 200',
      'POST dump 200',
      'DELETE leases 200',
      'DELETE leases 401',
    ])
      assert.ok(output.includes(`\n${line} `), `${line}: ${output}`);
    assert.not.ok(output.includes(MARK), `output: ${around(output)}`);
    const dumps = readdirSync(folder).filter((name) => name.endsWith('.json'));
    assert.is(dumps.length, 1);
    const dump = readFileSync(join(folder, dumps[0] as string), 'utf8');
    assert.match(dump, 'REDACTED');
    assert.not.ok(dump.includes(MARK), `dump: ${around(dump)}`);
    await assertStoreHidesIt(exported);
    const { exported: all } = await runService(redis, 'nothing');
    assert.ok(Buffer.concat(all).includes(MARK), 'redact = [] shows that the secrets were there');
  } finally {
    await redis.kill();
  }
});

/** The viewer's file, and the list that its page reads. */
async function assertStoreHidesIt(exported: readonly Buffer[]): Promise<void> {
  const file = join(folder, 'store.db');
  const ports = ['--port', '0', '--grpc-port', '0', '--http-port', '0'];
  const args = [join(ROOT, 'dist/cli/main.js'), 'view', '--json', '--store', file, ...ports];
  const child = spawn(NODE24, args, { cwd: ROOT });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    const line = await new Promise<string>((resolve) => child.stdout.once('data', (data) => resolve(String(data))));
    const { view, http } = JSON.parse(line) as { view: string; http: string };
    const headers = { 'content-type': 'application/x-protobuf' };
    for (const body of exported)
      assert.is((await fetch(`${http}/v1/traces`, { method: 'POST', headers, body: new Uint8Array(body) })).status, 200);
    const list = await (await fetch(`${view}/api/traces`)).text();
    assert.match(list, 'request');
    assert.not.ok(list.includes(MARK), list);
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
  for (const name of readdirSync(folder).filter((each) => each.startsWith('store.db')))
    assert.not.ok(readFileSync(join(folder, name)).includes(MARK), name);
}

test.run();
