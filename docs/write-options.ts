// Writes runtime/config/key-options.ts, the interface of the options that startTracing() takes by key, from the table of keys:
// `npx tsx docs/write-options.ts`. Editors show documentation of an interface, and none of a type that is computed from a table.
// test/config/options.test.ts compares the file with the table.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyRow } from '../runtime/config/key-row.js';
import { KEYS } from '../runtime/config/keys.js';
import { shownDefault } from './write-configuration.js';

const FILE = join(__dirname, '../runtime/config/key-options.ts');
const ROWS: readonly KeyRow[] = KEYS;

/** Values of options in code; those of booleans and of choices are seen in their types. */
export const EXAMPLES: Readonly<Record<string, string>> = {
  serviceName: `'billing'`,
  serviceVersion: `'1.4.2'`,
  resource: `{ 'deployment.environment.name': 'production' }`,
  resourceDetectors: `['host', 'process']`,
  tracerName: `'billing'`,
  endpoint: `'http://otel-collector:4317'`,
  otlpHeaders: `{ authorization: \`Bearer \${process.env.TOKEN}\` }`,
  otlpTimeout: `'2s'`,
  otlpCertificate: `'/etc/tls/ca.pem'`,
  otlpClientCertificate: `'/etc/tls/client.pem'`,
  otlpClientKey: `'/etc/tls/client.key'`,
  roots: `['acme::billing', 'kind:server']`,
  when: `'machineId=m-17 & baggage:tenant=acme'`,
  rules: `'acme::db=off, acme::api=0.1'`,
  drop: `['acme::cache', 'name:ping']`,
  keep: `{ slowerThan: '500ms', ratio: 0.01 }`,
  instrumentations: `['http', 'pg']`,
  maxSpanAge: `'30m'`,
  maxOpenSpans: '50_000',
  openSpansMetric: `'billing_spans_open'`,
  maxQueueSize: '4096',
  maxExportBatchSize: '1024',
  scheduleDelay: `'1s'`,
  exportTimeout: `'10s'`,
  shutdownTimeout: `'2s'`,
  propagators: `['tracecontext', 'baggage', 'b3']`,
  remoteRootsPerSecond: '10',
  maxCallDepth: '64',
  traceHeader: `'x-trace-me'`,
  traceHeaderSecret: 'process.env.TRACE_HEADER_SECRET',
  traceHeaderPerSecond: '2',
  responseHeader: `'x-trace-id'`,
  flightRecorder: `'30s'`,
  flightMaxCalls: '100_000',
  flightMaxBytes: '64 * 2 ** 20',
  flightDirectory: `'/var/lib/billing'`,
  flightSlowerThan: `'2s'`,
  flightLoopDelay: `'200ms'`,
  flightInterval: `'10m'`,
  opampEndpoint: `'https://opamp.example.com/v1/opamp'`,
  opampHeaders: `{ authorization: \`Bearer \${process.env.TOKEN}\` }`,
  opampCertificate: `'/etc/tls/ca.pem'`,
  opampClientCertificate: `'/etc/tls/client.pem'`,
  opampClientKey: `'/etc/tls/client.key'`,
  opampInterval: `'1m'`,
  allowCapture: `['acme::billing']`,
  redact: `['iban', 'customer.*']`,
  spanAttributeCountLimit: '64',
  attributeValueLengthLimit: '4096',
  spanEventCountLimit: '32',
  spanLinkCountLimit: '32',
  eventAttributeCountLimit: '32',
  linkAttributeCountLimit: '32',
};

/** TypeScript's types by the names that the table gives to types. test/config/options.test.ts has the compiler compare them. */
const TYPES: Readonly<Record<string, string>> = {
  boolean: 'boolean',
  string: 'string',
  path: 'string',
  URL: 'string',
  integer: 'number',
  duration: 'Duration',
  'string or list': 'string | readonly string[]',
  'table of attributes': 'ResourceAttributes',
  'table of strings': 'Readonly<Record<string, string>>',
  'list or table': 'readonly string[] | Instrumentations',
  table: 'KeepInput',
};

function typeOf({ option, type: { name } }: KeyRow): string {
  if (name.startsWith('`')) return name.replaceAll('`', "'").replaceAll(' or ', ' | ');
  const written = TYPES[name.replace(/,.*/, '')];
  if (written === undefined) throw new Error(`docs/write-options.ts has no TypeScript type for "${name}" of ${option}`);
  return option === 'when' ? `${written} | null` : written;
}

function documentation(row: KeyRow): string[] {
  const { option, type, env, doc } = row;
  const range = / (\d+) to (\d+)/.exec(type.name);
  const unit = type.name === 'duration' ? ' Milliseconds, or text with a unit: `ms`, `s`, `m`, `h`.' : '';
  const bounds = range === null ? '' : ` From ${range[1]} to ${range[2]}.`;
  const variable = env.length === 0 ? '' : ` Variable: ${env.map((name) => `\`${name}\``).join(', then ')}.`;
  const links = doc.replace(/\[([^\]]+)\]\([^)]+\)/g, 'docs/$1');
  const text = `${links}${unit}${bounds} Default: ${shownDefault(row)}.${variable}`;
  const example = EXAMPLES[option];
  return example === undefined ? [`  /** ${text} */`] : ['  /**', `   * ${text}`, `   * @example ${option}: ${example}`, '   */'];
}

/** The whole file. */
export function keyOptionsFile(): string {
  const members = ROWS.map((row) => [...documentation(row), `  ${row.option}?: ${typeOf(row)} | undefined;`].join('\n'));
  return `// Written by docs/write-options.ts from the table of keys. Edit those.

import type { Duration } from '../tracing.js';
import type { Instrumentations, KeepInput, ResourceAttributes } from './tables.js';

/** Values that code may pass, by key. */
export interface KeyOptions {
${members.join('\n')}
}
`;
}

if (require.main === module) {
  if (!process.argv.includes('--check')) writeFileSync(FILE, keyOptionsFile());
  else if (readFileSync(FILE, 'utf8') !== keyOptionsFile()) {
    console.error('runtime/config/key-options.ts is out of date. Run: npx tsx docs/write-options.ts');
    process.exitCode = 1;
  }
}
