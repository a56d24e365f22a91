// The sample's built output as a child process, through three phases: tracing off, on through the admin hook, off again. What is
// checked is what arrived over OTLP/gRPC, and what the admin hook says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ReceivedSpan } from '../../viewer/receiver/decode.js';
import { type Receiver, startReceiver } from '../../viewer/receiver/receiver.js';
import { asReceived, CONVENTIONS, LiveCheck } from '../real/support/live-check.js';
import { SAMPLE, ServiceProcess } from './service-process.js';

interface Request {
  method: 'GET' | 'POST';
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  status: number;
  /** The trace that the request must make while tracing is on: names by depth, siblings in order of their start. */
  spans: string[];
}

/** A span of the database driver, which is named by its statement. */
const QUERY = 'query';
const isQuery = ({ attributes }: ReceivedSpan): boolean => attributes['db.query.text'] !== undefined;
const SEND = 'carbide::component-manager::bmc-client::BmcClient::send';
const nsm = (method: string): string => `carbide::component-manager::nsm::NsmBackend::${method}`;
const psm = (method: string): string => `carbide::component-manager::psm::PsmBackend::${method}`;
const rms = (method: string): string => `carbide::component-manager::rms::RmsBackend::${method}`;
const times = (count: number, line: string): string[] => Array.from({ length: count }, () => line);

const REQUESTS: readonly Request[] = [
  {
    method: 'POST',
    path: '/v1/power',
    body: { component: 'switch-1', action: 'restart' },
    status: 200,
    spans: ['request', `  ${QUERY}`, `  ${nsm('powerControl')}`, `    ${SEND}`, `  ${QUERY}`],
  },
  {
    method: 'POST',
    path: '/v1/power',
    body: { component: 'shelf-1', action: 'on' },
    status: 200,
    spans: ['request', `  ${QUERY}`, `  ${psm('powerControl')}`, `    ${SEND}`, `  ${QUERY}`],
  },
  {
    method: 'POST',
    path: '/v1/power',
    body: { component: 'rack-1', action: 'off' },
    status: 200,
    spans: ['request', `  ${QUERY}`, `  ${rms('powerControl')}`, ...times(4, `    ${SEND}`), `  ${QUERY}`],
  },
  {
    method: 'POST',
    path: '/v1/firmware',
    body: { component: 'switch-1', version: '1.5.0' },
    status: 200,
    spans: ['request', `  ${QUERY}`, `  ${nsm('queueFirmwareUpdates')}`, `    ${SEND}`],
  },
  {
    method: 'POST',
    path: '/v1/firmware',
    body: { component: 'shelf-1', version: '1.5.0' },
    status: 200,
    spans: ['request', `  ${QUERY}`, `  ${psm('updateFirmware')}`, ...times(3, `    ${SEND}`), `  ${QUERY}`],
  },
  {
    method: 'POST',
    path: '/v1/firmware',
    body: { component: 'rack-2', version: '1.5.0' },
    status: 502,
    spans: ['request', `  ${QUERY}`, `  ${rms('updateFirmware')}`, `    ${SEND}`],
  },
  ...(
    [
      ['switch-1', nsm, 1],
      ['shelf-1', psm, 3],
      ['rack-1', rms, 4],
    ] as const
  ).map(([component, name, sends]): Request => {
    return {
      method: 'GET',
      path: `/v1/firmware?component=${component}`,
      status: 200,
      spans: ['request', `  ${QUERY}`, `  ${name('getFirmwareStatus')}`, ...times(sends, `    ${SEND}`)],
    };
  }),
  ...(
    [
      ['switch-1', nsm('listFirmwareBundles')],
      ['shelf-1', psm('listFirmware')],
      ['rack-1', rms('listFirmwareBundles')],
    ] as const
  ).map(([component, list]): Request => {
    return {
      method: 'GET',
      path: `/v1/firmware/bundles?component=${component}`,
      status: 200,
      spans: ['request', `  ${QUERY}`, `  ${list}`, `    ${SEND}`],
    };
  }),
  {
    method: 'POST',
    path: '/v1/reconcile',
    body: { kind: 'power-shelf' },
    status: 200,
    spans: [
      'request',
      `  ${QUERY}`,
      '  carbide::power-shelf-controller::PowerShelfController::handleObjectState',
      `    ${QUERY}`,
      `    ${psm('getFirmwareStatus')}`,
      ...times(3, `      ${SEND}`),
    ],
  },
  {
    method: 'POST',
    path: '/v1/reconcile',
    body: { kind: 'switch' },
    status: 200,
    spans: [
      'request',
      `  ${QUERY}`,
      '  carbide::switch-controller::SwitchController::handleObjectState',
      `    ${QUERY}`,
      `    ${nsm('listFirmwareBundles')}`,
      `      ${SEND}`,
      `  ${QUERY}`,
    ],
  },
  {
    method: 'POST',
    path: '/v1/explore',
    status: 200,
    spans: [
      'request',
      '  carbide::site-explorer::SiteExplorer::exploreSite',
      `    ${QUERY}`,
      // racks, shelf and switch, by their number of endpoints
      ...[4, 2, 3, 1].flatMap((endpoints) => [`    ${QUERY}`, ...times(endpoints, `    ${SEND}`), `    ${QUERY}`]),
    ],
  },
  {
    method: 'POST',
    path: '/v1/migrate',
    status: 200,
    spans: ['request', '  carbide::api-db::migrations::Migrator::migrate', ...times(2, `    ${QUERY}`)],
  },
  { method: 'GET', path: '/v1/nothing', status: 404, spans: ['request'] },
  { method: 'POST', path: '/v1/power', body: '{"component": ', status: 400, spans: ['request'] },
];

