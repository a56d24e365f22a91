// A watched file as control source, as a Kubernetes ConfigMap is mounted: the kubelet swaps the link `..data` beside the file,
// so the folder is watched and the file read again, and a slow poll backs the watch on file systems without events.
// The time of a command runs from the moment at which its change is seen. One that was there at the start has run since the
// file was written, by the clocks of this machine and of the file system; where they contradict each other it is ignored.

import { constants, type FSWatcher, watch } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { clearInterval, clearTimeout, setInterval, setTimeout, unref } from '../captured.js';
import { InvalidArgumentError } from '../errors.js';
import { parseDuration } from '../text/duration.js';
import { COMMAND_FIELDS, commandsIn, isEndless, MOST_TEXT, readObject, SETTINGS, USUAL_TIME } from './command.js';
import { type Control, type Controlled, Follower } from './follower.js';

/** Options of `followFile()`. */
export interface FileOptions {
  /** Milliseconds between two polls where the file system reports no changes. Default 1000. */
  readonly interval?: number;
}

const USUAL_INTERVAL = 1000;
/** The kubelet changes several names in one swap; one read is enough for all of them. */
const SETTLE_MILLISECONDS = 20;
/** The modification time of a file may be this far in the future, because some file systems round times. */
const CLOCK_TOLERANCE = 2000;
const KNOWN: ReadonlySet<string> = new Set(['revision', ...SETTINGS, ...COMMAND_FIELDS]);

interface Found {
  readonly text: string;
  readonly writtenAt: number;
}

class FollowedFile implements Control {
  readonly #follower: Follower;
  #watcher: FSWatcher | undefined;
  #poll: NodeJS.Timeout | undefined;
  #settle: NodeJS.Timeout | undefined;
  #text: string | undefined;
  #first = true;
  #closed = false;
  #reading: Promise<void> = Promise.resolve();

  constructor(
    tracing: Controlled,
    private readonly path: string,
    private readonly interval: number,
  ) {
    this.#follower = new Follower(tracing, `file ${path}`);
  }

  get revision(): number {
    return this.#follower.revision;
  }

  async start(): Promise<void> {
    this.#watch();
    await this.#look();
    this.#poll = unref(setInterval(() => void this.#look(), this.interval));
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#settle);
    this.#watcher?.close();
    await this.#reading;
  }

  #watch(): void {
    if (this.#watcher !== undefined || this.#closed) return;
    try {
      this.#watcher = watch(dirname(this.path), { persistent: false }, () => {
        clearTimeout(this.#settle);
        this.#settle = unref(setTimeout(() => void this.#look(), SETTLE_MILLISECONDS));
      });
      this.#watcher.on('error', () => this.#unwatch());
    } catch {
      // The folder is not there yet, or watches are used up: the poll goes on and tries again.
    }
  }

  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  /** Reads one after the other, so that an older text is never applied after a newer one. */
  #look(): Promise<void> {
    this.#reading = this.#reading.then(async () => {
      if (this.#closed) return;
      this.#watch();
      const found = await readBounded(this.path).catch((error: NodeJS.ErrnoException) => {
        // A missing file means that there is no command; it is not a fault.
        if (error.code !== 'ENOENT') this.#follower.fault(`it cannot be read (${error.code ?? error.message})`);
        return undefined;
      });
      if (found !== undefined && found.text !== this.#text && !this.#closed) this.#take(found);
      this.#first = false;
    });
    this.#reading = this.#reading.catch((fault: Error) => this.#follower.fault(fault.message)); // the next poll continues
    return this.#reading;
  }

  #take({ text, writtenAt }: Found): void {
    const age = this.#first ? Date.now() - writtenAt : 0;
    this.#text = text;
    if (age < -CLOCK_TOLERANCE) {
      this.#follower.fault(
        'its modification time is in the future, so the remaining time of its command is unknown; write it again',
      );
      return;
    }
    try {
      this.#obey(readObject(text, KNOWN), Math.max(0, age));
    } catch (error) {
      this.#follower.fault((error as Error).message);
    }
  }

  #obey(file: Record<string, unknown>, age: number): void {
    const revision = file.revision ?? this.#follower.revision + 1;
    if (!Number.isSafeInteger(revision) || (revision as number) < 1)
      throw new InvalidArgumentError('revision', '"revision" must be a whole number from 1.');
    if ((revision as number) <= this.#follower.revision) {
      const known = this.#follower.revision;
      this.#follower.fault(`ignored: revision ${revision} is not newer than ${known}`);
      return;
    }
    const commands = commandsIn(file);
    const remaining = parseDuration(file.for ?? USUAL_TIME, 'for') - age;
    // A setting that was never named has nothing to end.
    const named = commands.filter(({ setting, value }) => value !== null || !this.#follower.isNew(setting, 1));
    this.#follower.follow(
      named.map((command) => ({
        command,
        revision: revision as number,
        remaining: isEndless(command) ? Number.POSITIVE_INFINITY : remaining,
      })),
    );
  }
}

async function readBounded(path: string): Promise<Found> {
  // O_NONBLOCK, because otherwise opening a named pipe would wait for its writer for ever. Windows has neither the flag nor such pipes.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const status = await file.stat();
    const { mtimeMs, size } = status;
    if (!status.isFile()) throw new Error('it is not a regular file');
    if (size > MOST_TEXT) throw new Error(`it is larger than ${MOST_TEXT} bytes`);
    const buffer = Buffer.alloc(MOST_TEXT + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return { text: buffer.toString('utf8', 0, bytesRead), writtenAt: mtimeMs };
  } finally {
    await file.close();
  }
}

/**
 * Follows a file, for example a key of a mounted ConfigMap: a JSON object such as
 * `{ "revision": 4, "enabled": true, "for": "10m", "only": "carbide::api", "reason": "slow rack 7" }`, also with `rules` and `drop`.
 * The file says all that the source wants: what it no longer names is ended. A file that is missing changes nothing.
 *
 * @returns once the file has been looked at for the first time
 * @throws InvalidArgumentError for an interval that is no number of at least 10 milliseconds
 */
export async function followFile(tracing: Controlled, path: string, options: FileOptions = {}): Promise<Control> {
  const interval = parseDuration(options.interval ?? USUAL_INTERVAL, 'interval', { min: 10, max: 3_600_000 });
  const followed = new FollowedFile(tracing, resolve(path), interval);
  await followed.start();
  return followed;
}
