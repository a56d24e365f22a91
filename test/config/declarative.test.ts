// OpenTelemetry's declarative configuration (OTEL_CONFIG_FILE) as values of the key table: meaning of each part, substitution,
// places of faults, precedence. The example of the page is read. It and each part fit the published schema.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { type LoadedConfiguration, loadConfiguration } from '../../runtime/config/load.js';
import type { TracingOptions } from '../../runtime/config/options.js';
import { ConfigurationError } from '../../runtime/errors.js';
import { instrument, startTracing } from '../../runtime/index.js';
import { setNoticeLogger } from '../../runtime/warnings.js';
import { Collector } from '../setup/collector.js';

const base = mkdtempSync(join(tmpdir(), 'spanwright-declarative-'));
test.after(() => rmSync(base, { recursive: true, force: true }));
let count = 0;

interface Given {
  env?: NodeJS.ProcessEnv;
  options?: TracingOptions;
  toml?: string;
}

/** Loads a file `otel.yaml` that OTEL_CONFIG_FILE names. */
function load(yaml: string, { env = {}, options = {}, toml }: Given = {}): LoadedConfiguration {
  const cwd = join(base, String(count++));
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'otel.yaml'), yaml);
  if (toml !== undefined) writeFileSync(join(cwd, 'tracing.toml'), toml);
  return loadConfiguration({ options, env: { OTEL_CONFIG_FILE: 'otel.yaml', ...env }, cwd });
}

/** The file with a tracer provider that exports, and the given lines. */
const file = (more = ''): string => `file_format: "1.1"\n${PROVIDER}${more}`;
const PROVIDER = `tracer_provider:
  processors:
    - batch:
        exporter:
          otlp_grpc:
`;

