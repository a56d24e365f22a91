// The kinds of carriers that are known by name, one row each: `carriers.http`, `carriers.grpc`, `carriers.document(...)`. Each
// is given to inject(), extract() and withRemoteContext(); kindOf() recognizes those that have a shape of their own.

import { annotations } from './annotations.js';
import type { CarrierKind } from './carrier-kind.js';
import { cloud, cloudKindOf } from './cloud.js';
import { document } from './document.js';
import { http, isObject, readHeader, textsOf, write } from './headers.js';

interface Metadata {
  get(name: string): unknown[];
  set(name: string, value: string): void;
  getMap(): Record<string, unknown>;
}

const isMetadata = (value: unknown): value is Metadata =>
  isObject(value) && typeof (value as { getMap?: unknown }).getMap === 'function' && 'get' in value && 'set' in value;

/** The metadata itself, or the call of a handler, which has it as `metadata`. */
function metadataOf(carrier: unknown): Metadata | undefined {
  if (isMetadata(carrier)) return carrier;
  const inner = isObject(carrier) ? (carrier as { metadata?: unknown }).metadata : undefined;
  return isMetadata(inner) ? inner : undefined;
}

/** gRPC: `Metadata` of @grpc/grpc-js, or the call object that a handler gets. */
const grpc: CarrierKind<unknown> = {
  get: (carrier, name) => {
    const values = metadataOf(carrier)?.get(name);
    return values === undefined || values.length === 0 ? undefined : textsOf(values);
  },
  keys: (carrier) => Object.keys(metadataOf(carrier)?.getMap() ?? {}),
  set: (carrier, name, value) => metadataOf(carrier)?.set(name, value),
};

/** AMQP: a received message (`properties.headers`), or the options of a publish call, whose `headers` are made when absent. */
const amqp: CarrierKind<unknown> = {
  get: (carrier, name) => readHeader(amqpHeaders(carrier), name),
  keys: (carrier) => Object.keys(amqpHeaders(carrier) ?? {}),
  set: (carrier, name, value) => {
    if (!isObject(carrier)) return;
    const holder = ((carrier as { properties?: unknown }).properties ?? carrier) as { headers?: object | undefined };
    holder.headers ??= {};
    write(holder.headers, name, value);
  },
};

function amqpHeaders(carrier: unknown): object | undefined {
  if (!isObject(carrier)) return undefined;
  const { properties, headers } = carrier as { properties?: { headers?: unknown } | null; headers?: unknown };
  const found = isObject(properties) ? properties.headers : (headers ?? carrier);
  return isObject(found) ? found : undefined;
}

/**
 * Redis streams: the fields of an entry, as a record (node-redis), a list `[field, value, ...]` (ioredis), or the whole entry,
 * `{ id, message }` or `[id, fields]`.
 */
const redisStream: CarrierKind<unknown> = {
  get: (carrier, name) => readHeader(fieldsOf(carrier), name),
  keys: (carrier) => http.keys(fieldsOf(carrier)),
  set: (carrier, name, value) => write(fieldsOf(carrier), name, value),
};

function fieldsOf(carrier: unknown): unknown {
  if (Array.isArray(carrier)) return carrier.length === 2 && Array.isArray(carrier[1]) ? carrier[1] : carrier;
  const message = isObject(carrier) ? (carrier as { message?: unknown }).message : undefined;
  return isObject(message) ? message : carrier;
}

/** Longest element of a list that is parsed for its context. */
const MAX_ELEMENT = 1_048_576;

/** Redis lists and channels: inject into the object before it is made JSON; extract from the object, or from its JSON text. */
const redisList: CarrierKind<unknown> = {
  get: (carrier, name) => readHeader(elementOf(carrier), name),
  keys: (carrier) => http.keys(elementOf(carrier)),
  set: (carrier, name, value) => write(carrier, name, value),
};

function elementOf(carrier: unknown): unknown {
  const text = carrier instanceof Uint8Array ? Buffer.from(carrier).toString() : carrier;
  if (typeof text !== 'string') return carrier;
  if (text.length > MAX_ELEMENT || !text.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The environment of a process: TRACEPARENT, TRACESTATE, BAGGAGE. Written into the `env` that a child is to get. */
const environment: CarrierKind<Record<string, string | undefined>> = {
  get: (carrier, name) => {
    const key = variable(name);
    return Object.hasOwn(carrier, key) ? carrier[key] : undefined;
  },
  keys: (carrier) => Object.keys(carrier),
  set: (carrier, name, value) => {
    carrier[variable(name)] = value;
  },
};

/** A variable's name: letters in upper case, what a shell cannot name as an underscore. */
const variable = (name: string): string => name.toUpperCase().replace(/[^A-Z0-9_]/gu, '_');

/** Records that take text by key and are copied whole: `workerData`, messages of `postMessage()` and of a child's IPC. */
const workerData: CarrierKind<unknown> = {
  get: (carrier, name) => readHeader(carrier, name),
  keys: (carrier) => http.keys(carrier),
  set: (carrier, name, value) => write(carrier, name, value),
};

/** Kinds of carriers, for inject(), extract() and withRemoteContext(). */
export const carriers = {
  http,
  grpc,
  amqp,
  redisStream,
  redisList,
  environment,
  workerData,
  document,
  annotations,
  ...cloud,
} as const;

/** The kind that shows by the carrier's shape; text by name where nothing else does. */
export function carrierKindOf(carrier: unknown): CarrierKind<unknown> {
  if (metadataOf(carrier) !== undefined) return grpc;
  if (typeof carrier === 'string') return redisList;
  if (isObject(carrier) && 'properties' in carrier && isObject(carrier.properties) && 'headers' in carrier.properties)
    return amqp;
  return cloudKindOf(carrier) ?? http;
}
