// The flag and the rules reach every worker thread of the process: the main thread tells its effective settings on a channel,
// workers follow and ask for them when they start. The channel holds neither thread.

import { BroadcastChannel, isMainThread } from 'node:worker_threads';
import type { GateSettings } from './gate.js';

/** Effective settings, plain data: as text, what several leases add up to could be longer than a text may be. */
export type SharedSettings = Omit<GateSettings, 'remoteParent'>;

type Message = { readonly from: 'main'; readonly settings: SharedSettings } | { readonly from: 'worker'; readonly asks: true };

const NAME = 'spanwright.settings.2';

export interface WorkerLink {
  /** Main thread: tells the workers. Worker: nothing. */
  tell(settings: SharedSettings): void;
  close(): void;
}

/**
 * @param current what the main thread answers to a worker that asks
 * @param follow what a worker does with what it is told
 */
export function linkWorkers(current: () => SharedSettings, follow: (settings: SharedSettings) => void): WorkerLink {
  const channel = new BroadcastChannel(NAME);
  (channel as unknown as { unref(): void }).unref();
  const post = (message: Message) => channel.postMessage(message);
  channel.onmessage = (event: unknown) => {
    const { data } = event as { data: Message };
    if (isMainThread && data.from === 'worker') post({ from: 'main', settings: current() });
    if (!isMainThread && data.from === 'main') follow(data.settings);
  };
  if (!isMainThread) post({ from: 'worker', asks: true });
  return {
    tell(settings) {
      if (isMainThread) post({ from: 'main', settings });
    },
    close: () => channel.close(),
  };
}