const conventions = CONVENTIONS === undefined ? test.skip : test;

let receiver: Receiver;
let service: ServiceProcess;

test.before(async () => {
  receiver = await startReceiver();
  service = await ServiceProcess.start({
    env: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: receiver.endpoint, NODE_OPTIONS: '--enable-source-maps' },
  });
});
test.after(async () => {
  await service?.stop();
  await receiver?.close();
});

/** Sends all requests, one after the other, and checks the answers. */
async function work(): Promise<void> {
  named.length = 0;
  for (const { method, path, body, headers, status } of REQUESTS) {
    const answer = await service.call(method, path, body, headers);
    named.push(answer.headers.get('x-trace-id'));
    assert.is(answer.status, status, `${method} ${path}: ${answer.text}`);
  }
}

const polls = async (): Promise<number> => (await service.call('GET', '/healthz')).body.polls;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** Waits until everything that was started has ended and was sent, then starts the receiver's counts from nothing. */
async function settle(): Promise<void> {
  const limit = Date.now() + 60_000;
  for (;;) {
    const { spans: counts } = (await service.admin('GET', '/state')).body;
    if (counts.open === 0 && counts.exported === counts.started) break;
    assert.ok(Date.now() < limit, `the spans do not settle: ${JSON.stringify(counts)}`);
    await pause(25);
  }
  receiver.clear();
}
const setEnabled = (enabled: boolean) => service.admin('PUT', '/enabled', { enabled, for: '5m', reason: 'test' });
const openMetric = async (): Promise<string | undefined> =>
  /^carbide_api_tracing_spans_open (\S+)/m.exec((await service.admin('GET', '/metrics')).text)?.[1];

/** The traces, in the order in which their roots started. */
function traces(spans: readonly ReceivedSpan[]): ReceivedSpan[][] {
  const byTrace = new Map<string, ReceivedSpan[]>();
  for (const span of [...spans].sort((a, b) => Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano)))) {
    byTrace.set(span.traceId, [...(byTrace.get(span.traceId) ?? []), span]);
  }
  return [...byTrace.values()];
}

/** A trace as its expectation is written. */
function outline(trace: readonly ReceivedSpan[], parent = '', indent = ''): string[] {
  return trace
    .filter((span) => span.parentSpanId === parent)
    .flatMap((span) => [`${indent}${isQuery(span) ? QUERY : span.name}`, ...outline(trace, span.spanId, `${indent}  `)]);
}

/** Trace ids that the answers named, by request. */
const named: (string | null)[] = [];

test('off: the work is done, the runtime polls, and no span leaves the process', async () => {
  const before = await polls();
  await work();
  await pause(500);
  assert.ok((await polls()) > before, 'the polling loop runs');
  assert.ok(named.length > 0 && named.every((id) => id === null), 'no answer names a trace');
  assert.is(receiver.requests, 0);
  const { body } = await service.admin('GET', '/state');
  assert.is(body.enabled, false);
  assert.is(body.endpoint, receiver.endpoint);
  assert.is(body.spans.started, 0);
  assert.is(body.spans.open, 0);
  assert.is(await openMetric(), '0');
});

test('the log says once that tracing is initialised, and where it sends to', async () => {
  const line = await service.logged(/OpenTelemetry tracing initialized/);
  assert.ok(line.includes(receiver.endpoint), line);
  assert.is(service.log.filter((one) => one.includes('OpenTelemetry tracing initialized')).length, 1);
});

