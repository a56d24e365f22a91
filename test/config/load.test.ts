// Loading the configuration from real files, an environment and options: precedence, provenance, and every fault by its own
// message. Each fault has its negative twin: the same place with a good value.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type LoadedConfiguration, loadConfiguration } from '../../runtime/config/load.js';
import type { TracingOptions } from '../../runtime/config/options.js';
import { ConfigurationError } from '../../runtime/errors.js';

const base = mkdtempSync(join(tmpdir(), 'spanwright-config-'));
test.after(() => rmSync(base, { recursive: true, force: true }));
let count = 0;

interface Given {
  toml?: string;
  env?: NodeJS.ProcessEnv;
  options?: TracingOptions | Record<string, unknown>;
}

function load({ toml, env = {}, options = {} }: Given): LoadedConfiguration {
  const cwd = join(base, String(count++));
  mkdirSync(cwd);
  if (toml !== undefined) writeFileSync(join(cwd, 'tracing.toml'), toml);
  return loadConfiguration({ options: options as TracingOptions, env, cwd });
}

function faultsOf(given: Given): readonly string[] {
  try {
    load(given);
  } catch (error) {
    if (error instanceof ConfigurationError) {
      for (const fault of error.faults) assert.ok(error.message.includes(fault), 'the message holds every fault');
      return error.faults;
    }
    throw error;
  }
  return [];
}

function origin(loaded: LoadedConfiguration, key: string): [source: string, origin: string] {
  const value = loaded.values.find((row) => row.key === key);
  if (!value) throw new Error(`no provenance for ${key}`);
  return [value.source, value.origin];
}

test('without settings, all values are defaults, tracing is off and no pipeline is built', () => {
  const { configuration, values } = load({});
  assert.is(configuration.enabled, false);
  assert.is(configuration.endpoint, null);
  assert.is(configuration.allowRuntimeChanges, true);
  assert.is(configuration.maxSpanAge, 600_000);
  assert.is(configuration.roots, '*');
  assert.is(configuration.rules, '');
  assert.is(configuration.configFile, null);
  assert.ok(values.length > 20);
  assert.ok(values.every((value) => value.source === 'default'));
});

test('a file in the working directory is read, and only its [tracing] section', () => {
  const loaded = load({
    toml: '[server]\nport = 80\nenabled = "never"\n\n[tracing]\notlp_endpoint = "http://collector:4317"\nenabled = true\nmax_span_age = "2m"\n',
  });
  assert.is(loaded.configuration.endpoint, 'http://collector:4317');
  assert.is(loaded.configuration.enabled, true);
  assert.is(loaded.configuration.maxSpanAge, 120_000);
  assert.equal(origin(loaded, 'enabled'), ['file', 'tracing.toml:7:1 [tracing] enabled']);
});

test('code has precedence over the environment and the environment over the file, and each value names its source', () => {
  const toml = '[tracing]\nservice_name = "from-file"\nmax_open_spans = 7\n';
  const env = { OTEL_SERVICE_NAME: 'from-env', SPANWRIGHT_MAX_OPEN_SPANS: '8' };
  const loaded = load({ toml, env, options: { serviceName: 'from-code' } });
  assert.is(loaded.configuration.serviceName, 'from-code');
  assert.equal(origin(loaded, 'service_name'), ['code', 'startTracing() serviceName']);
  assert.is(loaded.configuration.maxOpenSpans, 8);
  assert.equal(origin(loaded, 'max_open_spans'), ['environment', 'SPANWRIGHT_MAX_OPEN_SPANS']);
  assert.is(load({ toml }).configuration.serviceName, 'from-file');
});

test('the traces endpoint variable has precedence over the generic one, and both over the file', () => {
  const toml = '[tracing]\notlp_endpoint = "http://file:4317"\n';
  const generic = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://generic:4317' };
  const both = { ...generic, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://traces:4317' };
  assert.is(load({ toml, env: both }).configuration.endpoint, 'http://traces:4317');
  const second = load({ toml, env: generic });
  assert.is(second.configuration.endpoint, 'http://generic:4317');
  assert.ok(second.configuration.endpointIsGeneric);
  assert.is(load({ toml }).configuration.endpoint, 'http://file:4317');
});

test('an empty variable counts as unset, and so does an empty endpoint in the file', () => {
  const toml = '[tracing]\notlp_endpoint = "http://file:4317"\n';
  const env = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '', OTEL_EXPORTER_OTLP_ENDPOINT: '   ', SPANWRIGHT_ENABLED: '' };
  assert.is(load({ toml, env }).configuration.endpoint, 'http://file:4317');
  assert.is(load({ toml: '[tracing]\notlp_endpoint = ""\n' }).configuration.endpoint, null);
});

