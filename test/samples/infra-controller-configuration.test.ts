// The sample's built service under configurations that are wrong, refused or without the rule that matters: each fault gets its
// own message, and the service does its work all the same.
// limit: 240 s
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Receiver, startReceiver } from '../../viewer/receiver/receiver.js';
import { type Answer, ServiceProcess } from './service-process.js';

let receiver: Receiver;
test.before(async () => {
  receiver = await startReceiver();
});
test.before.each(() => receiver.clear());
test.after(() => receiver.close());

interface Seen {
  work: Answer;
  state: Answer;
  log: readonly string[];
}

/** Starts the service with the file and endpoint given, has it do one piece of work, and looks at its state. */
async function serveOnce(toml: string, endpoint: string, until?: RegExp): Promise<Seen> {
  const service = await ServiceProcess.start({ toml, env: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint } });
  try {
    const work = await service.call('POST', '/v1/power', { component: 'switch-1', action: 'on' });
    if (until) await service.logged(until);
    return { work, state: await service.admin('GET', '/state'), log: service.log };
  } finally {
    assert.is(await service.stop(), 0, service.log.join('\n'));
  }
}

for (const [fault, toml, message] of [
  ['an unknown key', '[tracing]\n\nenabeld = true\n', /tracing\.toml:3:1: unknown key \\"enabeld\\".*Did you mean \\"enabled\\"/],
  [
    'a value of the wrong type',
    '[tracing]\nenabled = "yes"\n',
    /tracing\.toml:2:1.*enabled: must be a boolean.*found the string \\"yes\\"/,
  ],
  ['a file that is not TOML', '[tracing\nenabled = true\n', /tracing\.toml:1:\d+: not valid TOML/],
] as const) {
  test(`${fault} is named with its place, at start and by the hook; nothing of the file is applied, and the service serves`, async () => {
    const { work, state, log } = await serveOnce(toml, receiver.endpoint);
    assert.is(work.status, 200);
    const line = log.find((one) => one.includes('serving without tracing'));
    assert.match(line ?? '', message);
    assert.is(state.status, 503);
    assert.match(state.text, message);
    assert.is(receiver.requests, 0);
  });
}

for (const [fault, endpoint, message] of [
  [
    'https:// to a plaintext port',
    (): string => receiver.endpoint.replace('http:', 'https:'),
    /does not speak TLS; write http:\/\/127/,
  ],
  [
    'a port where nothing listens',
    (): string => 'http://127.0.0.1:1',
    /nothing listens at 127\.0\.0\.1:1 \(connection refused\)/,
  ],
] as const) {
  test(`${fault} is reported when spans cannot be sent, once, and the service serves`, async () => {
    const { work, state, log } = await serveOnce('[tracing]\nenabled = true\n', endpoint(), message);
    assert.is(work.status, 200);
    assert.is(state.body.built, true);
    assert.is(log.filter((line) => message.test(line)).length, 1, log.join('\n'));
    assert.is(receiver.received, 0);
  });
}

for (const [fault, endpoint, message, built] of [
  ['port 4318', 'http://127.0.0.1:4318', /port 4318, which is the port of OTLP\/HTTP.*use port 4317/, false],
  ['a missing scheme', '127.0.0.1:4317', /has no scheme, so TLS is used; for plaintext write "http:\/\/"/, true],
] as const) {
  test(`${fault} is reported at start; ${built ? 'TLS is tried' : 'nothing is built'}, and the service serves`, async () => {
    const { work, state, log } = await serveOnce('[tracing]\nenabled = true\n', endpoint);
    assert.is(work.status, 200);
    assert.is(log.filter((line) => message.test(line)).length, 1, log.join('\n'));
    assert.is(state.body.built, built);
    assert.is(state.body.spans.started > 0, built);
  });
}

test('without an endpoint nothing is built, even if enabled, and an empty variable is no endpoint', async () => {
  const { work, state, log } = await serveOnce('[tracing]\nenabled = true\n', '');
  assert.is(work.status, 200);
  assert.is(state.body.endpoint, null);
  assert.is(state.body.built, false);
  assert.is(state.body.spans.started, 0);
  assert.is(log.filter((line) => line.includes('OpenTelemetry tracing initialized')).length, 0);
});

test('the endpoint of the file counts, and enabled = true records from the start, the migrations first', async () => {
  const toml = `[tracing]\notlp_endpoint = "${receiver.endpoint}"\nenabled = true\nservice_name = "from-file"\nroots = "carbide"\ndrop = "runtime"\n`;
  const { state } = await serveOnce(toml, '');
  assert.is(state.body.endpoint, receiver.endpoint);
  const spans = await receiver.waitFor((all) => all.some((span) => span.name === 'request'));
  const migration = spans.find((span) => span.name === 'carbide::api-db::migrations::Migrator::migrate');
  assert.is(migration?.parentSpanId, '');
  assert.is(migration?.attributes['migrations.applied'], 2);
  assert.is(spans[0]?.resource.attributes['service.name'], 'from-file');
});

test('the variable has precedence over the endpoint of the file', async () => {
  const { state } = await serveOnce('[tracing]\notlp_endpoint = "http://127.0.0.1:1"\nenabled = true\n', receiver.endpoint);
  assert.is(state.body.endpoint, receiver.endpoint);
  await receiver.waitFor((all) => all.some((span) => span.name === 'request'));
});

