// Rules between keys of the configuration, applied once each key has its value. Called by load.ts.

import type { ConfigurationValue } from '../tracing.js';
import { readSampler, SAMPLER } from './sampler-variable.js';

/** The values under way. `fault` refuses the start, `warn` only logs. */
interface Values {
  readonly values: readonly ConfigurationValue[];
  readonly env: NodeJS.ProcessEnv;
  fault(message: string): void;
  warn(message: string): void;
}

/** A malformed combination is a fault where files or code give it, and a warning where the environment does. */
export function reconcile(given: Values): void {
  limitBatch(given);
  nameService(given);
  keepEnabledScopes(given);
  if (row(given, 'disabled').value === true) override(given, 'enabled', false, row(given, 'disabled'));
  pairCertificates(given);
  requireHeaderSecret(given);
  followSampler(given);
  secureEndpoint(given);
}

function row({ values }: Values, key: string): ConfigurationValue {
  return values.find((value) => value.key === key) as ConfigurationValue;
}

function override(
  given: Values,
  key: string,
  value: unknown,
  { source, origin }: Pick<ConfigurationValue, 'source' | 'origin'>,
): void {
  Object.assign(row(given, key), { value, source, origin });
}

const report = (given: Values, { source }: ConfigurationValue, message: string): void =>
  source === 'environment' ? given.warn(message) : given.fault(message);

function limitBatch(given: Values): void {
  const [batch, queue] = [row(given, 'max_export_batch_size'), row(given, 'max_queue_size')];
  if ((batch.value as number) <= (queue.value as number)) return;
  if (batch.source !== 'default') {
    const found = `found ${batch.value} and ${queue.value} (${queue.origin})`;
    report(given, batch, `${batch.origin}: max_export_batch_size must be at most max_queue_size; ${found}.`);
  }
  override(given, 'max_export_batch_size', queue.value, queue);
}

function nameService(given: Values): void {
  const resource = row(given, 'resource');
  const named = (resource.value as Record<string, unknown>)['service.name'];
  if (row(given, 'service_name').source === 'default' && typeof named === 'string' && named !== '')
    override(given, 'service_name', named, resource);
}

/** An instrumentation that is enabled by name is wanted, although the default drops its spans. */
function keepEnabledScopes(given: Values): void {
  const [instrumentations, drop] = [row(given, 'instrumentations'), row(given, 'drop')];
  const enabled = Object.entries(instrumentations.value as object).flatMap(([name, options]) => (options ? [name] : []));
  if (drop.source !== 'default' || enabled.length === 0) return;
  const scopes = (drop.value as string).split(', ');
  const kept = scopes.filter((scope) => !enabled.some((name) => scope.endsWith(`-${name}`)));
  if (kept.length < scopes.length) override(given, 'drop', kept.join(', '), instrumentations);
}

const PAIRS = [
  ['otlp_client_certificate', 'otlp_client_key'],
  ['opamp_client_certificate', 'opamp_client_key'],
] as const;

function pairCertificates(given: Values): void {
  for (const [certificate, key] of PAIRS) {
    const set = [row(given, certificate), row(given, key)].filter(({ value }) => value !== null);
    const [one] = set;
    if (one === undefined || set.length === 2) continue;
    report(given, one, `${one.origin}: ${certificate} and ${key} must be given together; the other one is not set.`);
    override(given, one.key, null, { source: 'default', origin: 'default' });
  }
}

/** A header that any caller could write must not switch recording on. */
function requireHeaderSecret(given: Values): void {
  const header = row(given, 'trace_header');
  if (header.value === null || row(given, 'trace_header_secret').value !== null) return;
  report(given, header, `${header.origin}: trace_header needs trace_header_secret, which is not set.`);
  override(given, 'trace_header', null, { source: 'default', origin: 'default' });
}

/** Code and Spanwright's own variables have precedence over the sampler of the environment, and that over the file. */
function followSampler(given: Values): void {
  const sampler = readSampler(given.env, given.warn);
  if (sampler === undefined) return;
  const from = { source: 'environment', origin: SAMPLER } as const;
  const isBelow = (key: string): boolean => ['default', 'file'].includes(row(given, key).source);
  if (sampler.roots !== undefined && isBelow('roots')) override(given, 'roots', sampler.roots, from);
  if (sampler.remoteParent !== undefined && isBelow('remote_parent'))
    override(given, 'remote_parent', sampler.remoteParent, from);
  if (sampler.ratio === 1) return;
  const { value, source, origin } = row(given, 'rules');
  const rules = (value as string).split(', ').filter((rule) => rule !== '');
  const others = rules.filter((rule) => !rule.startsWith('*='));
  if (others.length < rules.length && !isBelow('rules')) return;
  const all = [...others, `*=${sampler.ratio === 0 ? 'off' : sampler.ratio}`].join(', ');
  override(given, 'rules', all, source === 'default' ? from : { source, origin: `${origin}; ${SAMPLER}` });
}

/** An address of the environment without a scheme: TLS, unless the variable for plaintext is true (OTLP specification). */
function secureEndpoint(given: Values): void {
  const { value, source, origin } = row(given, 'otlp_endpoint');
  if (source !== 'environment' || row(given, 'otlp_insecure').value !== null) return;
  override(given, 'otlp_insecure', false, { source: 'default', origin: 'default' });
  if (row(given, 'otlp_protocol').value === 'grpc' && !String(value).includes('://'))
    given.warn(
      `${origin}: the address has no scheme, so TLS is used; for plaintext write "http://" before it or set OTEL_EXPORTER_OTLP_INSECURE=true.`,
    );
}
