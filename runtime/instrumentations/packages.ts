// The instrumentation packages that are known by name, one row each. Any other package of OpenTelemetry's kind can be named in
// full. Nothing here loads anything.

import type { Attributes, AttributeValue } from '@opentelemetry/api';
import type { AnyFunction } from '../site/site.js';
import type { RecordedSpan } from '../span/recorded.js';
import type { Call } from './call.js';
import { consuming } from './consume.js';
import { grpcAttributes, grpcConnection, grpcLater, grpcName } from './grpc.js';
import { adaptHttp, adaptUndici, httpAttributes } from './http.js';
import { amqpConnection, messagingAttributes, messagingName } from './messaging.js';
import { adaptMysql, mysqlAttributes, mysqlConnection, mysqlName } from './mysql.js';
import { followPools } from './mysql-pool.js';
import { adaptPostgres, postgresConnection, postgresFailure } from './postgres.js';
import {
  adaptRedis,
  ioredisConnection,
  redisAttributes,
  redisConnection,
  redisFailure,
  redisLater,
  redisName,
  redisReturned,
} from './redis.js';
import { FOLLOWED, followDatabases } from './redis-database.js';

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
  /** Name and attributes in today's semantic conventions, where the package has older ones; the name given is the package's. */
  name?(name: string, attributes: Attributes): string;
  attributes?(attributes: Attributes, name: string): Attributes;
  /** An attribute that the package sets after the start; undefined leaves it out. */
  later?(key: string, value: AttributeValue, span: RecordedSpan): readonly [string, AttributeValue] | undefined;
  /** What an exception says of the server's answer. */
  failure?(exception: unknown): Attributes;
  /** What the connection knows: asked at the span's start, and at its end when it has not told its other end by then. */
  connection?(call: Call): Attributes | undefined;
  /** Patches what the package leaves out; called once with its instrumentation, before that is enabled. */
  extend?(instrumentation: object): void;
  /** Functions whose patched form is made here of the package's: by name. */
  readonly wraps?: Readonly<
    Record<string, (row: PackageRow, original: AnyFunction, wrapper: (original: AnyFunction) => AnyFunction) => AnyFunction>
  >;
  /** Told of every patched function's return while something may be recorded; answers what the caller gets. */
  returned?(call: Call): unknown;
}

const otel = (name: string): string => `@opentelemetry/instrumentation-${name}`;

const UNDICI: PackageRow = {
  package: otel('undici'),
  modules: [],
  carriesContext: true,
  adapt: adaptUndici,
  attributes: httpAttributes,
};
const REDIS = {
  carriesContext: false,
  adapt: adaptRedis,
  name: redisName,
  attributes: redisAttributes,
  failure: redisFailure,
} as const;

const ROWS: Record<string, PackageRow> = {
  http: { package: otel('http'), modules: ['http', 'https'], carriesContext: true, adapt: adaptHttp, attributes: httpAttributes },
  undici: UNDICI,
  fetch: UNDICI,
  pg: {
    package: otel('pg'),
    modules: ['pg', 'pg-pool'],
    carriesContext: false,
    adapt: adaptPostgres,
    failure: postgresFailure,
    connection: postgresConnection,
  },
  mysql2: {
    package: otel('mysql2'),
    modules: ['mysql2', 'mysql2/promise', 'mysql2/promise.js'],
    carriesContext: false,
    adapt: adaptMysql,
    name: mysqlName,
    attributes: mysqlAttributes,
    connection: mysqlConnection,
    extend: followPools,
  },
  redis: {
    ...REDIS,
    package: otel('redis'),
    modules: ['redis', '@redis/client', '@node-redis/client'],
    later: redisLater,
    connection: redisConnection,
    returned: redisReturned,
    extend: followDatabases,
    wraps: FOLLOWED,
  },
  ioredis: { ...REDIS, package: otel('ioredis'), modules: ['ioredis'], connection: ioredisConnection },
  amqplib: {
    package: otel('amqplib'),
    modules: ['amqplib', 'amqplib/callback_api', 'amqplib/callback_api.js'],
    carriesContext: true,
    name: messagingName,
    attributes: messagingAttributes,
    connection: amqpConnection,
    wraps: { consume: consuming },
  },
  grpc: {
    package: otel('grpc'),
    modules: ['@grpc/grpc-js'],
    carriesContext: true,
    name: grpcName,
    attributes: grpcAttributes,
    later: grpcLater,
    connection: grpcConnection,
  },
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