test('allow_runtime_changes = false refuses the change with 403 PermissionDenied, and the state stays as configured', async () => {
  const service = await ServiceProcess.start({
    toml: '[tracing]\nallow_runtime_changes = false\n',
    env: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: receiver.endpoint },
  });
  try {
    const answer = await service.admin('PUT', '/enabled', { enabled: true });
    assert.is(answer.status, 403);
    assert.is(answer.body.error.code, 'PermissionDenied');
    assert.match(answer.body.error.message, /allow_runtime_changes is false/);
    await service.call('POST', '/v1/power', { component: 'switch-1', action: 'on' });
    const { body } = await service.admin('GET', '/state');
    assert.is(body.enabled, false);
    assert.equal(body.leases, []);
    assert.is(body.spans.started, 0);
  } finally {
    await service.stop();
  }
  assert.is(receiver.requests, 0);
});

test('remote_parent = "ignore": a sampled caller records nothing here while tracing is off; while it is on, a level in the rules adds lookups', async () => {
  const toml = '[tracing]\nroots = "carbide"\ndrop = "runtime"\nremote_parent = "ignore"\nrules = "carbide::api-db=debug"\n';
  const service = await ServiceProcess.start({ toml, env: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: receiver.endpoint } });
  try {
    const headers = { traceparent: `00-${'5e'.repeat(16)}-${'6f'.repeat(8)}-01` };
    const ask = () => service.call('GET', '/v1/firmware?component=switch-1', undefined, headers);
    assert.is((await ask()).status, 200);
    assert.is((await service.admin('GET', '/state')).body.spans.started, 0);

    await service.admin('PUT', '/enabled', { enabled: true, for: '1m' });
    assert.is((await ask()).status, 200);
    const spans = await receiver.waitFor((all) => all.some(({ name }) => name === 'request'));
    const lookup = spans.find(({ name }) => name === 'carbide::api-db::inventory::Inventory::component');
    assert.is(lookup?.attributes['component.id'], 'switch-1');
    assert.is(lookup?.parentSpanId, spans.find(({ name }) => name === 'request')?.spanId);
    assert.is(spans.find(({ name }) => name === 'components.select')?.parentSpanId, lookup?.spanId);
  } finally {
    await service.stop();
  }
});

test('a condition instead of a prefix: with `when` a call with carbide.trace_root starts a trace, and the migrations, which lack it, do not', async () => {
  const toml = `[tracing]\nenabled = true\nroots = "*"\nwhen = "carbide.trace_root=true"\ndrop = "runtime"\n`;
  const env = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: receiver.endpoint, RECONCILE_INTERVAL_MS: '200' };
  const service = await ServiceProcess.start({ toml, env });
  try {
    assert.is((await service.call('POST', '/v1/migrate')).status, 200);
    const isRoot = ({ parentSpanId }: { parentSpanId: string }): boolean => parentSpanId === '';
    const spans = await receiver.waitFor((all) => new Set(all.filter(isRoot).map(({ name }) => name)).size >= 2);
    assert.equal([...new Set(spans.filter(isRoot).map(({ name }) => name))].sort(), ['request', 'state_processor_iteration']);
    for (const { attributes } of spans.filter(isRoot)) assert.is(attributes['carbide.trace_root'], true);
    const migrations = spans.filter(({ name }) => name.endsWith('::migrate'));
    assert.is(migrations.length, 1, 'that of the request, and not that of the start');
  } finally {
    await service.stop();
  }
});

test('bad requests to the admin hook change nothing: each has its own status and names its fault', async () => {
  const service = await ServiceProcess.start({ env: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: receiver.endpoint } });
  try {
    const json = { 'content-type': 'application/json' };
    const { authorization } = { authorization: 'Bearer token-of-the-test' };
    for (const [method, path, body, headers, status] of [
      ['PUT', '/enabled', '{"enabled": true}', json, 401],
      ['PUT', '/enabled', '{"enabled": true}', { ...json, authorization: 'Bearer wrong' }, 401],
      ['POST', '/enabled', '{"enabled": true}', { ...json, authorization }, 405],
      ['PUT', '/enabled', '{"enabled": tru', { ...json, authorization }, 400],
      ['PUT', '/enabled', '{"enabled": "true"}', { ...json, authorization }, 400],
      ['PUT', '/enabled', '{"enabled": true, "fro": "10m"}', { ...json, authorization }, 400],
      ['PUT', '/enabled', '{"enabled": true}', { 'content-type': 'text/plain', authorization }, 415],
      ['PUT', '/nothing', '{"enabled": true}', { ...json, authorization }, 404],
    ] as const) {
      const answer = await service.call(method, `/tracing${path}`, body, headers);
      const what = `${method} ${path} ${body}: ${answer.text}`;
      assert.is(answer.status, status, what);
      assert.ok(answer.body.error.message.length > 10, what);
    }
    const { body } = await service.admin('GET', '/state');
    assert.is(body.enabled, false);
    assert.equal(body.leases, []);
  } finally {
    await service.stop();
  }
});

test('without the drop rule the polling loop is recorded inside traces and stays open: the rule is what keeps it out', async () => {
  const toml = '[tracing]\nroots = "carbide"\ndrop = ""\n';
  const service = await ServiceProcess.start({ toml, env: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: receiver.endpoint } });
  try {
    await service.admin('PUT', '/enabled', { enabled: true, for: '1m' });
    await service.call('POST', '/v1/power', { component: 'switch-1', action: 'on' });
    const spans = await receiver.waitFor((all) => all.some((span) => span.name === 'request'));
    const request = spans.find((span) => span.name === 'request');
    const blockOn = spans.find((span) => span.name === 'runtime.block_on');
    assert.is(blockOn?.parentSpanId, request?.spanId);
    assert.is(spans.find((span) => span.name.endsWith('::powerControl'))?.parentSpanId, blockOn?.spanId);
    const { body } = await service.admin('GET', '/state');
    assert.equal(body.openByNamespace, { 'runtime::reactor': 1 });
  } finally {
    await service.stop();
  }
});

test.run();
