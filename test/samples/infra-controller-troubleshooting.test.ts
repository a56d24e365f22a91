// Every row of the troubleshooting table of the document, with the sample's service: the symptom is brought about, `spanwright doctor`
// names cause and fix, and the fix, applied, removes it.
// limit: 300 s

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FINDINGS, type FindingName } from '../../cli/doctor/finding.js';
import type { ReceivedSpan } from '../../viewer/receiver/decode.js';
import { type Receiver, startReceiver } from '../../viewer/receiver/receiver.js';
import { type Invoked, invoke } from '../cli/invoke.js';
import { forwardTo, OTELCOL, OtelCollector } from '../real/support/otel-collector.js';
import { freePorts, until } from '../real/support/program.js';
import { SAMPLE, ServiceProcess, TOKEN } from './service-process.js';

const test = suite('troubleshooting');
const withCollector = OTELCOL === undefined ? test.skip : test;

let receiver: Receiver;
test.before(async () => {
  receiver = await startReceiver();
});
test.before.each(() => receiver.clear());
test.after(() => receiver.close());

interface Operator {
  readonly service: ServiceProcess;
  /** One piece of work, whose spans are sent and counted when it returns. @returns how many */
  work(): Promise<number>;
  spanwright(...args: string[]): Promise<Invoked>;
  /** Names of what doctor finds; each must say cause and fix as its row does. */
  doctor(): Promise<FindingName[]>;
}

async function withService(toml: string, endpoint: string, look: (operator: Operator) => Promise<void>): Promise<void> {
  const service = await ServiceProcess.start({
    toml: `[tracing]\ndrop = "runtime"\n${toml}`,
    env: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint },
  });
  const environment = {
    SPANWRIGHT_ADMIN_URL: `${service.address}/tracing`,
    SPANWRIGHT_ADMIN_TOKEN: TOKEN,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint,
  };
  try {
    await look({
      service,
      work: async () => {
        const counts = async () => (await service.admin('GET', '/state')).body.spans;
        const before = await counts();
        assert.is((await service.call('POST', '/v1/power', { component: 'switch-1', action: 'on' })).status, 200);
        let now = await counts();
        await until(
          async () => {
            now = await counts();
            return now.open === 0 && now.exported + now.failed + now.dropped === now.started;
          },
          'the outcome of the spans is known',
          60_000,
        );
        return now.exported - before.exported;
      },
      spanwright: (...args) => invoke(args, environment),
      doctor: async () => {
        const { out, err } = await invoke(['doctor', SAMPLE, '--config', service.tracingFile, '--json'], environment);
        assert.ok(out !== '', err);
        const { findings } = JSON.parse(out) as { findings: { name?: FindingName; cause?: string; fix?: string }[] };
        return findings.flatMap(({ name, cause, fix }) => {
          if (name === undefined) return [];
          assert.equal([cause, fix], [FINDINGS[name].cause, FINDINGS[name].fix]);
          return [name];
        });
      },
    });
  } finally {
    assert.is(await service.stop(), 0, service.log.join('\n'));
  }
}

const includes = (names: readonly FindingName[], name: FindingName): void =>
  assert.ok(names.includes(name), `${name} is not in ${names}`);
const lacks = (names: readonly FindingName[], name: FindingName): void =>
  assert.not.ok(names.includes(name), `${name} is in ${names}`);
const roots = (): ReceivedSpan[] => receiver.spans.filter(({ parentSpanId }) => parentSpanId === '');

test('no traces at all, the endpoint is set: tracing is disabled; set tracing-enabled true', () =>
  withService('', receiver.endpoint, async ({ work, doctor, spanwright }) => {
    assert.is(await work(), 0);
    assert.is(receiver.received, 0);
    includes(await doctor(), 'disabled');
    assert.is((await spanwright('set', 'tracing-enabled', 'true', '--for', '5m')).code, 0);
    const sent = await work();
    assert.ok(sent > 0);
    assert.is(receiver.received, sent);
    lacks(await doctor(), 'disabled');
  }));

test('set tracing-enabled answers PermissionDenied: changes are refused; enabled = true and a restart', async () => {
  await withService('allow_runtime_changes = false\n', receiver.endpoint, async ({ work, doctor, spanwright }) => {
    const refused = await spanwright('set', 'tracing-enabled', 'true');
    assert.is(refused.code, 1);
    assert.match(refused.err, /PERMISSION_DENIED|PermissionDenied/);
    includes(await doctor(), 'changes-refused');
    assert.is(await work(), 0);
  });
  await withService('allow_runtime_changes = false\nenabled = true\n', receiver.endpoint, async ({ work }) => {
    const sent = await work();
    assert.ok(sent > 0);
    assert.is(receiver.received, sent);
  });
});