test('SPANWRIGHT_CONFIG names the file, and the option configFile has precedence over it', () => {
  const one = join(base, 'one.toml');
  const two = join(base, 'two.toml');
  writeFileSync(one, '[tracing]\nservice_name = "one"\n');
  writeFileSync(two, '[tracing]\nservice_name = "two"\n');
  const env = { SPANWRIGHT_CONFIG: one };
  assert.is(load({ toml: '[tracing]\nservice_name = "default"\n', env }).configuration.serviceName, 'one');
  assert.is(load({ env, options: { configFile: two } }).configuration.serviceName, 'two');
});

test('OTEL_SDK_DISABLED=true turns tracing off regardless of all other settings', () => {
  const on = { enabled: true, endpoint: 'http://c:4317' };
  const disabled = load({ env: { OTEL_SDK_DISABLED: 'TRUE' }, options: on });
  assert.is(disabled.configuration.disabled, true);
  assert.is(disabled.configuration.enabled, false);
  assert.equal(origin(disabled, 'enabled'), ['environment', 'OTEL_SDK_DISABLED']);
  assert.is(load({ env: { OTEL_SDK_DISABLED: 'false' }, options: on }).configuration.enabled, true);
});

test('resource attributes of all sources are merged; the higher source has precedence for one attribute', () => {
  const { configuration, ...loaded } = load({
    toml: '[tracing.resource]\ndeployment.environment.name = "lab"\nrack = 7\n"cloud.region" = "eu"\n',
    env: { OTEL_RESOURCE_ATTRIBUTES: 'cloud.region=us%2Fwest,team=a' },
    options: { resource: { team: 'b' } },
  });
  assert.equal(
    { ...configuration.resource },
    { 'deployment.environment.name': 'lab', rack: 7, 'cloud.region': 'us/west', team: 'b' },
  );
  const [source, from] = origin({ configuration, ...loaded }, 'resource');
  assert.is(source, 'code');
  assert.match(from, /tracing\.toml:1:1.*; OTEL_RESOURCE_ATTRIBUTES; startTracing\(\) resource/u);
});

test('service.name of the resource attributes is used only without a service name', () => {
  const env = { OTEL_RESOURCE_ATTRIBUTES: 'service.name=billing' };
  assert.is(load({ env }).configuration.serviceName, 'billing');
  assert.is(load({ env: { ...env, OTEL_SERVICE_NAME: 'orders' } }).configuration.serviceName, 'orders');
});

test('headers and credentials are not shown in the provenance, but are in the configuration', () => {
  const { configuration, values } = load({
    env: {
      OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20hunter2',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://u:hunter2@c:4317',
    },
  });
  assert.is(configuration.otlpHeaders.authorization, 'Bearer hunter2');
  assert.not.match(JSON.stringify(values), /hunter2/u);
  assert.is(values.find(({ key }) => key === 'otlp_headers')?.value, '***');
});

test('patterns of scopes are shown whole, and an address without its credentials', () => {
  const drop = 'scope:@acme/db, scope:@acme/net';
  const { values } = load({ options: { drop, endpoint: 'http://ann:pass@collector:4317' } });
  const shown = (name: string) => values.find(({ key }) => key === name)?.value;
  assert.is(shown('drop'), drop);
  assert.is(shown('otlp_endpoint'), 'http://***@collector:4317');
});

test('rules, roots and drop are taken as text or list and kept in normal form', () => {
  const { configuration } = load({
    toml: '[tracing]\nroots = ["carbide", "kind:server"]\nrules = "carbide::db = off,carbide::api=0.10"\n',
  });
  assert.is(configuration.roots, 'carbide, kind:server');
  assert.is(configuration.rules, 'carbide::db=off, carbide::api=0.1');
});

