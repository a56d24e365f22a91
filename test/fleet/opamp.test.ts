// A service under a real OpAMP server (opamp-go's server package): it reports itself, puts in force what is offered, reports APPLIED or
// FAILED, and has nothing on after the limit when the server is gone, over HTTP and over WebSocket.

import { setTimeout as wait } from 'node:timers/promises';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, startTracing, type Tracing, type TracingOptions } from '../../runtime/index.js';
import { until } from '../real/support/program.js';
import { type Agent, OPAMP_SERVER, OpampServer } from './opamp-server.js';

const APPLIED = 'RemoteConfigStatuses_APPLIED';
const FAILED = 'RemoteConfigStatuses_FAILED';
const ACCEPTS_REMOTE_CONFIG = 2;
const SECRET = 'a-token-that-is-not-shown';
const SCHEMES = ['http', 'ws'] as const;
/** Milliseconds; reactions take far less, the margin is for a loaded machine. */
const LIMIT = 20_000;
const all = OPAMP_SERVER === undefined ? test.skip : test;

let server: OpampServer;
let tracing: Tracing | undefined;
let lines: string[] = [];

async function start(scheme: 'http' | 'ws', options: TracingOptions = {}): Promise<Tracing> {
  tracing = await startTracing({
    serviceName: 'fleet-test',
    exporter: new InMemorySpanExporter(),
    opampEndpoint: server.url(scheme),
    opampInterval: 200,
    logLevel: 'info',
    logger: ({ message }) => void lines.push(message),
    ...options,
  });
  return tracing;
}

const reports = (hash: string) => (agent: Agent) => agent.hash === hash;
const logged = (part: string): string[] => lines.filter((line) => line.includes(part));
const inForce = (agent: Agent) =>
  JSON.parse(agent.effective) as {
    enabled: boolean;
    rules: string;
    leases: { value: unknown; limits: object; actor: string }[];
    configuration: Record<string, unknown>;
  };

test.before.each(async () => {
  lines = [];
  server = await OpampServer.start();
});
test.after.each(async () => {
  await tracing?.shutdown();
  tracing = undefined;
  await server.program.stop();
});

