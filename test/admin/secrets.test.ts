// Secrets of every kind are planted in the inputs of a service, and then searched for in all output of Spanwright: every answer of
// the hook with and without token, the page, every notice, and what the commands print.

import { type Context, propagation, trace } from '@opentelemetry/api';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type AdminServer, startAdminServer } from '../../runtime/admin/index.js';
import { ROUTES } from '../../runtime/admin/routes.js';
import { loadConfiguration } from '../../runtime/config/load.js';
import { instrument, startTracing, type Tracing, type TracingOptions } from '../../runtime/index.js';
import { describeStatement } from '../../runtime/instrumentations/sql.js';
import { setNoticeLogger } from '../../runtime/warnings.js';
import { invoke } from '../cli/invoke.js';
import { TOKEN } from './client.js';

/** Part of every planted secret, and of nothing else. */
const MARK = 's3cr3t';
const READS = ROUTES.filter(({ method }) => method === 'GET').map(({ path }) => path);
const COMMANDS = [
  ['status'],
  ['status', '--json'],
  ['sites'],
  ['spans'],
  ['errors'],
  ['leases'],
  ['audit'],
  ['metrics'],
  ['sites', '--json'],
];

interface Shown {
  /** A place, and the text that was shown there. */
  readonly texts: Map<string, string>;
}

/** Starts with `options`, works, and collects all that is shown. */
async function shownBy(options: TracingOptions, work: (tracing: Tracing) => unknown = () => undefined): Promise<Shown> {
  const texts = new Map<string, string>();
  const lines: string[] = [];
  const before = setNoticeLogger((_level, line) => lines.push(line));
  let admin: AdminServer | undefined;
  let tracing: Tracing | undefined;
  try {
    tracing = await startTracing({ serviceName: 'secrets', ...options });
    const log = (line: string) => lines.push(line);
    admin = await startAdminServer({ tracing, token: TOKEN, port: 0, log });
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
    const changed = await fetch(`${admin.url}/enabled`, { method: 'PUT', headers, body: '{"enabled":true,"for":"1m"}' });
    texts.set('PUT enabled', await changed.text());
    await work(tracing);
    for (const path of READS) {
      texts.set(`GET ${path}`, await (await fetch(`${admin.url}/${path}`)).text());
      texts.set(`GET ${path} with the token`, await (await fetch(`${admin.url}/${path}`, { headers })).text());
    }
    for (const args of COMMANDS) {
      for (const token of ['', TOKEN]) {
        const { out, err } = await invoke([...args, '--url', admin.url], { SPANWRIGHT_ADMIN_TOKEN: token });
        texts.set(`${args.join(' ')}${token && ' with the token'}`, out + err);
      }
    }
  } finally {
    await admin?.close();
    await tracing?.shutdown();
    setNoticeLogger(before);
    texts.set('notices', lines.join('\n'));
  }
  return { texts };
}

function assertNothingIn({ texts }: Shown): void {
  for (const [where, text] of texts) assert.not.ok(text.includes(MARK), `${where}: ${text.slice(0, 2000)}`);
}

const ENDPOINTS = [
  `http://user:${MARK}@host:4317`,
  `http://${MARK}@host:4317`,
  `https://user:${MARK}@host:4317/v1/traces`,
  `http://user:${MARK}%40host:4317`,
  `http://user:my ${MARK} word@host:4317`,
  `http://host:4317?apikey=${MARK}`,
  `http://host:4317/#${MARK}`,
  `http://host:4317/?a=1&x-api-key=${MARK}`,
  `http:user:${MARK}@host:4317`,
  `http:/user:${MARK}@host:4317`,
  `grpc://user:${MARK}@host:4317`,
  `user:${MARK}@host:4317`,
  `${MARK}@host:4317`,
  `dns:///user:${MARK}@host:4317`,
  `"http://user:${MARK}@host:4317"`,
  `http://user:pa@ss${MARK}@host:4317`,
  `unix:/tmp/user:${MARK}@x`,
];
for (const endpoint of ENDPOINTS) {
  test(`an endpoint that holds a secret is shown nowhere: ${endpoint}`, async () => {
    const shown = await shownBy({ endpoint });
    assertNothingIn(shown);
    assert.match(shown.texts.get('PUT enabled') as string, /The endpoint .* cannot be used/);
    assert.match(shown.texts.get('GET state') as string, '"endpoint"');
    const { values, configuration } = loadConfiguration({ options: { endpoint }, env: {} });
    assert.not.ok(JSON.stringify([values, configuration.endpoint]).includes(MARK));
  });
}

test('a good endpoint is shown as it is', async () => {
  const shown = await shownBy({ endpoint: 'http://127.0.0.1:9/', exportTimeout: 10, shutdownTimeout: 100 });
  assert.match(shown.texts.get('GET state') as string, '"endpoint":"http://127.0.0.1:9/"');
});

test('headers, TLS files and resource attributes of the configuration are not shown by it', () => {
  const { values } = loadConfiguration({
    options: {
      endpoint: 'http://127.0.0.1:9',
      otlpHeaders: { authorization: `Bearer ${MARK}` },
      resource: { 'api.token': MARK, 'db.url': `postgres://user:${MARK}@db/x`, zone: 'a' },
    },
    env: {},
  });
  assert.not.ok(JSON.stringify(values).includes(MARK));
  assert.match(JSON.stringify(values), '"zone":"a"');
});

