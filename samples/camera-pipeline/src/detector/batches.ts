// Collects images in which something was found, of all cameras, until there are enough or none has come for a while, and hands them to
// the analyzer as one batch. A batch is a trace of its own, linked to the image traces that it is made of.

import { randomUUID } from 'node:crypto';
import { TraceFlags } from '@opentelemetry/api';
import { carriers, detach, inject, instrument, linksTo, withRemoteContext } from 'spanwright';
import { pipeline } from '../pipeline/baggage.js';
import { BATCHES, type BatchItem, type Redis } from '../pipeline/queues.js';
import { batchImages } from './metrics.js';

/** The links to the images whose traces are kept. */
const linksOf = (items: readonly BatchItem[]) =>
  linksTo(items).filter(({ context }) => (context.traceFlags & TraceFlags.SAMPLED) !== 0);

export class Batches {
  #items: BatchItem[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sending = Promise.resolve();

  constructor(
    private readonly redis: Redis,
    private readonly size: number,
    private readonly idleMs: number,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** The item takes the context of the image's trace along. */
  add(image: string, camera: string): void {
    this.#items.push(inject({ image, camera }));
    clearTimeout(this.#timer);
    if (this.#items.length >= this.size) this.#close(false);
    else this.#timer = setTimeout(() => this.#close(true), this.idleMs);
  }

  /** Sends the collected batches, and waits until all that are under way have arrived. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#items.length > 0) this.#close(true);
    await this.#sending;
  }

  #close(timeout: boolean): void {
    const items = this.#items;
    const batch = randomUUID();
    this.#items = [];
    this.#sending = this.#sending.then(() => apart(items, () => this.aggregate(items, batch, timeout))).catch(this.failed);
  }

  @instrument({
    name: 'batch_aggregation',
    attributes: (items: readonly BatchItem[], batch: string, timeout: boolean) => ({
      'batch.id': batch,
      'batch.size': items.length,
      'batch.timeout_triggered': timeout,
    }),
    links: linksOf,
  })
  async aggregate(items: readonly BatchItem[], batch: string, _timeout: boolean): Promise<void> {
    batchImages.observe(items.length);
    await pipeline.set({ 'batch.id': batch }, () => {
      const message = inject({ batch, items }, carriers.redisList);
      return this.redis.lPush(BATCHES, JSON.stringify(message));
    });
  }
}

/** Outside the trace of the image that came last; where no image is sampled, under one that is not, so that nothing is recorded. */
function apart<T>(items: readonly BatchItem[], work: () => T): T {
  const [first] = items;
  return first === undefined || linksOf(items).length > 0 ? detach(work) : withRemoteContext(first, () => pipeline.clear(work));
}
