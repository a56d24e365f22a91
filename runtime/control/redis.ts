// Redis as control source: one hash holds the last command for each setting, a message on the channel of the same name reports a change. All times are Redis's: a replica asks how long a command still holds, so that no clock of a
// replica lengthens a lease and one that starts later gets what is left. When Redis is gone, leases expire.

import { clearInterval, now as monotonic, setInterval, unref } from '../captured.js';
import { InvalidArgumentError, SpanwrightError } from '../errors.js';
import { parseDuration } from '../text/duration.js';
import {
  COMMAND_FIELDS,
  checkValue,
  type HeldCommand,
  isEndless,
  leaseOptions,
  type ReplicaCommand,
  readObject,
  SETTINGS,
  type Setting,
  timeOf,
} from './command.js';
import { type Control, type Controlled, Follower } from './follower.js';
import type { RedisClient } from './redis-client.js';
import { RedisConnection } from './redis-connection.js';

/** Name of the hash and of the channel in Redis, if `key` is not given. */
export const DEFAULT_KEY = 'spanwright:control';
const USUAL_INTERVAL = 5000;
/** Milliseconds. */
const SLOW_ANSWER = 200;
const KNOWN: ReadonlySet<string> = new Set(['value', ...COMMAND_FIELDS]);

/** Options of `followRedis()` and `commandReplicas()`. */
export interface RedisOptions {
  /** Name of the hash and of the channel. Default `spanwright:control`. */
  readonly key?: string;
  /** Milliseconds between two reads, in addition to the messages, which Redis does not promise to deliver. Default 5000. */
  readonly interval?: number;
}

/** Time of the server in milliseconds, and the hash as a list of names and values. */
const READ = `local t = redis.call('TIME')
return { string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000)), redis.call('HGETALL', KEYS[1]) }`;

/**
 * ARGV: setting, command, milliseconds or 'endless', revision that the caller has seen or ''. The revision of a new hash starts
 * at the time of the server, above those of a lost hash.
 */
const WRITE = `local t = redis.call('TIME')
local held = redis.call('HGET', KEYS[1], 'revision')
if ARGV[4] ~= '' and ARGV[4] ~= (held or '0') then return { 'stale', held or '0' } end
local revision = string.format('%.0f', held and held + 1 or t[1])
local ends = ARGV[3]
if ends ~= 'endless' then ends = string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000) + ARGV[3]) end
redis.call('HSET', KEYS[1], 'revision', revision, ARGV[1], ARGV[2],
  ARGV[1] .. ':revision', revision, ARGV[1] .. ':for', ARGV[3], ARGV[1] .. ':ends', ends)
redis.call('PUBLISH', KEYS[1], revision)
return { 'done', revision }`;

/** The hash of the answer, and the time of the server at which it was read. */
function readAnswer(answer: unknown): { now: number; hash: ReadonlyMap<string, string> } {
  const [now, flat] = answer as [string, string[]];
  const hash = new Map<string, string>();
  for (let at = 0; at + 1 < flat.length; at += 2) hash.set(String(flat[at]), String(flat[at + 1]));
  return { now: Number(now), hash };
}

/** The command for a setting, or undefined without one. @throws InvalidArgumentError for what is not a command. */
function heldCommand(setting: Setting, hash: ReadonlyMap<string, string>, now: number): HeldCommand | undefined {
  const text = hash.get(setting);
  if (text === undefined) return undefined;
  const [revision = 0, whole = 0, ends = 0] = ['revision', 'for', 'ends'].map((name) => Number(hash.get(`${setting}:${name}`)));
  const fields = readObject(text, KNOWN);
  const command = { setting, value: checkValue(setting, fields.value), ...leaseOptions(fields) };
  const endless = isEndless(command);
  const remaining = endless ? Number.POSITIVE_INFINITY : Math.min(whole, ends - now);
  if (!Number.isSafeInteger(revision) || !(endless || Number.isFinite(remaining)))
    throw new InvalidArgumentError(
      setting,
      `the command for ${setting} has no revision or time; write it with commandReplicas().`,
    );
  return { command, revision, remaining };
}

class FollowedRedis implements Control {
  readonly #follower: Follower;
  #poll: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;
  #again = false;
  #closed = false;

  constructor(
    tracing: Controlled,
    private readonly redis: RedisConnection,
    private readonly key: string,
    private readonly interval: number,
  ) {
    this.#follower = new Follower(tracing, `redis ${key}`);
  }

