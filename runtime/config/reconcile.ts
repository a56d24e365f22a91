// How keys of the configuration bear on each other, once each has its value: called by load.ts.

import type { ConfigurationValue } from '../tracing.js';
import { readSampler, SAMPLER } from './sampler-variable.js';

/** The values under way. `fault` refuses the start, `warn` only logs. */
export interface Values {
  readonly chosen: Map<string, unknown>;
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
  if (given.chosen.get('disabled') === true) become(given, 'enabled', 'enabled', false, row(given, 'disabled'));
  pairCertificates(given);
  followSampler(given);
  secureEndpoint(given);
}

function row({ values }: Values, key: string): ConfigurationValue {
  return values.find((value) => value.key === key) as ConfigurationValue;
}

function become(
  given: Values,
  key: string,
  option: string,
  value: unknown,
  from: Pick<ConfigurationValue, 'source' | 'origin'>,
): void {
  given.chosen.set(option, value);
  Object.assign(row(given, key), { value, source: from.source, origin: from.origin });
}

const report = (given: Values, { source }: ConfigurationValue, message: string): void =>
  source === 'environment' ? given.warn(message) : given.fault(message);

function limitBatch(given: Values): void {
  const queue = given.chosen.get('maxQueueSize') as number;
  const batch = given.chosen.get('maxExportBatchSize') as number;
  if (batch <= queue) return;
  const [ofBatch, ofQueue] = [row(given, 'max_export_batch_size'), row(given, 'max_queue_size')];
  if (ofBatch.source !== 'default') {
    const found = `found ${batch} and ${queue} (${ofQueue.origin})`;
    report(given, ofBatch, `${ofBatch.origin}: max_export_batch_size must be at most max_queue_size; ${found}.`);
  }
  become(given, 'max_export_batch_size', 'maxExportBatchSize', queue, ofQueue);
}

function nameService(given: Values): void {
  const named = (given.chosen.get('resource') as Record<string, unknown>)['service.name'];
  if (row(given, 'service_name').source === 'default' && typeof named === 'string' && named !== '')
    become(given, 'service_name', 'serviceName', named, row(given, 'resource'));
}

/** An instrumentation that is enabled by name is wanted, although the default drops its spans. */
function keepEnabledScopes(given: Values): void {
  const instrumentations = given.chosen.get('instrumentations') as Record<string, unknown>;
  const enabled = Object.keys(instrumentations).filter((name) => instrumentations[name]);
  if (row(given, 'drop').source !== 'default' || enabled.length === 0) return;
  const drop = given.chosen.get('drop') as string;
  const kept = drop.split(', ').filter((scope) => !enabled.some((name) => scope.endsWith(`-${name}`)));
  if (kept.join(', ') !== drop) become(given, 'drop', 'drop', kept.join(', '), row(given, 'instrumentations'));
}

function pairCertificates(given: Values): void {
  const certificate = given.chosen.get('otlpClientCertificate');
  const key = given.chosen.get('otlpClientKey');
  if ((certificate === null) === (key === null)) return;
  const [name, option] =
    key === null ? ['otlp_client_certificate', 'otlpClientCertificate'] : ['otlp_client_key', 'otlpClientKey'];
  const one = row(given, name as string);
  const message = `${one.origin}: otlp_client_certificate and otlp_client_key must be given together; the other one is not set.`;
  report(given, one, message);
  become(given, name as string, option as string, null, { source: 'default', origin: 'default' });
}

/** Code and Spanwright's own variables have precedence over the sampler of the environment, and that over the file. */
function followSampler(given: Values): void {
  const sampler = readSampler(given.env, given.warn);
  if (sampler === undefined) return;
  const from = { source: 'environment', origin: SAMPLER } as const;
  const isBelow = (key: string): boolean => ['default', 'file'].includes(row(given, key).source);
  if (sampler.roots !== undefined && isBelow('roots')) become(given, 'roots', 'roots', sampler.roots, from);
  if (sampler.remoteParent !== undefined && isBelow('remote_parent'))
    become(given, 'remote_parent', 'remoteParent', sampler.remoteParent, from);
  if (sampler.ratio === 1) return;
  const rules = (given.chosen.get('rules') as string).split(', ').filter((rule) => rule !== '');
  const others = rules.filter((rule) => !rule.startsWith('*='));
  if (others.length < rules.length && !isBelow('rules')) return;
  const all = [...others, `*=${sampler.ratio === 0 ? 'off' : sampler.ratio}`].join(', ');
  const { source, origin } = row(given, 'rules');
  become(given, 'rules', 'rules', all, source === 'default' ? from : { source, origin: `${origin}; ${SAMPLER}` });
}

/** An address of the environment without a scheme: TLS, unless the variable for plaintext is true (OTLP specification). */
function secureEndpoint(given: Values): void {
  const { source, origin } = row(given, 'otlp_endpoint');
  if (source !== 'environment' || given.chosen.get('otlpInsecure') !== null) return;
  become(given, 'otlp_insecure', 'otlpInsecure', false, { source: 'default', origin: 'default' });
  if (given.chosen.get('protocol') === 'grpc' && !String(given.chosen.get('endpoint')).includes('://'))
    given.warn(
      `${origin}: the address has no scheme, so TLS is used; for plaintext write "http://" before it or set OTEL_EXPORTER_OTLP_INSECURE=true.`,
    );
}
