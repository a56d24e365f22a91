// Settings of the DNS service: dns.toml, and from the environment the values that differ between installations.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The Collector of the cluster: spans are exported out of the box. */
export const DEFAULT_ENDPOINT = 'http://opentelemetry-collector.otel.svc.cluster.local:4317';

/** Level of the log and of the spans: `debug` adds the requests to the controller. */
const LEVELS = ['info', 'debug'] as const;
type DnsLevel = (typeof LEVELS)[number];

export interface DnsSettings {
  endpoint: string;
  level: DnsLevel;
  /** UDP port on 127.0.0.1; 0 takes a free one. */
  port: number;
  /** Names end with it. */
  zone: string;
  /** The controller, which knows the records. */
  api: string;
}

const KEYS: ReadonlyMap<string, 'string' | 'number'> = new Map([
  ['otlp_endpoint', 'string'],
  ['port', 'number'],
  ['zone', 'string'],
]);

function levelOf({ LOG_LEVEL = 'info' }: NodeJS.ProcessEnv): DnsLevel {
  const level = LEVELS.find((one) => one === LOG_LEVEL);
  if (level === undefined) throw new Error(`LOG_LEVEL="${LOG_LEVEL}"; expected ${LEVELS.join(' or ')}.`);
  return level;
}

/** @throws Error that names the key, the file and what was expected. */
export async function readSettings(env: NodeJS.ProcessEnv): Promise<DnsSettings> {
  const { parse } = await import('smol-toml');
  const path = env.DNS_FILE ?? join(__dirname, '..', '..', 'dns.toml');
  const { dns = {} } = parse(readFileSync(path, 'utf8')) as { dns?: Record<string, unknown> };
  for (const [key, value] of Object.entries(dns)) {
    const expected = KEYS.get(key);
    if (expected === undefined) throw new Error(`${path}: unknown key "${key}"; expected ${[...KEYS.keys()].join(', ')}.`);
    if (typeof value !== expected) throw new Error(`${path}: ${key} must be a ${expected}, found a ${typeof value}.`);
  }
  return {
    level: levelOf(env),
    endpoint: env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || String(dns.otlp_endpoint ?? DEFAULT_ENDPOINT),
    port: Number(dns.port ?? 0),
    zone: String(dns.zone ?? 'site.carbide.internal'),
    api: env.CARBIDE_API_URL ?? 'http://127.0.0.1:9465',
  };
}
