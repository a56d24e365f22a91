// The instrumentation packages that are known by name, one row each. Any other package of OpenTelemetry's kind can be named in
// full. Nothing here loads anything.

import { consuming } from './consume.js';
import { adaptMysql, adaptPostgres } from './databases.js';
import { grpcAttributes, grpcConnection, grpcLater, grpcName } from './grpc.js';
import { adaptHttp, adaptUndici, httpAttributes } from './http.js';
import { messagingAttributes, messagingName } from './messaging.js';
import { followPools } from './mysql-pool.js';
import { socketAt } from './peer.js';
import {
  adaptRedis,
  ioredisConnection,
  redisAttributes,
  redisConnection,
  redisLater,
  redisName,
  redisReturned,
} from './redis.js';
import type { PackageRow } from './row.js';
import { queriesIn } from './sql.js';

const otel = (name: string): string => `@opentelemetry/instrumentation-${name}`;

const UNDICI: PackageRow = {
  package: otel('undici'),
  modules: [],
  carriesContext: true,
  adapt: adaptUndici,
  attributes: httpAttributes,
};
/** The package's exception is a text that ends in the code, or in `UNKNOWN` without one. Codes of SQL have five characters. */
export const POSTGRES_CODE = /\(code: (?:(?!EPIPE)(?<server>[0-9A-Z]{5})|(?!UNKNOWN)(?<client>[0-9A-Z_]{2,40}))\)$/u;
/** An error of the server begins with a word in capitals: `WRONGTYPE Operation against a key ...`. */
export const REDIS_CODE = /^\w*Error: (?<server>[A-Z][A-Z0-9]{1,30}) /u;

const REDIS = {
  carriesContext: false,
  adapt: adaptRedis,
  name: redisName,
  attributes: redisAttributes,
  failure: REDIS_CODE,
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
    failure: POSTGRES_CODE,
    connection: socketAt('connection', 'stream'),
  },
  mysql2: {
    package: otel('mysql2'),
    modules: ['mysql2', 'mysql2/promise', 'mysql2/promise.js'],
    carriesContext: false,
    adapt: adaptMysql,
    ...queriesIn('mysql'),
    connection: socketAt('stream'),
    extend: followPools,
  },
  redis: {
    ...REDIS,
    package: otel('redis'),
    modules: ['redis', '@redis/client', '@node-redis/client'],
    later: redisLater,
    connection: redisConnection,
    returned: redisReturned,
  },
  ioredis: { ...REDIS, package: otel('ioredis'), modules: ['ioredis'], connection: ioredisConnection },
  amqplib: {
    package: otel('amqplib'),
    modules: ['amqplib', 'amqplib/callback_api', 'amqplib/callback_api.js'],
    carriesContext: true,
    name: messagingName,
    attributes: messagingAttributes,
    connection: socketAt('connection', 'stream'),
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
export function packageRow(name: string): PackageRow | undefined {
  if (Object.hasOwn(ROWS, name)) return ROWS[name];
  const known = Object.values(ROWS).find((row) => row.package === name);
  if (known !== undefined) return known;
  return /^(?:@[\w.-]+\/)?[\w.-]+$/u.test(name) && name.includes('instrumentation')
    ? { package: name, modules: [], carriesContext: false }
    : undefined;
}