for (const scheme of SCHEMES) {
  all(`reports identity, capabilities, health and the effective configuration without secrets (${scheme})`, async () => {
    await start(scheme, {
      serviceVersion: '4.2.0',
      opampHeaders: { 'x-token': SECRET },
      otlpHeaders: { 'x-other': SECRET },
      resource: { 'service.namespace': 'racks', 'rack.id': 'r7' },
    });
    const agent = await server.until(({ effective, health }) => effective !== '' && health !== null);
    assert.is(agent.identifying['service.name'], 'fleet-test');
    assert.is(agent.identifying['service.version'], '4.2.0');
    assert.is(agent.identifying['service.namespace'], 'racks');
    assert.is(agent.others['rack.id'], 'r7');
    assert.is(agent.others['service.name'], undefined);
    assert.is(agent.uid[12], '7', 'the instance is no UUID of version 7');
    // ReportsStatus, AcceptsRemoteConfig, ReportsEffectiveConfig, ReportsHealth, ReportsRemoteConfig, ReportsHeartbeat
    assert.is(agent.capabilities, 0x1 | 0x2 | 0x4 | 0x800 | 0x1000 | 0x2000);
    assert.is(agent.health?.status, 'off');
    assert.is(agent.health?.healthy, true);
    assert.equal(Object.keys(agent.health?.components ?? {}).sort(), ['exporter', 'leaks', 'open spans']);
    const { configuration, enabled } = inForce(agent);
    assert.is(enabled, false);
    assert.is(configuration.service_name, 'fleet-test');
    assert.is(configuration.opamp_headers, '***');
    assert.not.ok(agent.effective.includes(SECRET));
  });

  all(`puts flag, rules and drop in force with their limits, and ends what is no longer offered (${scheme})`, async () => {
    const service = await start(scheme);
    await server.until(() => true);
    const hash = await server.configure({
      enabled: {
        enabled: true,
        for: '5m',
        only: 'carbide::api',
        when: 'tenant=acme',
        maxSpans: 900,
        reason: 'slow rack 7',
        actor: 'ana',
      },
      rules: { rules: 'carbide::db=off', for: '7m', maxSpansPerSecond: 50 },
      drop: { drop: 'carbide::noise', maxOpenSpans: 30 },
    });
    const agent = await server.until(reports(hash));
    assert.is(agent.status, APPLIED, agent.error);
    const { leases, rules, drop } = service.state();
    const at = (kind: string) => leases.find((lease) => lease.kind === kind);
    assert.is(at('enabled')?.only, 'carbide::api');
    assert.is(at('enabled')?.when, 'tenant=acme');
    assert.is(at('enabled')?.limits.maxSpans, 900);
    assert.is(at('enabled')?.reason, 'slow rack 7');
    assert.match(at('enabled')?.actor ?? '', /^ana, by opamp /);
    assert.is(at('rules')?.limits.maxSpansPerSecond, 50);
    assert.is(at('drop')?.limits.maxOpenSpans, 30);
    const left = (kind: string) => Date.parse(at(kind)?.expiresAt ?? '') - Date.now();
    assert.ok(left('enabled') > 4 * 60_000 && left('enabled') <= 5 * 60_000);
    assert.ok(left('rules') > 6 * 60_000 && left('rules') <= 7 * 60_000);
    assert.ok(rules.includes('carbide::db=off') && drop.includes('carbide::noise'));
    const reported = await server.until((each) => each.effective.includes('carbide::db=off'));
    assert.is(inForce(reported).leases.length, 3);

    const fewer = await server.configure({ rules: { rules: 'carbide::db=off' } });
    assert.is((await server.until(reports(fewer))).status, APPLIED);
    assert.equal(
      service.leases().map(({ kind }) => kind),
      ['rules'],
    );
    const none = await server.configure({});
    assert.is((await server.until(reports(none))).status, APPLIED);
    assert.equal(service.leases(), []);
  });

  all(`reports FAILED with the reason, and changes nothing (${scheme})`, async () => {
    const service = await start(scheme);
    const before = await server.configure({ rules: { rules: 'carbide::db=off' } });
    await server.until(reports(before));
    const wrong: readonly (readonly [Record<string, unknown>, RegExp])[] = [
      [{ enabled: { enabled: true }, rules: { rules: 'carbide::db=maybe' } }, /"maybe" is not a verdict/],
      [{ enabled: { enabled: 'yes' } }, /the file "enabled": "enabled" must be true or false/],
      [{ enabled: { enabled: true, for: '25h' } }, /for: "25h" is out of range/],
      [{ enabled: { enabled: true, fro: '1m' } }, /unknown field "fro"/],
      [{ rules: { rules: 'a=on', only: 'a' } }, /the file "rules": unknown field "only"/],
      [{ enabled: { enabled: true, capture: 'args' } }, /allow_capture is "none"/],
      [{ flag: { enabled: true } }, /unknown file "flag"; expected enabled, rules, drop/],
      [{ enabled: '{"enabled": tru' }, /not valid JSON/],
      [{ '': { enabled: true }, enabled: { enabled: true } }, /two files set "enabled"/],
    ];
    for (const [files, reason] of scheme === 'ws' ? wrong : wrong.slice(0, 1)) {
      const agent = await server.until(reports(await server.configure(files)));
      assert.is(agent.status, FAILED, JSON.stringify(files));
      assert.match(agent.error, reason);
      assert.equal(
        service.leases().map(({ kind }) => kind),
        ['rules'],
        JSON.stringify(files),
      );
    }
    assert.is((await server.until(reports(await server.configure({ enabled: { enabled: true } })))).status, APPLIED);
  });
}

all('a remote configuration of one file without a name is read like a followed file', async () => {
  const service = await start('ws');
  const document = { enabled: true, for: '1m', only: 'carbide::api', when: 'tenant=acme', rules: 'carbide::db=off' };
  const agent = await server.until(reports(await server.configure({ '': document })));
  assert.is(agent.status, APPLIED, agent.error);
  assert.equal(
    service
      .leases()
      .map(({ kind }) => kind)
      .sort(),
    ['enabled', 'rules'],
  );
});

