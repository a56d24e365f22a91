// limit: 240 s
// `spanwright doctor` on services and Collectors: each row of the troubleshooting table of the tracing documents, made with real parts, found with
// its cause, and gone once the fix of the finding is applied. Then the other findings of a configuration or a running service.

import { createServer as createHttpServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { FindingName } from '../../cli/doctor/finding.js';
import { FINDINGS } from '../../cli/doctor/finding.js';
import { parseCommandLine } from '../../cli/parse.js';
import { loadConfiguration } from '../../runtime/config/load.js';
import { startReceiver } from '../../viewer/receiver/index.js';
import { forwardTo, OTELCOL, OtelCollector } from '../real/support/otel-collector.js';
import { freePorts } from '../real/support/program.js';
import { write } from './conformance/project.js';
import { compile, doctor, names, project, spanwright, TOKEN, withService } from './patient.js';

const ENDPOINT = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';

/** One project for all of these tests, which change nothing of it but its configuration. */
const directory = project();
compile(directory);

async function listening<S extends Server>(server: S): Promise<{ server: S; port: number }> {
  await new Promise((done) => server.listen(0, '127.0.0.1', () => done(undefined)));
  return { server, port: (server.address() as AddressInfo).port };
}

async function withReceiver(look: (endpoint: string) => Promise<void>): Promise<void> {
  const receiver = await startReceiver({ port: 0 });
  try {
    await look(receiver.endpoint);
  } finally {
    await receiver.close();
  }
}

test('no traces, endpoint is set: reports that tracing is disabled, until `set tracing-enabled true`', () =>
  withReceiver((endpoint) =>
    withService(directory, { [ENDPOINT]: endpoint, SITES: 'built' }, async (url) => {
      const before = await doctor(directory, TOKEN, { url });
      assert.equal(names(before), ['disabled'], before.text);
      assert.is(before.status, 0);
      const set = await spanwright(['set', 'tracing-enabled', 'true', '--for', '10m', '--url', url], TOKEN);
      assert.is(set.status, 0, set.err);
      const after = await doctor(directory, TOKEN, { url });
      assert.equal(names(after), [], after.text);
    }),
  ));

test('set tracing-enabled answers PermissionDenied: changes are refused', () =>
  withReceiver((endpoint) =>
    withService(directory, { [ENDPOINT]: endpoint, SITES: 'built', toml: 'allow_runtime_changes = false' }, async (url) => {
      const set = await spanwright(['set', 'tracing-enabled', 'true', '--url', url], TOKEN);
      assert.is(set.status, 1);
      assert.match(set.err, /PermissionDenied/i);
      const checked = await doctor(directory, TOKEN, { url });
      assert.equal(names(checked), ['disabled', 'changes-refused'], checked.text);
    }),
  ));

test('no traces, tracing is enabled: no endpoint, so that no exporter was built', async () => {
  await withService(directory, { toml: 'enabled = true', SITES: 'built' }, async (url) => {
    const checked = await doctor(directory, TOKEN, { url });
    assert.equal(names(checked), ['no-endpoint'], checked.text);
    assert.is(checked.status, 1);
  });
  await withReceiver((endpoint) =>
    withService(directory, { toml: `enabled = true\notlp_endpoint = "${endpoint}"`, SITES: 'built' }, async (url) => {
      assert.not.ok(names(await doctor(directory, TOKEN, { url })).includes('no-endpoint'));
    }),
  );
});

test('cannot connect, errors of TLS: https for plaintext, http for TLS, HTTP/1, port 4318, no scheme, nothing there', async () => {
  const http1 = await listening(createHttpServer((_request, response) => response.end('no')));
  const tls = await listening(createTlsServer(() => undefined));
  const [closed] = await freePorts(1);
  await withReceiver(async (endpoint) => {
    const cases: readonly (readonly [string, RegExp | undefined])[] = [
      [endpoint, undefined],
      [endpoint.replace('http:', 'https:'), /does not speak TLS; write http:/],
      [`http://127.0.0.1:${http1.port}`, /is an HTTP\/1 server, not gRPC/],
      [`http://127.0.0.1:${closed}`, /nothing listens at/],
      ['http://127.0.0.1:4318', /4318/],
      // without a scheme an address of the environment is TLS
      [endpoint.replace('http://', ''), /does not speak TLS; write http:/],
    ];
    for (const [written, message] of cases) {
      const checked = await doctor(directory, { [ENDPOINT]: written });
      assert.is(names(checked).includes('endpoint-wrong'), message !== undefined, checked.text);
      assert.is(checked.status, message === undefined ? 0 : 1, written);
      if (message === undefined) continue;
      const said = checked.findings.filter(({ name }) => name === 'endpoint-wrong').map(({ found }) => found);
      assert.match(said.join('\n'), message);
    }
  });
  http1.server.close();
  tls.server.close();
});

test('a Collector beside the service, and no traces: the endpoint is not set, or points elsewhere', () =>
  withReceiver(async (sidecar) => {
    const [closed] = await freePorts(1);
    const unset = await doctor(directory, {}, { sidecar });
    assert.ok(names(unset).includes('sidecar-unused'), unset.text);
    const elsewhere = await doctor(directory, { [ENDPOINT]: `http://127.0.0.1:${closed}` }, { sidecar });
    assert.ok(names(elsewhere).includes('sidecar-unused'), elsewhere.text);
    const used = await doctor(directory, { [ENDPOINT]: sidecar }, { sidecar });
    assert.not.ok(names(used).includes('sidecar-unused'), used.text);
    const absent = await doctor(directory, {}, { sidecar: `http://127.0.0.1:${closed}` });
    assert.not.ok(names(absent).includes('sidecar-unused'), absent.text);
  }));

test('traces reach the Collector but not the backend: its exporter fails, and its metrics show it', async () => {
  if (OTELCOL === undefined) return;
  const [closed] = await freePorts(1);
  for (const [exporters, finds] of [
    [forwardTo(`http://127.0.0.1:${closed}`), 'backend-fails'],
    [{}, undefined],
  ] as const) {
    const collector = await OtelCollector.start({ metrics: true, exporters, file: finds === undefined });
    try {
      const service = { [ENDPOINT]: collector.url, SITES: 'built', toml: 'enabled = true' };
      await withService(directory, service, async (url) => {
        const blind = await doctor(directory, TOKEN, { url });
        const seen = await waitedFor(() => doctor(directory, TOKEN, { url, 'collector-metrics': collector.metricsUrl }), finds);
        assert.is(names(seen).includes('backend-fails'), finds !== undefined, seen.text);
        // An exporter without a queue reports its failure to the service, too; with one, the service would see none.
        if (finds === undefined) assert.ok(names(blind).includes('backend-unknown'), blind.text);
        else assert.match(seen.text, /its exporters cannot deliver/);
      });
    } finally {
      await collector.remove();
    }
  }
  const unreached = await doctor(directory, {}, { 'collector-metrics': `http://127.0.0.1:${closed}` });
  assert.ok(names(unreached).includes('collector-unreached'), unreached.text);
});

/** The Collector counts after it has answered. */
async function waitedFor(look: () => ReturnType<typeof doctor>, name: FindingName | undefined): ReturnType<typeof doctor> {
  for (let tries = 0; ; tries++) {
    const checked = await look();
    const there = name === undefined ? /the Collector accepted [1-9]/.test(checked.text) : names(checked).includes(name);
    if (there || tries === 100) return checked;
    await new Promise((done) => setTimeout(done, 100));
  }
}

test('a spike of resources or latency: reports tracing that is on without an end, and no lease', () =>
  withReceiver((endpoint) =>
    withService(directory, { [ENDPOINT]: endpoint, SITES: 'built', toml: 'enabled = true' }, async (url) => {
      const left = await doctor(directory, TOKEN, { url });
      assert.equal(names(left), ['left-on', 'backend-unknown'], left.text);
      const set = await spanwright(['set', 'tracing-enabled', 'false', '--url', url], TOKEN);
      assert.is(set.status, 0, set.err);
      assert.not.ok(names(await doctor(directory, TOKEN, { url })).includes('left-on'));
    }),
  ));

test('spans arrive but request trees look sparse: roots and rules are named', () =>
  withReceiver((endpoint) =>
    withService(
      directory,
      { [ENDPOINT]: endpoint, SITES: 'built', toml: 'enabled = true\nroots = ["carbide"]\nrules = "carbide::db=off"' },
      async (url) => {
        const checked = await doctor(directory, TOKEN, { url });
        const sparse = checked.findings.find(({ name }) => name === 'sparse');
        assert.match(sparse?.found ?? '', /roots carbide; rules carbide::db=off/);
      },
    ),
  ));

const CONFIGURED: readonly { says: string; toml: string; finds: readonly FindingName[] }[] = [
  { says: 'an endpoint, and tracing off', toml: 'otlp_endpoint = "http://localhost:1"', finds: ['disabled', 'endpoint-wrong'] },
  { says: 'tracing on, and no endpoint', toml: 'enabled = true', finds: ['no-endpoint'] },
  { says: 'changes refused', toml: 'allow_runtime_changes = false', finds: ['no-endpoint-yet', 'changes-refused'] },
  { says: 'roots of one namespace', toml: 'roots = ["carbide"]', finds: ['no-endpoint-yet', 'sparse'] },
  { says: 'an unknown key', toml: 'enabld = true', finds: ['bad-configuration'] },
];

test('a malformed variable is reported, and the configuration is judged without it', async () => {
  const variable = { OTEL_BSP_MAX_QUEUE_SIZE: 'many' };
  assert.ok(names(await doctor(project(), variable)).includes('ignored-variable'));
  assert.not.ok(names(await doctor(project(), { OTEL_BSP_MAX_QUEUE_SIZE: '7' })).includes('ignored-variable'));
});

for (const { says, toml, finds } of CONFIGURED) {
  test(`without a service, the configuration is read as the service reads it: ${says}`, async () => {
    const configured = project();
    write(configured, 'tracing.toml', `[tracing]\n${toml}\n`);
    const found = names(await doctor(configured)).filter((name) => name !== 'unreached' && name !== 'not-built');
    assert.equal(found, finds);
  });
}

test('reports a running service with untransformed sites, without sites, or with failing exports', async () => {
  const [closed] = await freePorts(1);
  const on = { toml: 'enabled = true', [ENDPOINT]: `http://127.0.0.1:${closed}` };
  await withService(directory, { ...on, SITES: 'plain' }, async (url) => {
    const found = names(await doctor(directory, TOKEN, { url }));
    assert.ok(found.includes('plain-sites'));
    assert.ok(found.includes('endpoint-wrong'));
  });
  const full = { OTEL_BSP_MAX_QUEUE_SIZE: '2', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1' };
  await withService(directory, { ...on, ...full, SITES: 'built' }, async (url) => {
    const found = names(await doctor(directory, TOKEN, { url }));
    assert.ok(found.includes('delivery-fails'));
    assert.not.ok(found.includes('plain-sites'));
  });
  await withService(directory, {}, async (url) => {
    const found = names(await doctor(directory, TOKEN, { url }));
    assert.equal(found, ['no-endpoint-yet', 'no-sites']);
  });
});

test('--pid reads directory and variables of the process, not those of the shell, and masks secrets', () =>
  withReceiver(async (endpoint) => {
    const variables = {
      [ENDPOINT]: endpoint,
      OTEL_SERVICE_NAME: 'user-svc',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20hidden-1',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://me:hidden-2@collector:4317/?key=hidden-3',
      SPANWRIGHT_ADMIN_TOKEN: 'hidden-4-of-32-characters-or-more',
      PGPASSWORD: 'hidden-5',
    };
    await withService(directory, { ...variables, CONFIG: '', SITES: 'built' }, async (_url, pid) => {
      const shell = { [ENDPOINT]: 'http://127.0.0.1:9', OTEL_SERVICE_NAME: 'shell' };
      const { findings, text } = await doctor(undefined, shell, { pid });
      const found = findings.map((one) => one.found);
      for (const shown of [
        `${ENDPOINT}=${endpoint}`,
        'OTEL_SERVICE_NAME=user-svc',
        'OTEL_EXPORTER_OTLP_HEADERS=***',
        'OTEL_EXPORTER_OTLP_ENDPOINT=http://***@collector:4317/?***',
        'SPANWRIGHT_ADMIN_TOKEN=***',
      ])
        assert.ok(found.includes(`process ${pid} has ${shown}`), text);
      assert.ok(
        found.some((one) => one.startsWith(`the endpoint ${endpoint.replace('http://', '')}`)),
        text,
      );
      assert.not.match(text, /hidden|PGPASSWORD|=shell/);
      const plain = await doctor(undefined, shell, {});
      assert.not.match(plain.text, /user-svc/);
    });
  }));

test('--pid of no process is refused; a hook of another process than --pid is reported', async () => {
  const nobody = await spanwright(['doctor', directory, '--pid', '4194999']);
  assert.equal([nobody.status, nobody.err.trim()], [1, 'spanwright: There is no process 4194999.']);
  await withService(directory, { SITES: 'built' }, async (url, pid) => {
    const own = await doctor(directory, TOKEN, { url, pid });
    assert.not.ok(names(own).includes('other-service'), own.text);
    const other = await doctor(directory, TOKEN, { url, pid: process.pid });
    assert.ok(
      other.findings.some(({ found }) => found.endsWith(`pid ${pid}, answers; --pid is ${process.pid}`)),
      other.text,
    );
  });
});

for (const { what, environment, line } of [
  { what: 'a provider of its own', environment: { PROVIDER: 'alone' }, line: /^SPW030 .*createSampler\(\)/ },
  {
    what: 'a propagator without traceparent',
    environment: { PROPAGATOR: 'sentry-trace,baggage' },
    line: /^SPW034 .*W3CTraceContextPropagator/,
  },
  {
    what: 'createSampler() and no provider',
    environment: { PROVIDER: 'none', toml: 'enabled = true' },
    line: /^SPW035 .*startTracing\(\)/,
  },
])
  test(`a service with ${what}: doctor repeats the logged line with its remedy`, () =>
    withService(directory, { SITES: 'built', [ENDPOINT]: 'http://127.0.0.1:9', ...environment }, async (url) => {
      const { findings } = await doctor(directory, TOKEN, { url });
      const other = findings.filter(({ name }) => name === 'other-tracing').map(({ found }) => found);
      assert.is(other.filter((found) => line.test(found ?? '')).length, 1, other.join('\n'));
    }));

test('startTracing({ enabled: true }) without an endpoint: reports that no span is exported, and how to set one', () =>
  withService(directory, { SITES: 'built', toml: 'enabled = true' }, async (url) => {
    const { findings } = await doctor(directory, TOKEN, { url });
    assert.match(findings.find(({ name }) => name === 'no-endpoint')?.fix ?? '', /otlp_endpoint/);
  }));

test('a service of another project is named; it is examined only when its address was given', () =>
  withService(directory, { toml: 'enabled = true' }, async (url) => {
    const configured = project();
    write(configured, 'tracing.toml', '[tracing]\nservice_name = "billing"\notlp_endpoint = "http://localhost:1"\n');
    const named = await doctor(configured, TOKEN, { url });
    assert.match(
      named.findings.find(({ name }) => name === 'other-service')?.found ?? '',
      /patient, pid \d+, answers; this project is billing/,
    );
    assert.ok(names(named).includes('no-endpoint'), 'the service has none');
    write(configured, 'tracing.toml', '[tracing]\nservice_name = "patient"\n');
    assert.not.ok(names(await doctor(configured, TOKEN, { url })).includes('other-service'));
    write(configured, 'tracing.toml', '[tracing]\nenabled = true\n');
    assert.not.ok(names(await doctor(configured, TOKEN, { url })).includes('other-service'), 'a project without a name');
  }));

test('without a service_name, the service at the default address is examined only if its process runs in the project', () =>
  withService(directory, { toml: 'enabled = true', PORT: '9465' }, async (url, pid) => {
    const shell = { ...TOKEN, SPANWRIGHT_ADMIN_URL: '' };
    const own = await doctor(directory, shell);
    assert.ok(
      own.findings.some(({ found }) => found === `the service patient, pid ${pid}, answers`),
      own.text,
    );
    assert.not.ok(names(own).includes('other-service'), own.text);
    const elsewhere = project();
    const unknown = await doctor(elsewhere, shell);
    assert.is(
      unknown.findings.find(({ name }) => name === 'other-service')?.found,
      `patient, pid ${pid}, answers; whether it is the service of this project could not be checked, because the project has no service_name`,
    );
    assert.not.ok(names(unknown).includes('no-endpoint'), 'tracing is on there, without an endpoint');
    assert.ok(names(await doctor(elsewhere, shell, { url })).includes('no-endpoint'), 'its address was given');
    assert.ok(names(await doctor(elsewhere, shell, { pid })).includes('no-endpoint'), 'its process was given');
  }));

test('the configuration accepts every setting that a fix names', () => {
  let tried = 0;
  for (const [name, { fix, cause }] of Object.entries(FINDINGS)) {
    for (const [, setting] of `${fix} ${cause}`.matchAll(/(?:\[tracing\] )?\b([a-z_]+ = (?:"[^"]*"|true|false|\d+))/gu)) {
      const folder = project();
      write(folder, 'tracing.toml', `[tracing]\n${setting}\n`);
      assert.not.throws(() => loadConfiguration({ env: {}, cwd: folder }), `${name}: ${setting}`);
      tried += 1;
    }
    for (const [, command] of fix.matchAll(/spanwright (set [a-z-]+ (?:true|false)(?: --for \w+)?)/gu)) {
      assert.ok(parseCommandLine((command as string).split(' ')).command !== undefined, command);
      tried += 1;
    }
  }
  assert.ok(tried >= 6, `${tried} were tried`);
});

test.run();