function faultsOf(yaml: string, given: Given = {}): readonly string[] {
  try {
    load(yaml, given);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  return [];
}

const valuesOf = (loaded: LoadedConfiguration): Record<string, unknown> =>
  Object.fromEntries(loaded.values.filter(({ source }) => source === 'file').map(({ key, value }) => [key, value]));

const EXAMPLE = /```yaml\n([\s\S]*?)```/u.exec(
  readFileSync(join(__dirname, '../../docs/declarative-configuration.md'), 'utf8'),
)?.[1] as string;

const { default: fitsSchema } = require('@opentelemetry/configuration/build/src/generated/validator.js');

test('the example of the page fits the published schema, and one with a wrong name does not', () => {
  assert.ok(fitsSchema(parse(EXAMPLE)), JSON.stringify(fitsSchema.errors));
  assert.not.ok(fitsSchema(parse(EXAMPLE.replace('processors:', 'procesors:'))));
});

test('the example of the page is read', () => {
  const loaded = load(EXAMPLE, { env: { COLLECTOR_TOKEN: 's3cret' } });
  assert.equal(valuesOf(loaded), {
    service_name: 'power-control',
    resource: { 'service.name': 'power-control', 'deployment.environment.name': 'development' },
    resource_detectors: 'none',
    propagators: 'tracecontext, baggage',
    traces_exporter: 'otlp',
    otlp_protocol: 'grpc',
    otlp_endpoint: 'http://otel-collector:4317',
    otlp_headers: '***',
    schedule_delay: 1000,
    enabled: false,
    roots: 'acme::power, kind:server',
    rules: 'acme::power::db=off',
    keep: loaded.configuration.keep,
    max_span_age: 300_000,
    allow_capture: 'acme::power',
  });
  assert.is(loaded.configuration.otlpHeaders.authorization, 'Bearer s3cret');
  assert.is(loaded.configuration.keep?.slowerThan, 250);
  const origins = Object.fromEntries(loaded.values.map(({ key, origin }) => [key, origin]));
  assert.match(origins.schedule_delay as string, /^otel\.yaml:15:25 tracer_provider\.processors\[0\]\.batch\.schedule_delay$/);
  assert.match(origins.max_span_age as string, /^otel\.yaml:\d+:\d+ distribution\.spanwright\.max_span_age$/);
  assert.equal(loaded.notFollowed, []);
});

const LIMITS = `  limits:
    attribute_value_length_limit: 100
    attribute_count_limit: 10
    event_count_limit: 11
    link_count_limit: 12
    event_attribute_count_limit: 13
    link_attribute_count_limit: 14
`;

const PARTS: [what: string, yaml: string, expected: Record<string, unknown>][] = [
  ['without a tracer provider nothing is exported', 'file_format: "1.0"\n', { traces_exporter: 'none', propagators: 'none' }],
  ['disabled', file('disabled: true\n'), { disabled: true, enabled: false }],
  ['a level of the log', file('log_level: debug2\n'), { log_level: 'debug' }],
  ['the finest level', file('log_level: trace\n'), { log_level: 'verbose' }],
  [
    'attributes of the resource by type, a list below them',
    file(`resource:
  attributes_list: "a=from list,b=from%20list"
  attributes:
    - { name: a, value: 1, type: int }
    - { name: c, value: [x, y], type: string_array }
    - { name: d, value: null }
`),
    { resource: { a: 1, b: 'from list', c: ['x', 'y'] } },
  ],
  [
    'resource detectors',
    file('resource:\n  detection/development:\n    detectors:\n      - host:\n      - service:\n'),
    { resource_detectors: 'host, os, serviceinstance' },
  ],
  [
    'propagators of both lists, once each',
    file('propagator:\n  composite:\n    - b3multi:\n  composite_list: tracecontext,b3multi\n'),
    { propagators: 'tracecontext, b3multi' },
  ],
  [
    'OTLP over HTTP',
    `file_format: "1.0"
tracer_provider:
  processors:
    - batch:
        schedule_delay: 100
        export_timeout: 2000
        max_queue_size: 64
        max_export_batch_size: 32
        exporter:
          otlp_http:
            endpoint: https://collector/v1/traces
            encoding: protobuf
            compression: gzip
            timeout: 3000
            headers_list: "x-tenant=acme"
            tls: { ca_file: ca.pem, key_file: key.pem, cert_file: cert.pem }
`,
    {
      ...{
        otlp_protocol: 'http/protobuf',
        otlp_endpoint: 'https://collector/v1/traces',
        otlp_compression: 'gzip',
        otlp_timeout: 3000,
      },
      ...{ otlp_headers: '***', otlp_certificate: 'ca.pem', otlp_client_key: 'key.pem', otlp_client_certificate: 'cert.pem' },
      ...{ schedule_delay: 100, export_timeout: 2000, max_queue_size: 64, max_export_batch_size: 32 },
    },
  ],
  ['an exporter with nothing in it has the address of the specification', file(), { otlp_endpoint: 'http://localhost:4317' }],
  [
    'plaintext without a scheme',
    file('            endpoint: collector:4317\n            tls: { insecure: true }\n'),
    { otlp_insecure: true },
  ],
  [
    'the console',
    'file_format: "1.0"\ntracer_provider:\n  processors:\n    - simple:\n        exporter:\n          console:\n',
    { traces_exporter: 'console', schedule_delay: 10 },
  ],
  [
    'limits of spans, which precede those of all signals',
    file(`${LIMITS}attribute_limits:\n  attribute_count_limit: 99\n`),
    {
      ...{ attribute_value_length_limit: 100, span_attribute_count_limit: 10, span_event_count_limit: 11 },
      ...{ span_link_count_limit: 12, event_attribute_count_limit: 13, link_attribute_count_limit: 14 },
    },
  ],
  ['limits of all signals', file('attribute_limits:\n  attribute_count_limit: 99\n'), { span_attribute_count_limit: 99 }],
  ['always_on', file('  sampler:\n    always_on:\n'), { remote_parent: 'ignore' }],
  ['always_off', file('  sampler:\n    always_off:\n'), { remote_parent: 'ignore', roots: 'none' }],
  ['a ratio', file('  sampler:\n    trace_id_ratio_based: { ratio: 0.25 }\n'), { remote_parent: 'ignore', rules: '*=0.25' }],
  [
    'parents first',
    file(
      '  sampler:\n    parent_based:\n      root:\n        probability/development: { ratio: 0 }\n      remote_parent_sampled:\n        always_off:\n',
    ),
    { rules: '*=off', remote_parent: 'ignore' },
  ],
  ['parents first, all else by default', file('  sampler:\n    parent_based:\n'), {}],
  [
    'our own sampler by itself',
    file(
      '  sampler:\n    spanwright/development:\n      enabled: true\n      when: tenant=acme\n      drop: "scope:x"\n      remote_parent: ignore\n',
    ),
    { enabled: true, when: 'tenant=acme', drop: 'scope:x', remote_parent: 'ignore' },
  ],
];

const PARTS_OF_A_FILE = [
  'traces_exporter',
  'propagators',
  'resource_detectors',
  'otlp_protocol',
  'otlp_endpoint',
  'resource',
  'service_name',
];

for (const [what, yaml, expected] of PARTS) {
  test(`${what}: is read`, () => {
    const found = valuesOf(load(yaml));
    for (const [key, value] of Object.entries(expected)) assert.equal(found[key], value, key);
    const more = Object.keys(found).filter((key) => !(key in expected) && !PARTS_OF_A_FILE.includes(key));
    assert.equal(more, [], 'nothing else is set');
  });
}

const FAULTS: [what: string, yaml: string, fault: RegExp][] = [
  ['no format', 'disabled: true\n', /^otel\.yaml:1:1: file_format is missing/],
  [
    'a format in figures',
    'file_format: 1.0\n',
    /^otel\.yaml:1:14 file_format: must be a version of the format 1 in quotes.*found the number 1/,
  ],
  ['an older format', 'file_format: "0.4"\n', /file_format: must be a version/],
  [
    'an unknown name',
    file('tracer_provder:\n'),
    /^otel\.yaml:\d+:\d+ tracer_provder: unknown name\. Did you mean "tracer_provider"\?/,
  ],
  [
    'an unknown name of a batch',
    file().replace('exporter:', 'schedule_dely: 1\n        exporter:'),
    /batch\.schedule_dely: unknown name\. Did you mean "schedule_delay"/,
  ],
  ['no processors', 'file_format: "1.0"\ntracer_provider: {}\n', /processors: must be a list of one processor/],
  ['two processors', file('    - batch: { exporter: { console: } }\n'), /processors: must be a list of one processor/],
  ['no exporter', 'file_format: "1.0"\ntracer_provider:\n  processors:\n    - batch:\n', /batch: exporter is missing/],
  [
    'two exporters in one',
    file('          console:\n'),
    /exporter: must be a mapping with one entry of otlp_http, otlp_grpc, console/,
  ],
  ['an exporter that there is not', file().replace('otlp_grpc', 'zipkin'), /exporter\.zipkin: unknown name/],
  [
    'a wrong type',
    file().replace('exporter:', 'max_queue_size: many\n        exporter:'),
    /batch\.max_queue_size: must be an integer.*found the string "many"/,
  ],
  [
    'a sampler that cannot be had',
    file('  sampler:\n    jaeger_remote/development: { endpoint: x, initial_sampler: { always_on: } }\n'),
    /jaeger_remote\/development: is not supported; use spanwright/,
  ],
  [
    'a ratio out of range',
    file('  sampler:\n    trace_id_ratio_based: { ratio: 2 }\n'),
    /ratio: must be a number from 0 to 1; found the number 2/,
  ],
  [
    'a parent decided otherwise',
    file('  sampler:\n    parent_based:\n      local_parent_sampled:\n        always_off:\n'),
    /local_parent_sampled: must be always_on, which is the only one/,
  ],
  [
    'a key of the sampler elsewhere',
    file('distribution:\n  spanwright:\n    roots: none\n'),
    /distribution\.spanwright\.roots: unknown name/,
  ],
  [
    'a bad rule',
    file('  sampler:\n    spanwright/development:\n      rules: "a=maybe"\n'),
    /^otel\.yaml:\d+:\d+ tracer_provider\.sampler\.spanwright\/development\.rules: /,
  ],
  [
    'an attribute without a value',
    file('resource:\n  attributes:\n    - name: a\n'),
    /resource\.attributes\[0\]: value is missing/,
  ],
  [
    'an attribute of another type',
    file('resource:\n  attributes:\n    - { name: a, value: x, type: int }\n'),
    /value: must be of the type int; found a string/,
  ],
  ['a propagator that there is not', file('propagator:\n  composite: [{ tracecontxt: }]\n'), /propagator.*has "tracecontxt"/],
  ['broken YAML', 'file_format: "1.0"\n  x: [\n', /^otel\.yaml:\d+:\d+: not valid YAML: /],
  ['a name twice', 'file_format: "1.0"\ndisabled: true\ndisabled: false\n', /^otel\.yaml:3:1: not valid YAML: .*unique/],
  ['a broken reference', file(`disabled: \${1x}\n`), /^otel\.yaml:\d+:\d+: not a reference to a variable/],
  ['an alias without an end', file('resource: &a [*a]\n'), /otel\.yaml/],
  ['a list as the whole', '- a\n', /^otel\.yaml:1:1: must be a mapping|file_format is missing/],
];

for (const [what, yaml] of PARTS)
  test(`${what}: fits the published schema`, () => {
    assert.ok(fitsSchema(parse(yaml)), JSON.stringify(fitsSchema.errors));
  });

/** Faults that the schema accepts: parts that Spanwright does not support, names that the schema leaves open, and values that contradict each other. */
const FITS_ALL_THE_SAME: readonly string[] = [
  'an older format',
  'an unknown name',
  'two processors',
  'an exporter that there is not',
  'a sampler that cannot be had',
  'a parent decided otherwise',
  'a key of the sampler elsewhere',
  'a bad rule',
  'an attribute of another type',
  'a propagator that there is not',
];

test('the published schema refuses the same files, but for those whose shape is right', () => {
  const parsed = FAULTS.flatMap(([what, yaml]) => {
    try {
      return [[what, fitsSchema(parse(yaml))] as const];
    } catch {
      return []; // no YAML, so nothing that a schema could judge
    }
  });
  assert.ok(parsed.length > 15);
  assert.equal(
    parsed.filter(([, fits]) => fits).map(([what]) => what),
    FITS_ALL_THE_SAME,
  );
});

for (const [what, yaml, fault] of FAULTS) {
  test(`${what}: is refused with its place`, () => {
    const faults = faultsOf(yaml);
    assert.ok(
      faults.some((one) => fault.test(one)),
      `no fault fits ${fault}: ${faults.join('\n')}`,
    );
  });
}

test('a file without faults has none', () => {
  for (const yaml of [EXAMPLE, file(), ...PARTS.map(([, one]) => one)]) assert.equal(faultsOf(yaml), []);
});

test('variables stand for values, never for structure', () => {
  const yaml = file(`disabled: \${OFF}
log_level: \${env:LEVEL:-warn}
resource:
  attributes:
    - { name: a, value: "\${TEXT}" }
    - name: b
      value: $$5 \${NONE}.
    - { name: c, value: "\${NUMBER}" }
    - { name: d, value: "\${NUMBER}", type: string }
    - name: e
      value: \${NUMBER}
`);
  const env = { OFF: 'true', TEXT: 'x\nroots: none', NUMBER: '42' };
  const { configuration } = load(yaml, { env });
  assert.is(configuration.disabled, true);
  assert.is(configuration.logLevel, 'warn');
  assert.equal({ ...configuration.resource }, { a: 'x\nroots: none', b: '$5 .', c: '42', d: '42', e: 42 });
  assert.match(
    faultsOf(file(`resource: \${MORE}\n`), { env: { MORE: '{attributes: []}' } })[0] ?? '',
    /resource: must be a mapping/,
  );
  assert.equal(faultsOf(file(`# \${1x}\n`)), [], 'comments are left alone');
});

test("a declarative file makes OTEL_ variables ignored, but not Spanwright's own variables and options", () => {
  const env = {
    OTEL_BSP_SCHEDULE_DELAY: '7000',
    OTEL_TRACES_SAMPLER: 'always_off',
    OTEL_SERVICE_NAME: 'x',
    SPANWRIGHT_ENABLED: 'true',
  };
  const { configuration, warnings } = load(file(), { env, options: { maxQueueSize: 600 } });
  assert.is(configuration.scheduleDelay, 5000);
  assert.is(configuration.roots, '*');
  assert.is(configuration.serviceName, 'unknown_service:node');
  assert.is(configuration.enabled, true);
  assert.is(configuration.maxQueueSize, 600);
  assert.equal(warnings, []);
  const without = loadConfiguration({ env: { OTEL_BSP_SCHEDULE_DELAY: '7000' }, cwd: base });
  assert.is(without.configuration.scheduleDelay, 7000);
});

test('one file is read: that of code, of OTEL_CONFIG_FILE, of SPANWRIGHT_CONFIG, in this order', () => {
  const toml = '[tracing]\nservice_name = "toml"\n';
  const both = load(file(), { env: { SPANWRIGHT_CONFIG: 'tracing.toml' }, toml });
  assert.is(both.configuration.serviceName, 'unknown_service:node');
  assert.match(both.warnings.join(), /^SPANWRIGHT_CONFIG: ignored, because OTEL_CONFIG_FILE names the configuration file\.$/);
  const code = load(file(), { options: { configFile: 'tracing.toml' }, toml });
  assert.is(code.configuration.serviceName, 'toml');
  assert.match(code.warnings.join(), /^OTEL_CONFIG_FILE: ignored, because startTracing\(\) configFile names/);
  assert.is(load(file(), { toml }).configuration.serviceName, 'unknown_service:node', 'the default file is not read');
  assert.is(
    load(file('disabled: true\n'), { options: { configFile: 'otel.yaml' }, env: { OTEL_CONFIG_FILE: '' } }).configuration
      .disabled,
    true,
  );
});

test('settings for other SDKs are ignored and reported', () => {
  const { notFollowed } = load(
    file(
      'meter_provider: { readers: [] }\nlogger_provider: { processors: [] }\ninstrumentation/development: { js: { http: } }\ndistribution: { acme: { a: 1 } }\n',
    ),
  );
  assert.equal(
    notFollowed.map((one) => one.replace(/^otel\.yaml:\d+:\d+ ([\w/.]+): .+$/, '$1')),
    ['meter_provider', 'logger_provider', 'instrumentation/development', 'distribution.acme'],
  );
  assert.match(load('file_format: "1.9"\n').notFollowed.join(), /1\.9 is newer than 1\.1/);
  assert.equal(load(file()).notFollowed, []);
});

test('no fault shows a header or an attribute, in any shape that a file may give it', () => {
  const faults = [
    ...['[authorization=hunter2]', 'authorization=hunter2', '[{ name: "authorization: hunter2", value: "" }]'].map((headers) =>
      faultsOf(file(`            headers: ${headers}\n`)),
    ),
    ...['[password=hunter2]', 'password=hunter2', '[{ name: pin, value: hunter2, type: int }]', '[{ name: [hunter2] }]'].map(
      (attributes) => faultsOf(`${file()}            {}\nresource:\n  attributes: ${attributes}\n`),
    ),
  ];
  for (const of of faults) {
    assert.match(of.join('\n'), /must be|is not a header name/);
    assert.not.match(of.join('\n'), /hunter2/);
  }
});

test('no fault shows the value of a header', () => {
  const faults = faultsOf(
    file(`            headers:
              - { name: authorization, value: [hunter2] }
              - { name: "bad name", value: hunter2 }
            headers_list: hunter2
`),
  );
  assert.ok(faults.length >= 2, faults.join('\n'));
  assert.not.match(faults.join('\n'), /hunter2/);
});

/** Starts tracing with a file, makes one call, and counts the spans that arrive. */
async function spansOf(enabled: boolean, lines: string[]): Promise<number> {
  const collector = await new Collector().start();
  const before = setNoticeLogger((_level, line) => lines.push(line));
  const path = join(base, `run${count++}.yaml`);
  writeFileSync(
    path,
    `${file(`            endpoint: ${collector.url}\n`)}  sampler:\n    spanwright/development: { enabled: ${enabled} }\nmeter_provider: {}\n`,
  );
  try {
    const tracing = await startTracing({ configFile: path });
    instrument({ name: 'call' }, () => 1)();
    await tracing.shutdown();
    return collector.accepted;
  } finally {
    setNoticeLogger(before);
    collector.stop();
  }
}

test('tracing starts from the file: its sampler decides, its exporter sends, and SPW024 names the ignored parts', async () => {
  const lines: string[] = [];
  assert.is(await spansOf(true, lines), 1);
  assert.is(lines.filter((line) => /SPW024 .*meter_provider: metrics are configured/.test(line)).length, 1, lines.join('\n'));
  assert.is(await spansOf(false, []), 0);
});

test('without the package yaml the file is refused with the remedy', () => {
  writeFileSync(join(base, 'alone.yaml'), file());
  const program = `
    const Module = require('node:module');
    const resolve = Module._resolveFilename;
    Module._resolveFilename = function (name, ...rest) {
      if (name === 'yaml') throw Object.assign(new Error("Cannot find module 'yaml'"), { code: 'MODULE_NOT_FOUND' });
      return resolve.call(this, name, ...rest);
    };
    const { loadConfiguration } = require(${JSON.stringify(join(__dirname, '../../dist/runtime/config/load.js'))});
    try { loadConfiguration({ cwd: ${JSON.stringify(base)}, env: { OTEL_CONFIG_FILE: 'alone.yaml' } }); } catch (error) { console.log(error.message); }`;
  const { stdout } = spawnSync(process.execPath, ['-e', program], {
    cwd: join(__dirname, '../..'),
    encoding: 'utf8',
  });
  assert.match(stdout, /alone\.yaml: to read it the package "yaml" is needed, which is not installed: npm install yaml/);
});

test('a file of OTEL_CONFIG_FILE that never ends is refused at once, with the reason', () => {
  if (process.platform === 'win32') return;
  const pipe = join(base, 'pipe.yaml');
  execFileSync('mkfifo', [pipe]);
  for (const path of [pipe, '/dev/zero']) {
    const faults = faultsOf(file(), { env: { OTEL_CONFIG_FILE: path } });
    assert.is(faults.length, 1);
    assert.match(faults[0] as string, /the file cannot be used: it is not a regular file; expected a YAML file\.$/);
  }
});

test.run();
