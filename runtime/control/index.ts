// `spanwright/control`: sources that set leases on every replica of a service, and a signal for one process.

export type { HeldCommand, ReplicaCommand, Setting } from './command.js';
export { type FileOptions, followFile } from './file.js';
export type { Control, Controlled } from './follower.js';
export { commandReplicas, DEFAULT_KEY, followRedis, type RedisOptions } from './redis.js';
export type { IoRedisClient, NodeRedisClient, RedisClient } from './redis-client.js';
export { type SignalOptions, toggleOnSignal } from './signal.js';
