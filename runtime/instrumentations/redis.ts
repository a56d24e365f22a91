// Redis with either client: spans named by the command, in upper case, `MULTI SET` and `PIPELINE SET` for commands of a batch. Keys and
// values are never recorded: both may hold what users typed, and keys may hold session ids and tokens. `db.namespace` is the index in the
// client's options.

import { subscribe } from 'node:diagnostics_channel';
import type { Attributes, AttributeValue, Span } from '@opentelemetry/api';
import type { RecordedSpan } from '../span/recorded.js';
import { fieldOf, peer, peerOf } from './peer.js';
import type { Call } from './row.js';

/** Commands whose first argument is a word of the command: `CONFIG GET`. */
const CONTAINERS = new Set(
  'ACL CLIENT CLUSTER COMMAND CONFIG FUNCTION LATENCY MEMORY MODULE OBJECT PUBSUB SCRIPT SLOWLOG XGROUP XINFO'.split(' '),
);
const MAX_ARGUMENTS = 8;

/** `SET ? ?`: the command and how many arguments it has. */
export function commandText(command: unknown, args: unknown): string {
  const given = Array.isArray(args) ? args : [];
  const words = [upper(command)];
  const contained = CONTAINERS.has(words[0] as string) && /^[A-Za-z-]{1,30}$/u.test(String(given[0]));
  if (contained) words.push(upper(given[0]));
  const values = given.length - (contained ? 1 : 0);
  words.push(...Array<string>(Math.min(values, MAX_ARGUMENTS)).fill('?'));
  if (values > MAX_ARGUMENTS) words.push('...');
  return words.join(' ');
}

const upper = (text: unknown): string => String(text).toUpperCase();

/** The gate decides which spans are recorded, so the package must not check for a parent itself. */
export function adaptRedis(given: Record<string, unknown>): Record<string, unknown> {
  followConnections();
  return { requireParentSpan: false, dbStatementSerializer: commandText, ...given };
}

const OPERATION = 'db.operation.name';

/** The command, such as `SET`; for a connection attempt the package's name. */
export function redisName(name: string, attributes: Attributes): string {
  const operation = attributes[OPERATION];
  return operation === undefined ? name.replace(/^redis-/u, '') : upper(operation);
}

export function redisAttributes(attributes: Attributes): Attributes {
  const operation = attributes[OPERATION];
  return operation === undefined ? attributes : { ...attributes, [OPERATION]: upper(operation) };
}

/** A batch of node-redis shows its kind at its end: `MULTI` or `PIPELINE`, with the command where all were the same one. */
export function redisLater(key: string, value: AttributeValue, span: RecordedSpan): readonly [string, AttributeValue] {
  if (key !== OPERATION) return [key, value];
  const command = String(span.attributes[OPERATION] ?? span.name);
  const batch = /^(?:MULTI|PIPELINE)\b/u.exec(upper(value))?.[0];
  const operation = batch === undefined ? upper(value) : `${batch} ${command.replace(/^(?:MULTI|PIPELINE) /u, '')}`;
  span.updateName(operation);
  return [OPERATION, operation];
}

/** The connection of a client of ioredis. Behind sentinels its options name no server, because the sentinels chose it. */
export function ioredisConnection({ receiver }: Call): Attributes {
  const options = fieldOf(receiver, 'options');
  const database = fieldOf(options, 'db') ?? 0;
  const end = peerOf(fieldOf(receiver, 'stream'));
  return { 'db.namespace': String(database), ...end, ...(fieldOf(options, 'sentinels') ? asServer(end) : {}) };
}

/** Undefined without a connection; read again at the end of the span. */
function asServer(end: Attributes | undefined): Attributes {
  return end === undefined ? {} : { 'server.address': end['network.peer.address'], 'server.port': end['network.peer.port'] };
}

/** Clients of node-redis hide their socket, but publish its remote address on a diagnostics channel when they connect. */
const connections = new Map<string, Attributes | undefined>();
let followed = false;

function followConnections(): void {
  if (followed) return;
  followed = true;
  const onReady = (event: unknown): void => {
    const id = fieldOf(event, 'clientId');
    if (typeof id === 'string') connections.set(id, peer(fieldOf(event, 'serverAddress'), fieldOf(event, 'serverPort')));
  };
  subscribe('node-redis:connection:ready', onReady);
  subscribe('node-redis:connection:closed', (told) => void connections.delete(fieldOf(told, 'clientId') as string));
}

/** Client that created a batch of node-redis. */
const makers = new WeakMap<object, unknown>();

/** `client.multi()` returns an object that queues commands. Each command returns the same object, and its `exec()` sends them. */
export function redisReturned({ receiver, result }: Call): unknown {
  if (typeof fieldOf(result, 'execAsPipeline') === 'function' && !makers.has(result as object))
    makers.set(result as object, receiver);
  const waiting = result instanceof Promise ? batchOf(receiver) : undefined;
  return waiting === undefined ? result : (result as Promise<unknown>).finally(() => endAll(waiting));
}

const BATCH = 'opentelemetry.instrumentation.redis.open_spans';

/** The package's store of the spans of a batch until the answers arrive. */
function batchOf(receiver: unknown): readonly { readonly span?: Span }[] | undefined {
  if (typeof fieldOf(receiver, 'execAsPipeline') !== 'function') return undefined;
  const key = Object.getOwnPropertySymbols(receiver).find(({ description }) => description === BATCH);
  const found = key && (receiver as Record<symbol, unknown>)[key];
  return Array.isArray(found) ? found : undefined;
}

/**
 * The package ends no span where it counts more answers than spans. A SELECT or a script in the batch causes that, because it
 * does not see them.
 */
function endAll(waiting: readonly { readonly span?: Span }[]): void {
  for (const { span } of waiting) span?.end();
}

export function redisConnection({ receiver }: Call): Attributes {
  const client = makers.get(receiver as object) ?? receiver;
  const database = fieldOf(fieldOf(client, 'options'), 'database') ?? 0;
  return { 'db.namespace': String(database), ...connections.get(fieldOf(client, '_clientId') as string) };
}
