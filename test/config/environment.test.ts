// OpenTelemetry's standard variables: samplers as roots, remote parents and a ratio; exporters; addresses without a scheme; and malformed
// values, which warn and fall back, where the same value in a file or in code is an error.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { KEYS } from '../../runtime/config/keys.js';
import { loadConfiguration } from '../../runtime/config/load.js';
import { ConfigurationError } from '../../runtime/errors.js';

const load = (env: NodeJS.ProcessEnv, options: object = {}) => loadConfiguration({ env, options, cwd: '/nowhere' });
const terms = (env: NodeJS.ProcessEnv, options: object = {}) => {
  const { roots, remoteParent, rules } = load(env, options).configuration;
  return { roots, remoteParent, rules };
};
const DEFAULT = { roots: '*', remoteParent: 'accept', rules: '' };

for (const [sampler, argument, expected] of [
  ['parentbased_always_on', undefined, DEFAULT],
  ['ParentBased_Always_On', undefined, DEFAULT],
  ['parentbased_always_off', undefined, { ...DEFAULT, roots: 'none' }],
  ['parentbased_traceidratio', '0.25', { ...DEFAULT, rules: '*=0.25' }],
  ['parentbased_traceidratio', '0', { ...DEFAULT, rules: '*=off' }],
  ['parentbased_traceidratio', '1', DEFAULT],
  ['parentbased_traceidratio', undefined, DEFAULT],
  ['always_on', undefined, { ...DEFAULT, remoteParent: 'ignore' }],
  ['always_off', undefined, { ...DEFAULT, roots: 'none', remoteParent: 'ignore' }],
  ['traceidratio', '0.5', { ...DEFAULT, remoteParent: 'ignore', rules: '*=0.5' }],
  ['always_on', '0.5', { ...DEFAULT, remoteParent: 'ignore' }],
] as const) {
  test(`reads the sampler ${sampler} with ${argument ?? 'no argument'}`, () => {
    const env = { OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: argument };
    assert.equal(terms(env), expected);
    assert.equal(load(env).warnings, []);
  });
}

test('code and SPANWRIGHT_ variables have precedence over OTEL_TRACES_SAMPLER, whose ratio applies together with their rules', () => {
  const OTEL_TRACES_SAMPLER = 'always_off';
  assert.is(terms({ OTEL_TRACES_SAMPLER }, { roots: 'carbide' }).roots, 'carbide');
  assert.is(terms({ OTEL_TRACES_SAMPLER, SPANWRIGHT_REMOTE_PARENT: 'accept' }).remoteParent, 'accept');
  const ratio = { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.1' };
  assert.is(terms({ ...ratio, SPANWRIGHT_RULES: 'carbide::db=off' }).rules, 'carbide::db=off, *=0.1');
  assert.is(terms(ratio, { rules: '*=0.9' }).rules, '*=0.9');
  const loaded = load(ratio).values.find(({ key }) => key === 'rules');
  assert.equal([loaded?.source, loaded?.origin], ['environment', 'OTEL_TRACES_SAMPLER']);
});

test('an unknown sampler or argument is logged, and the default is used', () => {
  for (const env of [
    { OTEL_TRACES_SAMPLER: 'jaeger_remote' },
    { OTEL_TRACES_SAMPLER: 'constructor' },
    { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '1.5' },
    { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: 'half' },
  ]) {
    assert.equal(terms(env), DEFAULT);
    assert.is(load(env).warnings.length, 1);
    assert.match(load(env).warnings[0] as string, /^OTEL_TRACES_SAMPLER(_ARG)?: must be .*; found "/);
  }
});

test('an address in the environment without a scheme uses TLS, or plaintext if OTEL_EXPORTER_OTLP_INSECURE is true', () => {
  const insecure = (env: NodeJS.ProcessEnv, options: object = {}) => load(env, options).configuration.otlpInsecure;
  const OTEL_EXPORTER_OTLP_ENDPOINT = 'host:4317';
  assert.is(insecure({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_INSECURE: 'true' }), true);
  assert.is(insecure({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_INSECURE: 'false' }), false);
  assert.is(insecure({ OTEL_EXPORTER_OTLP_ENDPOINT }), false);
  assert.is(insecure({}, { endpoint: 'host:4317' }), null, 'an address in code needs its scheme');
  assert.is(insecure({}, { endpoint: 'host:4317', otlpInsecure: true }), true);
});

test('TLS chosen because of a missing scheme is reported, without the address, which may hold a password', () => {
  const [warning, ...others] = load({ OTEL_EXPORTER_OTLP_ENDPOINT: 'user:hunter2@host:4317' }).warnings;
  assert.match(warning ?? '', /^OTEL_EXPORTER_OTLP_ENDPOINT: the address has no scheme, so TLS is used/);
  assert.not.match(warning ?? '', 'hunter2');
  assert.equal(others, []);
  for (const env of [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://host:4317' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'host:4317', OTEL_EXPORTER_OTLP_INSECURE: 'false' },
    {},
  ])
    assert.equal(load(env).warnings, []);
});

/** One malformed value for each variable whose type can be malformed. */
const MALFORMED: Record<string, string> = {
  boolean: 'maybe',
  duration: 'soon',
  'table of attributes': 'a=1,lab',
  'table of strings': 'my token=x',
};
const malformedOf = ({ type }: (typeof KEYS)[number]): string | undefined =>
  MALFORMED[type.name] ?? (/^integer/.test(type.name) ? 'many' : / or `/.test(type.name) ? 'neither' : undefined);

test('every malformed variable is logged by name and counts as unset', () => {
  const defaults = load({}).configuration as unknown as Record<string, unknown>;
  let tried = 0;
  for (const row of KEYS) {
    const value = malformedOf(row);
    if (value === undefined) continue;
    for (const name of row.env as readonly string[]) {
      const { configuration, warnings } = load({ [name]: value });
      assert.is(warnings.length, 1, name);
      assert.ok(warnings[0]?.startsWith(`${name}: `), warnings[0] as string);
      const expected = row.key === 'allow_runtime_changes' ? false : defaults[row.option];
      assert.equal((configuration as unknown as Record<string, unknown>)[row.option], expected, name);
      tried++;
    }
  }
  assert.ok(tried > 30, `${tried} variables`);
});

test('values that are malformed in a variable are errors in code', () => {
  for (const options of [
    { scheduleDelay: 'soon' },
    { maxQueueSize: 'many' },
    { otlpProtocol: 'neither' },
    { resource: 'a=1' },
    { propagators: 'b4' },
    { tracesExporter: 'zipkin' },
  ])
    assert.throws(
      () => load({}, options),
      (error: unknown) => error instanceof ConfigurationError,
    );
});

test('where a variable is malformed, the value of the next source counts', () => {
  assert.is(load({ OTEL_BSP_MAX_QUEUE_SIZE: 'many' }, { maxQueueSize: 7 }).configuration.maxQueueSize, 7);
});

test('words of the environment are read in any case', () => {
  const env = { OTEL_LOG_LEVEL: 'WARN', OTEL_TRACES_EXPORTER: 'None', OTEL_EXPORTER_OTLP_PROTOCOL: 'HTTP/protobuf' };
  const { logLevel, tracesExporter, otlpProtocol } = load(env).configuration;
  assert.equal([logLevel, tracesExporter, otlpProtocol], ['warn', 'none', 'http/protobuf']);
});

test.run();
