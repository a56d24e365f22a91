// Two links to Redis for a control source: one that executes, one that listens. A lost link is opened again at the next
// need or after a short while; nothing here holds the process of a service, and no wait is unbounded.

import { clearTimeout, setTimeout, unref } from '../captured.js';
import { within } from '../within.js';
import { linksLike, linksTo, type RedisClient, type RedisLink } from './redis-client.js';

const ANSWER_MILLISECONDS = 5000;
const RETRY_MILLISECONDS = 250;
const LONGEST_RETRY = 5000;

/** @throws Error when the work is not done in time */
function inTime<Answer>(work: Promise<Answer>, milliseconds: number, holds: boolean): Promise<Answer> {
  const late = (): never => {
    throw new Error(`no answer within ${milliseconds} ms`);
  };
  return within(milliseconds, work, late, { holds });
}

interface Listening {
  /** A message arrived on the channel. */
  heard(): void;
  /** The subscription is active, for the first time or again. */
  ready(): void;
  failed(error: Error): void;
}

export class RedisConnection {
  readonly #make: () => RedisLink;
  #executing: Promise<RedisLink> | undefined;
  #listening: RedisLink | undefined;
  #retry: NodeJS.Timeout | undefined;
  #wait = RETRY_MILLISECONDS;
  #closed = false;

  /**
   * @param holds keeps the process alive until requests are answered: right for a program, wrong for a service
   * @throws like linksLike and linksTo. Nothing is connected yet.
   */
  constructor(
    client: RedisClient | string,
    private readonly holds = false,
  ) {
    this.#make = typeof client === 'string' ? linksTo(client) : linksLike(client);
  }

  /** The answer to a command. Rejects when Redis cannot be reached or does not answer in time. */
  async execute(command: readonly string[]): Promise<unknown> {
    if (this.#closed) throw new Error('the connection has been closed');
    const forget = (): void => {
      if (this.#executing === opened) this.#executing = undefined;
    };
    const opened: Promise<RedisLink> =
      this.#executing ??
      this.#open((link) => {
        forget();
        link.destroy();
      });
    this.#executing = opened;
    opened.catch(forget);
    return await inTime(
      opened.then((link) => link.execute(command)),
      ANSWER_MILLISECONDS,
      this.holds,
    );
  }

  /** Listens until the connection is closed, however often the link is lost. */
  listen(channel: string, listening: Listening): void {
    if (this.#closed) return;
    let over = false;
    const lose = (link?: RedisLink, error?: Error): void => {
      if (over) return;
      over = true;
      link?.destroy();
      if (this.#closed) return;
      if (error !== undefined) listening.failed(error);
      this.#retry = unref(setTimeout(() => this.listen(channel, listening), this.#wait));
      this.#wait = Math.min(this.#wait * 2, LONGEST_RETRY);
    };
    this.#open(lose)
      .then(async (link) => {
        if (this.#closed) return link.destroy();
        this.#listening = link;
        await link.subscribe(channel, listening.heard);
        this.#wait = RETRY_MILLISECONDS;
        listening.ready();
      })
      .catch((error) => lose(this.#listening, error as Error));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#listening?.destroy();
    this.#executing?.then(
      (link) => link.destroy(),
      () => undefined,
    );
    this.#executing = undefined;
  }

  async #open(lost: (link: RedisLink, error?: Error) => void): Promise<RedisLink> {
    const link = this.#make();
    link.onLost((error) => lost(link, error));
    try {
      await inTime(link.connect(), ANSWER_MILLISECONDS, this.holds);
      return link;
    } catch (error) {
      lost(link, error as Error);
      throw error;
    }
  }
}