  get revision(): number {
    return this.#follower.revision;
  }

  async start(): Promise<void> {
    const look = (): void => void this.#look();
    // Reads the hash once the subscription is active, because the channel missed earlier changes.
    this.redis.listen(this.key, { heard: look, ready: look, failed: (error) => this.#follower.fault(error.message) });
    // a connection that is unref'd keeps no process alive, and the caller may await this with nothing else open
    this.#poll = setInterval(look, this.interval);
    await this.#look();
    unref(this.#poll);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#poll);
    this.redis.close();
  }

  /** One read at a time; a message that comes during one causes another. */
  #look(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    if (this.#reading !== undefined) {
      this.#again = true;
      return this.#reading;
    }
    this.#reading = this.#read().finally(() => {
      this.#reading = undefined;
      if (!this.#again) return;
      this.#again = false;
      void this.#look();
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    try {
      let asked = monotonic();
      let answer = await this.redis.execute(['EVAL', READ, '1', this.key]);
      if (monotonic() - asked > SLOW_ANSWER) {
        // Most of that time was the connection; a second read gives the remaining time more exactly.
        asked = monotonic();
        answer = await this.redis.execute(['EVAL', READ, '1', this.key]);
      }
      if (this.#closed) return;
      const late = monotonic() - asked;
      const { now, hash } = readAnswer(answer);
      for (const setting of SETTINGS) this.#take(setting, hash, now + late);
    } catch (error) {
      if (!this.#closed) this.#follower.fault((error as Error).message);
    }
  }

  /** Each setting by itself: an invalid command must not keep the others from being followed. */
  #take(setting: Setting, hash: ReadonlyMap<string, string>, now: number): void {
    try {
      const held = heldCommand(setting, hash, now);
      if (held !== undefined) this.#follower.follow([held]);
    } catch (error) {
      this.#follower.fault((error as Error).message);
    }
  }
}

/**
 * Follows the commands in Redis, which {@link commandReplicas} and `spanwright set --redis` write.
 *
 * @param client the service's own client of the package `redis` or `ioredis`, of which two duplicates are made, or a URL
 * @returns once the stored commands have been read, or Redis could not be reached; it keeps trying
 * @throws SpanwrightError MISSING_PACKAGE for a URL when neither package is installed
 */
export async function followRedis(
  tracing: Controlled,
  client: RedisClient | string,
  options: RedisOptions = {},
): Promise<Control> {
  const interval = parseDuration(options.interval ?? USUAL_INTERVAL, 'interval', { min: 50, max: 3_600_000 });
  const followed = new FollowedRedis(tracing, new RedisConnection(client), options.key ?? DEFAULT_KEY, interval);
  await followed.start();
  return followed;
}

/**
 * Writes a command for all replicas that follow Redis, and notifies them.
 *
 * @param options `revision`: refuse unless this is still the revision of the commands
 * @returns the revision of the command
 * @throws InvalidArgumentError when a field is wrong, or the revision is no longer the one that was seen; nothing is changed then
 */
export async function commandReplicas(
  client: RedisClient | string,
  command: ReplicaCommand,
  options: Pick<RedisOptions, 'key'> & { readonly revision?: number } = {},
): Promise<number> {
  const { setting, value, ...fields } = command;
  if (!SETTINGS.includes(setting)) throw new InvalidArgumentError('setting', `setting must be one of ${SETTINGS.join(', ')}.`);
  const time = isEndless(command) ? 'endless' : String(Math.round(timeOf(command)));
  const text = JSON.stringify({ value: checkValue(setting, value), ...leaseOptions({ ...fields }) });
  const redis = new RedisConnection(client, true);
  try {
    const seen = options.revision === undefined ? '' : String(options.revision);
    const answer = await redis.execute(['EVAL', WRITE, '1', options.key ?? DEFAULT_KEY, setting, text, time, seen]);
    const [verdict, revision] = (answer as unknown[]).map(String);
    if (verdict === 'done') return Number(revision);
    throw new InvalidArgumentError(
      'revision',
      `The commands are at revision ${revision}, not ${seen}: read them again, then decide.`,
    );
  } catch (error) {
    if (error instanceof SpanwrightError) throw error;
    throw new Error(`Redis did not accept the command: ${(error as Error).message}`, { cause: error });
  } finally {
    redis.close();
  }
}