test('no traces at all, tracing is enabled: there is no endpoint; set one and restart', async () => {
  await withService('enabled = true\n', '', async ({ work, doctor, service }) => {
    assert.is(await work(), 0);
    assert.is((await service.admin('GET', '/state')).body.built, false);
    includes(await doctor(), 'no-endpoint');
  });
  await withService(`enabled = true\notlp_endpoint = "${receiver.endpoint}"\n`, '', async ({ work, doctor }) => {
    const sent = await work();
    assert.ok(sent > 0);
    assert.is(receiver.received, sent);
    lacks(await doctor(), 'no-endpoint');
  });
});

for (const [what, endpoint] of [
  ['https:// to a plaintext port', () => receiver.endpoint.replace('http:', 'https:')],
  ['port 4318, where OTLP over HTTP is', () => 'http://127.0.0.1:4318'],
] as const) {
  test(`cannot connect, or errors of TLS: ${what}; http:// and the port of gRPC`, () =>
    withService('enabled = true\n', endpoint(), async ({ service, doctor }) => {
      assert.is((await service.call('POST', '/v1/power', { component: 'switch-1', action: 'on' })).status, 200);
      assert.is(receiver.received, 0);
      includes(await doctor(), 'endpoint-wrong');
    }));
}

test('a sidecar is there and still no traces: the endpoint is not set; localhost:4317', async () => {
  const sidecar = await listenAtStandardPort();
  try {
    const ours = 'of-the-unused-sidecar'; // another test may send to the standard port, too
    await withService(`enabled = true\nservice_name = "${ours}"\n`, '', async ({ work, doctor }) => {
      assert.is(await work(), 0);
      assert.not.ok(sidecar.spans.some(({ resource }) => resource.attributes['service.name'] === ours));
      const found = await doctor();
      includes(found, 'sidecar-unused');
      includes(found, 'no-endpoint');
    });
    await withService('enabled = true\n', 'http://localhost:4317', async ({ work, doctor }) => {
      assert.ok((await work()) > 0);
      assert.ok(sidecar.received > 0);
      lacks(await doctor(), 'sidecar-unused');
    });
  } finally {
    await sidecar.close();
  }
});

/** Another test may hold it for a while. */
async function listenAtStandardPort(): Promise<Receiver> {
  let sidecar: Receiver | undefined;
  await until(async () => {
    sidecar = await startReceiver({ port: 4317 }).catch(() => undefined);
    return sidecar !== undefined;
  }, 'port 4317 is free');
  return sidecar as Receiver;
}

withCollector('traces reach the Collector, not the backend: its exporter is wrong, and its own metrics say so', async () => {
  const [gone] = (await freePorts(1)) as [number];
  // as by default, it takes spans into a queue before it forwards them: the sender does not learn of later failures
  const { otlp } = forwardTo(`http://127.0.0.1:${gone}`);
  const exporters = { otlp: { ...otlp, sending_queue: { enabled: true } } };
  const collector = await OtelCollector.start({ exporters, metrics: true });
  try {
    await withService('enabled = true\n', collector.url, async ({ work, doctor, spanwright }) => {
      assert.ok((await work()) > 0);
      await until(() => collector.spans().length > 0, 'spans are at the Collector');
      includes(await doctor(), 'backend-unknown');
      const health = () => spanwright('traces', 'collector', collector.metricsUrl);
      await until(async () => (await health()).code === 1, 'the Collector counts what it could not send');
      assert.match((await health()).out, /failed: its exporters cannot deliver: look at the address/);
      assert.is(receiver.received, 0);
    });
  } finally {
    await collector.remove();
  }
});

test('a spike of resources or latency: tracing was left on; set tracing-enabled false', () =>
  withService('enabled = true\n', receiver.endpoint, async ({ work, doctor, spanwright }) => {
    const sent = await work();
    assert.ok(sent > 0);
    assert.is(receiver.received, sent);
    includes(await doctor(), 'left-on');
    assert.is((await spanwright('set', 'tracing-enabled', 'false')).code, 0);
    receiver.clear();
    assert.is(await work(), 0);
    assert.is(receiver.received, 0);
    lacks(await doctor(), 'left-on');
  }));

test('request trees look sparse: only a part may start a trace; look where the root starts', async () => {
  await withService(`enabled = true\nroots = "carbide::component-manager"\n`, receiver.endpoint, async (operator) => {
    const { service, work, doctor } = operator;
    const sent = await work();
    assert.ok(sent > 0);
    assert.is(receiver.received, sent);
    assert.not.ok(roots().some(({ name }) => name === 'request'));
    includes(await doctor(), 'sparse');
    // an exploration is marked with root: 'always'
    receiver.clear();
    assert.is((await service.call('POST', '/v1/explore', {})).status, 200);
    await work();
    const outside = roots().filter(({ attributes }) => !String(attributes['code.namespace']).includes('component-manager'));
    assert.equal(
      outside.map(({ name }) => name.split('::').at(-1)),
      ['exploreSite'],
    );
  });
  receiver.clear();
  await withService('enabled = true\n', receiver.endpoint, async ({ work, doctor }) => {
    await work();
    assert.ok(roots().some(({ name }) => name === 'request'));
    lacks(await doctor(), 'sparse');
  });
});

test.run();