test('keep and instrumentations are taken as tables', () => {
  const { configuration } = load({
    toml: '[tracing]\ninstrumentations = ["http", "pg"]\n[tracing.keep]\nerrors = true\nslower_than = "500ms"\nratio = 0.05\n',
  });
  assert.equal(configuration.keep, { errors: true, slowerThan: 500, ratio: 0.05, maxSpans: 20_000, maxTraces: 2000 });
  assert.equal({ ...configuration.instrumentations }, { http: true, pg: true });
  assert.equal(load({ options: { keep: { slowerThan: '1s' } } }).configuration.keep, {
    errors: true,
    slowerThan: 1000,
    ratio: 0,
    maxSpans: 20_000,
    maxTraces: 2000,
  });
  assert.is(load({}).configuration.keep, null);
});

test('resource detectors are taken as text or list and kept in normal form', () => {
  const read = (given: Given): string => load(given).configuration.resourceDetectors;
  assert.is(read({}), 'all');
  assert.is(read({ env: { OTEL_NODE_RESOURCE_DETECTORS: ' process , env,process' } }), 'env, process');
  assert.is(read({ toml: '[tracing]\nresource_detectors = ["host", "all"]\n' }), 'all');
  assert.is(read({ options: { resourceDetectors: 'none' }, env: { OTEL_NODE_RESOURCE_DETECTORS: 'host' } }), 'none');
  assert.is(read({ env: { OTEL_NODE_RESOURCE_DETECTORS: '' } }), 'all');
});

test('the configuration cannot be changed afterwards', () => {
  const { configuration, values } = load({ env: { OTEL_RESOURCE_ATTRIBUTES: 'a=b' } });
  for (const part of [configuration, configuration.resource, configuration.spanProcessors, values, values[0]])
    assert.ok(Object.isFrozen(part));
});

// --- faults: what is given, what the one fault must say, and the twin that is accepted ---

/** Faults of the environment warn; those of the file and of code refuse the start. */
interface FaultCase {
  name: string;
  bad: Given;
  says: RegExp;
  good: Given;
}

