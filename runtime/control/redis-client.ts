// Thin layer over the two Redis packages that services use, `redis` (node-redis) and `ioredis`: one connection that executes or
// listens. It needs none of their types. Links made here do not reconnect by themselves, because the packages' own timers for
// that hold the process; redis-connection.ts makes a new link instead.

import { InvalidArgumentError, SpanwrightError } from '../errors.js';
import { isMissing } from '../sdk/installed.js';

/** A client of either package is an event emitter, whose listeners get arguments of that package. */
interface Emitter {
  // biome-ignore lint/suspicious/noExplicitAny: what the packages say of their listeners
  on(event: string, listener: (...facts: any[]) => void): unknown;
}

/** A client of the package `redis`, version 5 or later. */
export interface NodeRedisClient extends Emitter {
  readonly isOpen: boolean;
  sendCommand(command: readonly string[]): Promise<unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: the options are the package's own
  duplicate(overrides?: any): any;
  destroy(): void;
}

/** A client of the package `ioredis`, version 5 or later. */
export interface IoRedisClient extends Emitter {
  call(command: string, ...facts: string[]): Promise<unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: the options are the package's own
  duplicate(overrides?: any): any;
  disconnect(): void;
}

/** A client of the service, of either package. */
export type RedisClient = NodeRedisClient | IoRedisClient;

/** One connection. After `lost` it cannot be used again. */
export interface RedisLink {
  connect(): Promise<unknown>;
  execute(command: readonly string[]): Promise<unknown>;
  subscribe(channel: string, heard: () => void): Promise<unknown>;
  onLost(lost: (error?: Error) => void): void;
  destroy(): void;
}

/** Methods of a duplicate, which the client of a service need not have. */
type OwnNodeRedis = NodeRedisClient & {
  connect(): Promise<unknown>;
  subscribe(channel: string, listener: () => void): Promise<unknown>;
  unref(): void;
};
type OwnIoRedis = IoRedisClient & {
  connect(): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  readonly stream?: { unref?(): void };
};

const CONNECT_TIMEOUT = 5000;
const NODE_REDIS_SOCKET = { connectTimeout: CONNECT_TIMEOUT, reconnectStrategy: false };
const IOREDIS_OPTIONS = {
  connectTimeout: CONNECT_TIMEOUT,
  lazyConnect: true,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  retryStrategy: () => null,
};

const quietly = (work: () => void): void => {
  try {
    work();
  } catch {
    // One of the packages throws when a closed connection is destroyed.
  }
};

function nodeRedisLink(client: OwnNodeRedis): RedisLink {
  client.on('connect', () => client.unref());
  client.on('error', () => undefined); // Without a listener an error would end the process.
  return {
    connect: () => client.connect(),
    execute: (command) => client.sendCommand(command),
    subscribe: (channel, heard) => client.subscribe(channel, heard),
    onLost(lost) {
      client.on('error', lost as never);
      client.on('end', () => lost());
    },
    destroy: () => quietly(() => client.destroy()),
  };
}

function ioRedisLink(client: OwnIoRedis): RedisLink {
  client.on('connect', () => client.stream?.unref?.());
  client.on('error', () => undefined);
  return {
    connect: () => client.connect(),
    execute: ([name = '', ...rest]) => client.call(name, ...rest),
    subscribe(channel, heard) {
      client.on('message', heard);
      return client.subscribe(channel);
    },
    onLost(lost) {
      client.on('error', lost as never);
      client.on('end', () => lost());
    },
    destroy: () => quietly(() => client.disconnect()),
  };
}

const isIoRedis = (client: RedisClient): client is IoRedisClient => typeof (client as IoRedisClient)?.call === 'function';

/** Creates links to the server that the client of the service is connected to. @throws InvalidArgumentError when it is not a client. */
export function linksLike(client: RedisClient): () => RedisLink {
  if (isIoRedis(client)) return () => ioRedisLink(client.duplicate(IOREDIS_OPTIONS));
  if (typeof client?.sendCommand === 'function') {
    const options = (client as { options?: { socket?: object } }).options;
    return () => nodeRedisLink(client.duplicate({ socket: { ...options?.socket, ...NODE_REDIS_SOCKET } }));
  }
  throw new InvalidArgumentError('client', 'client: expected a client of the package "redis" or "ioredis", or a URL.');
}

type NodeRedis = { createClient(options: object): OwnNodeRedis };
type IoRedis = { Redis: new (url: string, options: object) => OwnIoRedis };

// A literal `require` in `try`: bundlers include a package that is installed, and build without one that is not.
function loadNodeRedis(): NodeRedis | undefined {
  try {
    return require('redis') as NodeRedis;
  } catch (error) {
    return absent(error, 'redis');
  }
}

function loadIoRedis(): IoRedis | undefined {
  try {
    return require('ioredis') as IoRedis;
  } catch (error) {
    return absent(error, 'ioredis');
  }
}

/** Undefined when the package itself is not installed. @throws the error otherwise. */
function absent(error: unknown, name: string): undefined {
  if (!isMissing(error, name)) throw error;
}

/** Makes links to a URL. @throws InvalidArgumentError for another text; SpanwrightError MISSING_PACKAGE. */
export function linksTo(url: string): () => RedisLink {
  if (!/^rediss?:\/\//.test(url) || !URL.canParse(url)) {
    throw new InvalidArgumentError('redis', 'The address of Redis must be a URL such as redis://127.0.0.1:6379.');
  }
  const nodeRedis = loadNodeRedis();
  if (nodeRedis !== undefined) return () => nodeRedisLink(nodeRedis.createClient({ url, socket: NODE_REDIS_SOCKET }));
  const ioRedis = loadIoRedis();
  if (ioRedis !== undefined) return () => ioRedisLink(new ioRedis.Redis(url, IOREDIS_OPTIONS));
  throw new SpanwrightError(
    'MISSING_PACKAGE',
    'To reach Redis, one of the packages "redis" and "ioredis" is needed. Install one: npm install redis (then build a bundle again)',
  );
}