let spans: readonly ReceivedSpan[] = [];

test('on: each request makes one trace, with each operation under the one that caused it', async () => {
  const answer = await setEnabled(true);
  assert.is(answer.status, 200, answer.text);
  await work();
  const expected = REQUESTS.reduce((sum, request) => sum + request.spans.length, 0);
  spans = await receiver.waitFor((all) => all.length >= expected);
  const got = traces(spans);
  assert.is(got.length, REQUESTS.length);
  for (const [index, request] of REQUESTS.entries()) {
    assert.equal(outline(got[index] ?? []), request.spans, `${request.method} ${request.path} ${JSON.stringify(request.body)}`);
  }
  assert.is(spans.length, expected);
  assert.equal(
    named,
    got.map(([root]) => root?.traceId),
    'each answer names its trace, those of failed requests too',
  );
});

conventions(
  'on: every attribute is one of the conventions, of Spanwright or of telemetry.yaml, and has the type given there',
  () => {
    assert.ok(spans.length > 0);
    const check = new LiveCheck([join(SAMPLE, 'telemetry.yaml')]);
    assert.equal(check.spans(spans.map(asReceived)), []);
  },
);

test('on: every span names its service', () => {
  assert.ok(spans.length > 0);
  for (const span of spans) {
    assert.is(span.resource.attributes['service.name'], 'carbide-api');
    assert.is(span.scope.name, isQuery(span) ? 'spanwright.sql' : 'carbide');
    assert.match(span.traceId, /^(?!0{32})[0-9a-f]{32}$/);
    assert.ok(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano));
    assert.is(span.flags & 1, 1);
  }
});

test('on: every span of the code names its place, and the source holds the function there', () => {
  assert.ok(spans.length > 0);
  for (const span of spans.filter((one) => !isQuery(one))) {
    const { attributes } = span;
    const namespace = String(attributes['code.namespace']);
    assert.ok(namespace.startsWith('carbide::'), namespace);
    const qualified = String(attributes['code.function.name']);
    const name = qualified.slice(namespace.length + 2);
    assert.is(qualified, `${namespace}::${name}`);
    if (span.name !== 'request') assert.is(span.name, qualified);
    const file = String(attributes['code.file.path']);
    assert.match(file, /^src\/[a-z/-]+\.ts$/);
    const line = readFileSync(join(SAMPLE, file), 'utf8').split('\n')[Number(attributes['code.line.number']) - 1] ?? '';
    assert.match(line, new RegExp(`^ *(?:async )?${name}\\(`), `${file}:${attributes['code.line.number']} is "${line}"`);
    const stem = file
      .slice('src/'.length, -'.ts'.length)
      .replace(/\/index$/, '')
      .replaceAll('/', '::');
    assert.ok(namespace.startsWith(`carbide::${stem}::`), `${namespace} is in ${file}`);
  }
});

test("on: each span of a backend has the backend's name, and no other span has one", () => {
  const seen = new Map<string, number>();
  for (const span of spans) {
    const file = /component-manager\/(nsm|psm|rms)\.ts$/.exec(String(span.attributes['code.file.path']))?.[1];
    assert.is(span.attributes.backend, file);
    if (file) seen.set(file, (seen.get(file) ?? 0) + 1);
  }
  assert.equal([...seen.keys()].sort(), ['nsm', 'psm', 'rms']);
});

test('on: a reconciled object is recorded with its id and state, and nothing else of it', () => {
  const handled = spans.filter((span) => span.name.endsWith('::handleObjectState'));
  assert.equal(
    handled.map(({ attributes: { object_id, state } }) => [object_id, state]),
    [
      ['powershelf-1', 'ready'],
      ['nvswitch-1', 'configured'], // set by earlier passes, while tracing was off
    ],
  );
  for (const { attributes } of handled) {
    const { object_id, state, ...rest } = attributes;
    assert.equal(
      Object.keys(rest).filter((key) => !key.startsWith('code.')),
      [],
    );
  }
});

test('on: the site explorer counts the endpoints that it asked, those that answered and those that failed', () => {
  const [explored] = spans.filter((span) => span.name.endsWith('::exploreSite'));
  const asked = spans.filter(({ name, traceId }) => name === SEND && traceId === explored?.traceId).length;
  assert.is(asked, 10);
  assert.is(explored?.attributes.endpoint_explorations, asked);
  assert.is(explored?.attributes.endpoint_explorations_success, asked);
  assert.is(explored?.attributes.endpoint_explorations_failures, 0);
});