const CASES: FaultCase[] = [
  {
    name: 'a TOML file that cannot be parsed names file, line, column and what',
    bad: { toml: '[tracing]\nenabled = true\notlp_endpoint = http://c:4317\n' },
    says: /^tracing\.toml:3:\d+: not valid TOML: .{5,}\.$/u,
    good: { toml: '[tracing]\nenabled = true\notlp_endpoint = "http://c:4317"\n' },
  },
  {
    name: 'an unknown key in the file names place and nearest key',
    bad: { toml: 'title = "x"\n\n[tracing]\n  enabeld = true\n' },
    says: /^tracing\.toml:4:3: unknown key "enabeld" in \[tracing\]\. Did you mean "enabled"\?$/u,
    good: { toml: 'title = "x"\n\n[tracing]\n  enabled = true\n' },
  },
  {
    name: 'an option name used in the file is answered with the key',
    bad: { toml: '[tracing]\nendpoint = "http://c:4317"\n' },
    says: /^tracing\.toml:2:1: unknown key "endpoint" in \[tracing\]\. Did you mean "otlp_endpoint"\?$/u,
    good: { toml: '[tracing]\notlp_endpoint = "http://c:4317"\n' },
  },
  {
    name: 'an unknown key without a near match is answered with the page that lists all keys',
    bad: { toml: '[tracing]\nqqqqqqqqqq = 1\n' },
    says: /unknown key "qqqqqqqqqq" in \[tracing\]\. docs\/configuration\.md lists all\.$/u,
    good: { toml: '[tracing]\n' },
  },
  {
    name: 'a key that is a name of Object.prototype is unknown like any other',
    bad: { toml: '[tracing]\nconstructor = 1\n' },
    says: /^tracing\.toml:2:1: unknown key "constructor"/u,
    good: { toml: '[constructor]\nconstructor = 1\n' },
  },
  {
    name: 'a section that is no table',
    bad: { toml: 'tracing = true\n' },
    says: /^tracing\.toml: tracing must be a table, written \[tracing\]; found the boolean true\.$/u,
    good: { toml: 'tracing = { enabled = true }\n' },
  },
  {
    name: 'a wrong type in the file names what was found and expected',
    bad: { toml: '[tracing]\nenabled = "yes"\n' },
    says: /^tracing\.toml:2:1 \[tracing\] enabled: must be a boolean \(true or false\); found the string "yes"\.$/u,
    good: { toml: '[tracing]\nenabled = true\n' },
  },
  {
    name: 'a place inside a multi-line string is not taken for the key',
    bad: { toml: '[tracing]\nrules = """\nenabled = 1\n"""\nenabled = 1\n' },
    says: /^tracing\.toml:5:1 \[tracing\] enabled: must be/u,
    good: { toml: '[tracing]\nrules = """\nenabled = 1\n"""\nenabled = true\n' },
  },
  {
    name: 'a list where a string belongs',
    bad: { toml: '[tracing]\notlp_endpoint = ["a"]\n' },
    says: /otlp_endpoint: must be a string; found an array\.$/u,
    good: { toml: '[tracing]\notlp_endpoint = "a"\n' },
  },
  {
    name: 'a float where an integer belongs',
    bad: { toml: '[tracing]\nmax_open_spans = 1.5\n' },
    says: /max_open_spans: must be an integer from 1 to 1000000; found the number 1\.5\.$/u,
    good: { toml: '[tracing]\nmax_open_spans = 1\n' },
  },
  {
    name: 'an integer out of range from the environment',
    bad: { env: { OTEL_BSP_MAX_QUEUE_SIZE: '16385' } },
    says: /^OTEL_BSP_MAX_QUEUE_SIZE: must be an integer from 1 to 16384; found the string "16385"\.$/u,
    good: { env: { OTEL_BSP_MAX_QUEUE_SIZE: '16384' } },
  },
  {
    name: 'a batch greater than the queue',
    bad: { env: { OTEL_BSP_MAX_QUEUE_SIZE: '100', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '101' } },
    says: /^OTEL_BSP_MAX_EXPORT_BATCH_SIZE: max_export_batch_size must be at most max_queue_size; found 101 and 100 \(OTEL_BSP_MAX_QUEUE_SIZE\)\.$/u,
    good: { env: { OTEL_BSP_MAX_QUEUE_SIZE: '100', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '100' } },
  },
  {
    name: 'a schedule delay under the floor of the variable, which is lower in a file',
    bad: { env: { OTEL_BSP_SCHEDULE_DELAY: '99' } },
    says: /^OTEL_BSP_SCHEDULE_DELAY: must be a duration .* from 100ms to 10s; found the string "99"\.$/u,
    good: {
      toml: '[tracing]\nschedule_delay = "10ms"\n',
      env: { OTEL_BSP_SCHEDULE_DELAY: '100' },
      options: { scheduleDelay: 10 },
    },
  },
  {
    name: 'a duration with an unknown unit',
    bad: { options: { maxSpanAge: '10 minutes' } },
    says: /^startTracing\(\) maxSpanAge: must be a duration such as 500ms.*found the string "10 minutes"\.$/u,
    good: { options: { maxSpanAge: '10 m' } },
  },
  {
    name: 'a boolean from the environment that is neither true nor false',
    bad: { env: { SPANWRIGHT_ENABLED: 'yes' } },
    says: /^SPANWRIGHT_ENABLED: must be a boolean \(true or false\); found the string "yes"\.$/u,
    good: { env: { SPANWRIGHT_ENABLED: 'True' } },
  },
  {
    name: 'a word outside a closed list names the nearest',
    bad: { options: { remoteParent: 'ignored' } },
    says: /remoteParent: must be one of "accept", "ignore"; found the string "ignored"\. Did you mean "ignore"\?$/u,
    good: { options: { remoteParent: 'ignore' } },
  },
  {
    name: 'a rule that the gate does not understand names the token',
    bad: { env: { SPANWRIGHT_RULES: 'carbide::db=of' } },
    says: /^SPANWRIGHT_RULES: "carbide::db=of": "of" is not a verdict; expected on, off, trace, debug, info or a ratio from 0 to 1\.$/u,
    good: { env: { SPANWRIGHT_RULES: 'carbide::db=off' } },
  },
  {
    name: 'an unknown option in code names the nearest',
    bad: { options: { serviceNme: 'x' } },
    says: /^startTracing\(\): unknown option "serviceNme"\. Did you mean "serviceName"\?$/u,
    good: { options: { serviceName: 'x' } },
  },
  {
    name: 'a key of the file used as an option is answered with the option',
    bad: { options: { otlp_endpoint: 'http://c:4317' } },
    says: /unknown option "otlp_endpoint"\. Did you mean "endpoint"\?$/u,
    good: { options: { endpoint: 'http://c:4317' } },
  },
  {
    name: 'an option that is undefined is not given, one that is null is of the wrong type',
    bad: { options: { serviceName: null } },
    says: /serviceName: must be a string that is not empty; found null\.$/u,
    good: { options: { serviceName: undefined } },
  },
  {
    name: 'an invalid exporter',
    bad: { options: { exporter: { export: true } } },
    says: /^startTracing\(\): exporter must be a SpanExporter \(an object with export\(\) and shutdown\(\)\); found an object\.$/u,
    good: { options: { exporter: { export() {}, async shutdown() {} } } },
  },
  {
    name: 'an invalid span processor',
    bad: { options: { spanProcessors: [{}] } },
    says: /spanProcessors must be a list of SpanProcessors/u,
    good: { options: { spanProcessors: [{ onStart() {}, onEnd() {}, async forceFlush() {}, async shutdown() {} }] } },
  },
  {
    name: 'a resource detector of a name near to a known one',
    bad: { env: { OTEL_NODE_RESOURCE_DETECTORS: 'host,proces' } },
    says: /^OTEL_NODE_RESOURCE_DETECTORS: has "proces"; expected "all", "none", "env", .*; those of other packages are given in code \(extraResourceDetectors\)\. Did you mean "process"\?$/u,
    good: { env: { OTEL_NODE_RESOURCE_DETECTORS: 'host, process,' } },
  },
  {
    name: 'a resource detector of another package, given by name',
    bad: { options: { resourceDetectors: ['host', 'aws'] } },
    says: /^startTracing\(\) resourceDetectors: has "aws"; expected .*; those of other packages are given in code \(extraResourceDetectors\)\.( Did you mean "\w+"\?)?$/u,
    good: { options: { resourceDetectors: ['host'], extraResourceDetectors: [{ detect: () => ({}) }] } },
  },
  {
    name: 'no resource detectors and some',
    bad: { toml: '[tracing]\nresource_detectors = ["none", "host"]\n' },
    says: /resource_detectors: has "none" beside other names; "none" must be the only one\.$/u,
    good: { toml: '[tracing]\nresource_detectors = ["none"]\n' },
  },
  {
    name: 'an invalid list of resource detectors',
    bad: { toml: '[tracing]\nresource_detectors = 3\n' },
    says: /resource_detectors: must be "all", "none", or some of .*; found the number 3\.$/u,
    good: { toml: '[tracing]\nresource_detectors = "all"\n' },
  },
  {
    name: 'an invalid extra resource detector',
    bad: { options: { extraResourceDetectors: ['aws'] } },
    says: /extraResourceDetectors must be a list of ResourceDetectors \(objects with detect\(\)\); found an array\.$/u,
    good: { options: { extraResourceDetectors: [] } },
  },
  {
    name: 'a configuration file that was given and is not there',
    bad: { options: { configFile: 'nowhere.toml' } },
    says: /^nowhere\.toml: there is no such file; correct the path \(configFile or SPANWRIGHT_CONFIG\) or write the file\.$/u,
    good: {},
  },
  {
    name: 'a directory given as the file',
    bad: { env: { SPANWRIGHT_CONFIG: '.' } },
    says: /^\.: this is a directory; expected a TOML file\.$/u,
    good: { env: { SPANWRIGHT_CONFIG: ' ' } },
  },
  {
    name: 'a resource attribute of a type that attributes cannot have',
    bad: { toml: '[tracing.resource]\nbuilt = 2024-01-01\n' },
    says: /resource: has the attribute "built" with a date; it must be a table of attributes/u,
    good: { toml: '[tracing.resource]\nbuilt = "2024-01-01"\n' },
  },
  {
    name: 'resource attributes of the environment without an equals sign',
    bad: { env: { OTEL_RESOURCE_ATTRIBUTES: 'a=1,lab' } },
    says: /^OTEL_RESOURCE_ATTRIBUTES: entry 2 has no "=" after a key; expected key=value,key=value\.$/u,
    good: { env: { OTEL_RESOURCE_ATTRIBUTES: 'a=1,lab=' } },
  },
  {
    name: 'an unknown key of keep names the nearest',
    bad: { toml: '[tracing.keep]\nslowerthan = "1s"\n' },
    says: /keep: has the unknown key "slowerthan"\. Did you mean "slower_than"\?$/u,
    good: { toml: '[tracing.keep]\nslower_than = "1s"\n' },
  },
  {
    name: 'a ratio of keep above 1',
    bad: { options: { keep: { ratio: 5 } } },
    says: /keep: has ratio with the number 5; it must be a number from 0 to 1\.$/u,
    good: { options: { keep: { ratio: 1 } } },
  },
  {
    name: 'instrumentations of a wrong type',
    bad: { toml: '[tracing.instrumentations]\nhttp = 3\n' },
    says: /instrumentations: has "http" with the number 3; it must be true, false or a table of options\.$/u,
    good: { toml: '[tracing.instrumentations]\nhttp = { ignore = ["/health"] }\npg = true\n' },
  },
  {
    name: 'a metric name that Prometheus does not allow',
    bad: { options: { openSpansMetric: 'carbide.spans' } },
    says: /openSpansMetric: must be a Prometheus metric name .*; found the string "carbide\.spans"\.$/u,
    good: { options: { openSpansMetric: 'carbide_api_tracing_spans_open' } },
  },
  {
    name: 'a client certificate without its key',
    bad: { env: { OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: '/c.pem' } },
    says: /^OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: otlp_client_certificate and otlp_client_key must be given together; the other one is not set\.$/u,
    good: { env: { OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: '/c.pem', OTEL_EXPORTER_OTLP_CLIENT_KEY: '/k.pem' } },
  },
  {
    name: 'an invalid header name, without showing its value',
    bad: { env: { OTEL_EXPORTER_OTLP_HEADERS: 'my token=hunter2' } },
    says: /^OTEL_EXPORTER_OTLP_HEADERS: entry 1 has a name that is not a header name\.$/u,
    good: { env: { OTEL_EXPORTER_OTLP_HEADERS: 'my-token=hunter2' } },
  },
  {
    name: 'a header of the connection, which HTTP/2 refuses',
    bad: { options: { otlpHeaders: { Connection: 'close' } } },
    says: /^startTracing\(\) otlpHeaders: has the header "connection", which the connection sets itself\.$/u,
    good: { options: { otlpHeaders: { 'x-connection': 'close' } } },
  },
];