all(
  'allow_runtime_changes = false declares no support of remote configuration, and refuses one that the server sends nevertheless',
  async () => {
    const service = await start('ws', { allowRuntimeChanges: false });
    const { capabilities } = await server.until(() => true);
    assert.is(capabilities & ACCEPTS_REMOTE_CONFIG, 0);
    const agent = await server.until(reports(await server.configure({ enabled: { enabled: true } })));
    assert.is(agent.status, FAILED);
    assert.match(agent.error, /allow_runtime_changes is false/);
    assert.is(service.enabled, false);
  },
);

for (const scheme of SCHEMES)
  all(`a server that vanishes leaves nothing on, and its return does not start the time again (${scheme})`, async () => {
    const service = await start(scheme);
    const files = { enabled: { enabled: true, for: '700ms' } };
    const hash = await server.configure(files);
    await server.until(reports(hash));
    await server.program.kill();
    assert.is(service.enabled, true);
    await until(() => !service.enabled, 'off', 5000);
    await until(() => logged('SPW022').length > 0, 'the loss is logged', LIMIT);
    assert.is(logged('SPW022').length, 1, lines.join('\n'));
    await server.start();
    await server.configure(files);
    const agent = await server.until(reports(hash));
    assert.is(agent.status, APPLIED);
    await wait(300);
    assert.is(service.enabled, false);
    const next = await server.configure({ enabled: { enabled: true, for: '1m' } });
    await server.until(reports(next));
    assert.is(service.enabled, true);
  });

all('a frozen server is detected and connected to again, and its change expires meanwhile', async () => {
  const service = await start('ws');
  const hash = await server.configure({ enabled: { enabled: true, for: '1s' } });
  await server.until(reports(hash));
  server.program.freeze();
  try {
    await until(() => !service.enabled, 'off', 5000);
    await until(() => logged('no longer answers').length > 0, 'the silence is noticed', LIMIT);
  } finally {
    server.program.thaw();
  }
  const next = await server.configure({ rules: { rules: 'carbide::db=off' } });
  assert.is((await server.until(reports(next))).status, APPLIED);
});

all('sends the headers, and logs a refusal once', async () => {
  await server.program.stop();
  server = await OpampServer.start('-token', 'open-sesame');
  await start('ws', { opampHeaders: { authorization: 'Bearer wrong' } });
  await until(() => logged('status 401').length > 0, 'refusal', LIMIT);
  await wait(1500);
  assert.is(logged('SPW022').length, 1, lines.join('\n'));
  assert.equal(await server.agents(), []);
  await tracing?.shutdown();
  for (const scheme of SCHEMES) {
    const before = (await server.agents()).length;
    await start(scheme, { opampHeaders: { authorization: 'Bearer open-sesame' } });
    const end = performance.now() + 10_000;
    while ((await server.agents()).length === before) assert.ok(performance.now() < end, scheme);
    await tracing?.shutdown();
  }
});

all('reports failing exports and leaks as unhealthy, and the end of the service', async () => {
  const service = await start('ws', {
    exporter: undefined,
    endpoint: 'http://127.0.0.1:9',
    enabled: true,
    exportTimeout: 50,
    maxSpanAge: 50,
    scheduleDelay: 10,
  });
  const hang = instrument(
    { namespace: 'carbide::api', name: 'hang' },
    () => new Promise<void>((resolve) => setTimeout(resolve, 3000)),
  );
  await server.until(({ health }) => health?.status === 'recording');
  void hang();
  await server.until(
    ({ health }) => health?.components['open spans']?.status === '1 open' || health?.components.leaks?.healthy === false,
  );
  const leaking = await server.until(({ health }) => health?.components.leaks?.healthy === false);
  assert.is(leaking.health?.healthy, false);
  assert.match(leaking.health?.lastError ?? '', /leaks: 1 leaked since the last report/);
  const losing = await server.until(({ health }) => health?.components.exporter?.status === 'losing spans');
  assert.is(losing.health?.components.leaks?.status, '1 leaked');
  await service.shutdown();
  await server.until(({ disconnected }) => disconnected);
});

test.run();