test('a header that is refused is not quoted', () => {
  for (const otlpHeaders of [{ 'bad name': MARK }, { authorization: `${MARK}\n` }, `authorization ${MARK}`, { a: [MARK] }]) {
    let message = '';
    try {
      loadConfiguration({ options: { otlpHeaders } as never, env: {} });
    } catch (error) {
      message = String(error);
    }
    assert.not.ok(message.includes(MARK), message);
  }
  const { warnings } = loadConfiguration({ env: { OTEL_EXPORTER_OTLP_HEADERS: `Authorization: Basic ${MARK}==` } });
  assert.match(warnings.join(), /entry 1 has a name that is not a header name/);
  assert.not.ok(warnings.join().includes(MARK), warnings.join());
});

const signIn = instrument(
  {
    name: 'signIn',
    namespace: 'secrets::door',
    args: { password: 'login.password', apiKey: 'apiKey', user: 'user', session_id: 'sid' },
    attributes: { 'http.request.header.cookie': MARK, zone: 'a' },
    result: (token: string) => ({ accessToken: token, length: token.length }),
  },
  async function signIn(password: string, apiKey: string, user: string, session_id: string): Promise<string> {
    const span = trace.getActiveSpan();
    span?.setAttribute('private_key', MARK);
    span?.addEvent('sent', { authorization: MARK, to: user });
    span?.addLink({ context: span.spanContext(), attributes: { 'client.secret': MARK, why: user } });
    span?.setAttribute('db.query.parameter.credit_card', MARK);
    return `${password}${apiKey}${session_id}`;
  },
);

test('secrets in arguments, results, events, links, baggage and resources are recorded as REDACTED, the rest as it is', async () => {
  const exporter = new InMemorySpanExporter();
  const shown = await shownBy({ exporter, enabled: true, resource: { 'deploy.token': MARK, zone: 'z' } }, async (tracing) => {
    const baggage = propagation.createBaggage({ password: { value: MARK } });
    const active: Context = propagation.setBaggage((await import('@opentelemetry/api')).ROOT_CONTEXT, baggage);
    await (await import('@opentelemetry/api')).context.with(active, () => signIn(MARK, MARK, 'ada', MARK));
    const left = trace.getTracer('third-party').startSpan('left open', { attributes: { 'set-cookie': MARK, seen: 'yes' } });
    await tracing.forceFlush();
    const [span] = exporter.getFinishedSpans();
    assert.is(span?.attributes.zone, 'a');
    assert.is(span?.attributes.user, 'ada');
    assert.is(span?.attributes['login.password'], 'REDACTED');
    assert.is(span?.attributes.accessToken, 'REDACTED');
    assert.equal({ ...span?.events[0]?.attributes }, { authorization: 'REDACTED', to: 'ada' });
    assert.equal({ ...span?.links[0]?.attributes }, { 'client.secret': 'REDACTED', why: 'ada' });
    assert.is(span?.resource.attributes['deploy.token'], 'REDACTED');
    assert.is(span?.resource.attributes.zone, 'z');
    const spans = exporter
      .getFinishedSpans()
      .map(({ attributes, events, links, resource }) => [attributes, events, links, resource.attributes]);
    assert.not.ok(JSON.stringify(spans).includes(MARK), JSON.stringify(spans));
    void left;
  });
  assertNothingIn(shown);
  assert.match(shown.texts.get('GET spans/open with the token') as string, '"seen":"yes"');
});

test('redact = [] records all of these values, so the test above shows the effect of the default names', async () => {
  const exporter = new InMemorySpanExporter();
  await shownBy({ exporter, enabled: true, redact: [], resource: { 'deploy.token': MARK } }, async (tracing) => {
    await signIn(MARK, MARK, 'ada', MARK);
    await tracing.forceFlush();
    const [span] = exporter.getFinishedSpans();
    assert.is(span?.attributes['login.password'], MARK);
    assert.is(span?.events[0]?.attributes?.authorization, MARK);
    assert.is(span?.links[0]?.attributes?.['client.secret'], MARK);
    assert.is(span?.resource.attributes['deploy.token'], MARK);
  });
});

test('values in SQL are not part of its text', () => {
  for (const sql of [
    `SELECT * FROM users WHERE password = '${MARK}'`,
    `INSERT INTO users VALUES ($$${MARK}$$) -- ${MARK}`,
    `/* ${MARK} */ UPDATE users SET pin = E'\\'${MARK}'`,
  ]) {
    assert.not.ok(JSON.stringify(describeStatement(sql, 'ansi')).includes(MARK), sql);
  }
});

test('commands do not repeat the secret of a URL that they refuse', async () => {
  for (const url of [
    `ftp://user:${MARK}@host`,
    `http://user:${MARK}@127.0.0.1:9`,
    `http://127.0.0.1:9/x?apikey=${MARK}#${MARK}`,
  ]) {
    const { err, out, code } = await invoke(['status', '--url', url], {});
    assert.ok(code !== 0);
    assert.not.ok((err + out).includes(MARK), err);
  }
  for (const args of [
    ['traces', 'slow', '--jaeger'],
    ['traces', 'slow', '--tempo'],
    ['traces', 'collector'],
    ['traces', 'verify'],
    ['view', '--hook'],
    ['set', 'tracing-enabled', 'true', '--redis'],
  ]) {
    const { err, out, code } = await invoke([...args, `user:${MARK}@host:1`], {});
    assert.is(code, 2, `${args.join(' ')}: ${err}`);
    assert.match(err, /\*\*\*@host:1" is not an? /, `${args.join(' ')}: ${err}`);
    assert.not.ok((err + out).includes(MARK), err);
  }
});

test.run();
