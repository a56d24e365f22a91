// The instrumentation packages that are known by name, one row each. Any other package of OpenTelemetry's kind can be named in
// full. Nothing here loads anything.

import type { Attributes } from '@opentelemetry/api';
import { adaptHttp, adaptUndici } from './http.js';
import { messagingAttributes, messagingName } from './messaging.js';
import { adaptPostgres } from './postgres.js';

/** Options of ours beside the package's own, in camelCase. */
export interface OwnOptions {
  /** Whether its spans may start traces. Default: those that receive work (kinds `server` and `consumer`) may. */
  readonly roots: boolean | undefined;
  /** SQL: a span for each query (`spans`), totals on the enclosing span (`totals`), or `both`. */
  readonly queries: 'spans' | 'totals' | 'both';
  /** HTTP server: paths, and what is below them, that are not looked at. */
  readonly ignorePaths: readonly string[];
}

export interface PackageRow {
  readonly package: string;
  /** What it patches, as an `import` names it. */
  readonly modules: readonly string[];
  /** It carries context from and to other services, so that it is enabled without an endpoint too. */
  readonly carriesContext: boolean;
  /** The package's configuration, from the user's and ours. */
  adapt?(given: Record<string, unknown>, own: OwnOptions): Record<string, unknown>;
  /** Name and attributes in today's semantic conventions, where the package has older ones. */
  name?(name: string, attributes: Attributes): string;
  attributes?(attributes: Attributes): Attributes;
}

const otel = (name: string): string => `@opentelemetry/instrumentation-${name}`;

/** Redis has no collections: the operation is the name. */
const operationName = (name: string, attributes: Attributes): string => String(attributes['db.operation.name'] ?? name);

const UNDICI: PackageRow = { package: otel('undici'), modules: [], carriesContext: true, adapt: adaptUndici };

const ROWS: Record<string, PackageRow> = {
  http: { package: otel('http'), modules: ['http', 'https'], carriesContext: true, adapt: adaptHttp },
  undici: UNDICI,
  fetch: UNDICI,
  pg: { package: otel('pg'), modules: ['pg', 'pg-pool'], carriesContext: false, adapt: adaptPostgres },
  redis: {
    package: otel('redis'),
    modules: ['redis', '@redis/client', '@node-redis/client'],
    carriesContext: false,
    name: operationName,
  },
  ioredis: { package: otel('ioredis'), modules: ['ioredis'], carriesContext: false, name: operationName },
  amqplib: {
    package: otel('amqplib'),
    modules: ['amqplib', 'amqplib/callback_api', 'amqplib/callback_api.js'],
    carriesContext: true,
    name: messagingName,
    attributes: messagingAttributes,
  },
  grpc: { package: otel('grpc'), modules: ['@grpc/grpc-js'], carriesContext: true },
  fs: { package: otel('fs'), modules: ['fs', 'fs/promises'], carriesContext: false },
  dns: { package: otel('dns'), modules: ['dns', 'dns/promises'], carriesContext: false },
  net: { package: otel('net'), modules: ['net'], carriesContext: false },
};

export const INSTRUMENTATION_NAMES: readonly string[] = Object.keys(ROWS);

/** Every module that a row patches. */
export const PATCHED_MODULES: readonly string[] = [...new Set(Object.values(ROWS).flatMap((row) => row.modules))];

/** The row of a name; for the full name of a package, a row that knows nothing else. */
export function rowOf(name: string): PackageRow | undefined {
  if (Object.hasOwn(ROWS, name)) return ROWS[name];
  const known = Object.values(ROWS).find((row) => row.package === name);
  if (known !== undefined) return known;
  return /^(?:@[\w.-]+\/)?[\w.-]+$/u.test(name) && name.includes('instrumentation')
    ? { package: name, modules: [], carriesContext: false }
    : undefined;
}