assert.ok(CASES.length > 0, 'the suite has cases');
for (const { name, bad, says, good } of CASES) {
  test(`fault: ${name}`, () => {
    const fromEnvironment = bad.env !== undefined && bad.env.SPANWRIGHT_CONFIG === undefined;
    const faults = fromEnvironment ? load(bad).warnings : faultsOf(bad);
    assert.is(faults.length, 1, faults.join('\n'));
    assert.match(faults[0] as string, says);
    assert.equal(faultsOf(good), []);
    assert.equal(load(good).warnings, []);
  });
}

test('all faults are collected, including a bad value that a higher source overrides', () => {
  const faults = faultsOf({
    toml: '[tracing]\nenabled = 3\nservice_nam = "x"\n',
    env: { OTEL_BSP_MAX_QUEUE_SIZE: '0', SPANWRIGHT_ENABLED: 'true' },
    options: { otlpProtocol: 'udp' },
  });
  assert.is(faults.length, 3, faults.join('\n'));
});

test('a default batch limit is lowered to a smaller queue instead of being an error', () => {
  const loaded = load({ options: { maxQueueSize: 100 } });
  assert.is(loaded.configuration.maxExportBatchSize, 100);
});

test('a file beyond the size limit is refused without being parsed', () => {
  const faults = faultsOf({ toml: `# ${'x'.repeat(1024 * 1024)}\n` });
  assert.match(faults[0] as string, /at most 1048576 are read; expected a TOML file\.$/u);
});

test('a configuration file that never ends is refused at once; one below /proc, whose size is unknown, is read', () => {
  const pipe = join(base, 'pipe.toml');
  execFileSync('mkfifo', [pipe]);
  for (const configFile of [pipe, '/dev/zero']) {
    for (const named of [{ options: { configFile } }, { env: { SPANWRIGHT_CONFIG: configFile } }]) {
      const [fault] = faultsOf(named);
      assert.match(fault as string, /cannot be used: it is not a regular file; expected a TOML file/);
    }
  }
  if (existsSync('/proc/self/comm')) assert.match(faultsOf({ options: { configFile: '/proc/self/comm' } })[0] as string, /TOML/);
});

test.run();