test('on: a query is recorded as it is written, without its values', () => {
  const queries = spans.filter(isQuery);
  assert.ok(queries.length > 0);
  for (const { name, attributes, kind } of queries) {
    assert.is(kind, 'client');
    assert.match(name, /^(components|objects|migrations)\.(select|update)$|^CREATE$/);
    assert.is(attributes['db.system.name'], 'postgresql');
    assert.match(String(attributes['db.operation.name']), /^(SELECT|UPDATE|CREATE)$/);
    assert.ok(String(attributes['db.query.text']).startsWith(String(attributes['db.operation.name'])));
    assert.not.match(String(attributes['db.query.text']), /switch-1|shelf-1|rack-1/);
  }
  const update = queries.find(({ attributes }) => attributes['db.operation.name'] === 'UPDATE');
  assert.is(update?.attributes['db.query.text'], 'UPDATE components SET power_state = $2 WHERE id = $1');
});

test('on: the root carries the request and its outcome', () => {
  const roots = traces(spans).map((trace) => trace.find((span) => span.parentSpanId === ''));
  for (const [index, { method, path, status }] of REQUESTS.entries()) {
    const root = roots[index];
    assert.is(root?.kind, 'server');
    assert.is(root?.attributes['http.request.method'], method);
    assert.is(root?.attributes['url.path'], path.split('?')[0]);
    assert.is(root?.attributes['http.response.status_code'], status);
    assert.is(root?.status.code, status >= 500 ? 'error' : 'unset');
    assert.is(root?.attributes['http.route'], path === '/v1/nothing' ? undefined : path.split('?')[0]);
  }
  assert.is(roots[0]?.attributes['rpc.method'], 'carbide.ComponentManager/PowerControl');
});

test('on: listed fields of the bodies of request and answer are recorded, others are counted, and a long text is cut', async () => {
  const requests = spans.filter(({ name }) => name === 'request').map(({ attributes }) => attributes);
  const power = requests.find((one) => one['url.path'] === '/v1/power');
  assert.is(power?.['audit.request'], '{"component":"switch-1","action":"restart"}');
  assert.is(power?.['audit.response'], '{"state":"on"}');
  const refused = requests.find((one) => one['http.response.status_code'] === 502);
  assert.equal([refused?.['audit.response'], refused?.['audit.response.left_out']], ['{}', 1], 'the message is not listed');

  await settle();
  const body = { component: 'switch-1', action: 'on', password: 'hunter2', kind: 'k'.repeat(1000) };
  assert.is((await service.call('POST', '/v1/power', body)).status, 200);
  const got = await receiver.waitFor((all) => all.length === 5);
  const { attributes = {} } = got.find(({ name }) => name === 'request') ?? {};
  const recorded = String(attributes['audit.request']);
  assert.ok(recorded.startsWith('{"component":"switch-1","action":"on","kind":"kkk') && recorded.endsWith('k...'), recorded);
  assert.is(recorded.length, 256);
  assert.is(attributes['audit.request.left_out'], 1);
  assert.not.ok(JSON.stringify(got).includes('hunter2'));
});

test('on: the status of a switch shows a queued update until it is installed', async () => {
  const update = (version: string) => service.call('POST', '/v1/firmware', { component: 'switch-1', version });
  const status = async () => (await service.call('GET', '/v1/firmware?component=switch-1')).body[0];
  const before = (await status()).version;
  const [version, other] = before === '1.5.0' ? ['1.4.2', '1.5.0'] : ['1.5.0', '1.4.2'];
  const { body } = await update(version as string);
  assert.equal([body.version, body.queued], [before, version]);
  const limit = Date.now() + 30_000;
  while ((await status()).queued !== undefined && Date.now() < limit) await pause(25);
  assert.is((await status()).version, version);
  await Promise.all([update(other as string), update(version as string)]); // the later one takes its place
  await settle();
});

test('on: the refused update fails from its origin up to the root, and records one exception', () => {
  const failed = spans.filter((span) => span.status.code === 'error');
  assert.equal(failed.map((span) => span.name).sort(), [SEND, rms('updateFirmware'), 'request'].sort());
  assert.is(new Set(failed.map((span) => span.traceId)).size, 1);
  for (const span of failed) {
    assert.is(span.attributes['error.type'], 'BmcRefusedError');
    assert.match(span.status.message, /rack-2 refuses firmware 1\.5\.0: the rack is locked for maintenance/);
  }
  const exceptions = failed.flatMap((span) => span.events.map((event) => ({ span, event })));
  assert.is(exceptions.length, 1);
  const [{ span, event } = { span: undefined, event: undefined }] = exceptions;
  assert.is(span?.name, SEND);
  assert.is(event?.name, 'exception');
  assert.is(event?.attributes['exception.type'], 'BmcRefusedError');
  assert.match(String(event?.attributes['exception.stacktrace']), /BmcClient\.send.*bmc-client\.ts:\d+/);
});

