// Redis between the processes: a stream of images that is read in a group, so that several detectors share it, and two lists. The
// messages are plain; the trace context and the baggage travel in them beside the payload, put there by inject().

import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from 'redis';
import { required } from './settings.js';

export const IMAGES = 'hsi:images';
export const DETECTORS = 'detectors';
/** Images that could not be read: kept for people to look at. */
export const UNREADABLE = 'hsi:images:unreadable';
export const BATCHES = 'hsi:batches';
export const EVENTS = 'hsi:events';
/** A publish-subscribe channel. */
export const ALERTS = 'hsi:alerts';

export type Redis = ReturnType<typeof createRedis>;

/** Message of a processed image: ids, and the context of its own trace (`traceparent`, `baggage`). */
export interface BatchItem {
  readonly image: string;
  readonly camera: string;
  readonly [header: string]: string;
}

export interface BatchMessage {
  readonly batch: string;
  readonly items: readonly BatchItem[];
}

export interface EventMessage {
  readonly image: string;
  readonly camera: string;
  readonly object: string;
  readonly confidence: number;
  readonly risk: number;
}

function createRedis() {
  const client = createClient({ url: required('REDIS_URL') });
  client.on('error', () => undefined); // it reconnects; commands that fail meanwhile reject to their callers
  return client;
}

export async function openRedis(): Promise<Redis> {
  const client = createRedis();
  await client.connect();
  return client;
}

/**
 * Takes one element after the other off a list until `stopped` is aborted. On a connection of its own, because it blocks; what `handle`
 * throws is given to `failed`, and the next element is taken.
 */
export async function consumeList(
  list: string,
  stopped: AbortSignal,
  handle: (text: string) => Promise<void>,
  failed: (error: unknown) => void,
): Promise<void> {
  const reader = createRedis();
  stopped.addEventListener('abort', () => reader.destroy(), { once: true });
  await reader.connect().catch((error: unknown) => {
    if (!stopped.aborted) throw error;
  });
  while (!stopped.aborted) {
    try {
      const taken = await reader.brPop(list, 5);
      if (taken !== null) await handle(taken.element);
    } catch (error) {
      if (stopped.aborted) return;
      failed(error);
      await pause(reader.isReady ? 0 : 500);
    }
  }
}