test('on: nothing of the polling loop was recorded, neither by itself nor inside a trace', () => {
  assert.equal(
    spans.filter((span) => /^runtime/.test(`${span.attributes['code.namespace']}`) || /^runtime/.test(span.name)),
    [],
  );
});

test('on: no credential of a component is in any span or log line', () => {
  const recorded = JSON.stringify(spans) + service.log.join('\n');
  assert.ok(recorded.includes('powershelf-1'), 'the search looks at what was recorded');
  assert.not.match(recorded, /bmc-password-|Basic /);
});

test('on: open spans are seen while work is under way, by the state, the list and the metric, and none are left after it', async () => {
  let most = { state: 0, list: 0, metric: 0 };
  const limit = Date.now() + 60_000;
  const seen = (): boolean => most.state > 0 && most.list > 0 && most.metric > 0;
  let busy = false;
  let updates: Promise<unknown> = Promise.resolve();
  // how many readings fall into an update depends on the speed of the machine
  while (busy || (!seen() && Date.now() < limit)) {
    if (!busy) {
      busy = true;
      const update = () => service.call('POST', '/v1/firmware', { component: 'shelf-1', version: '1.4.2' });
      updates = Promise.all([1, 2, 3].map(update)).finally(() => {
        busy = false;
      });
    }
    const { body } = await service.admin('GET', '/state');
    const list = (await service.admin('GET', '/spans/open')).body.spans.length;
    const metric = Number(await openMetric());
    most = {
      state: Math.max(most.state, body.spans.open),
      list: Math.max(most.list, list),
      metric: Math.max(most.metric, metric),
    };
  }
  await updates;
  assert.ok(seen(), JSON.stringify(most));
  const { body } = await service.admin('GET', '/state');
  assert.is(body.spans.open, 0);
  assert.equal(body.openByNamespace, {});
  assert.is(await openMetric(), '0');
});

test('on: the request of a caller that has a trace becomes part of that trace', async () => {
  await settle();
  const traceparent = `00-${'1f'.repeat(16)}-${'2e'.repeat(8)}-01`;
  await service.call('GET', '/v1/firmware/bundles?component=rack-1', undefined, { traceparent });
  const got = await receiver.waitFor((all) => all.length === 4);
  assert.equal([...new Set(got.map((span) => span.traceId))], ['1f'.repeat(16)]);
  assert.is(got.find((span) => span.name === 'request')?.parentSpanId, '2e'.repeat(8));
});

test('on: a request with a malformed traceparent starts a new trace', async () => {
  await settle();
  const traceparent = `00-${'0'.repeat(32)}-${'2e'.repeat(8)}-01`;
  await service.call('GET', '/v1/firmware/bundles?component=rack-1', undefined, { traceparent });
  const got = await receiver.waitFor((all) => all.length === 4);
  assert.is(got.find((span) => span.name === 'request')?.parentSpanId, '');
});

test('off again: the same work, and nothing arrives', async () => {
  const answer = await setEnabled(false);
  assert.is(answer.status, 200, answer.text);
  await settle();
  const { started } = (await service.admin('GET', '/state')).body.spans;
  await work();
  await pause(500);
  assert.is(receiver.received, 0);
  const { body } = await service.admin('GET', '/state');
  assert.is(body.enabled, false);
  assert.is(body.spans.started, started);
  assert.is(body.spans.open, 0);
  assert.is(body.spans.exported, started);
  assert.is(body.spans.failed, 0);
});

test('off again: the request of a caller that records its own trace still becomes part of that trace', async () => {
  const traceparent = `00-${'3c'.repeat(16)}-${'4d'.repeat(8)}-01`;
  await service.call('GET', '/v1/firmware/bundles?component=rack-1', undefined, { traceparent });
  const got = await receiver.waitFor((all) => all.length === 4);
  assert.equal([...new Set(got.map((span) => span.traceId))], ['3c'.repeat(16)]);
});

test('at SIGTERM the service exits with 0', async () => {
  assert.is(await service.stop(), 0);
});

test.run();
