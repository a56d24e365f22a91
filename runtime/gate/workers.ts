// The flag and the rules reach every worker thread of the process. The main thread posts its effective settings on a channel, which
// holds neither thread, and leaves them in the environment data, which a new worker gets with its start and reads at once.

import { BroadcastChannel, getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';
import type { GateSettings } from './gate.js';

/** Effective settings, plain data: as text, the sum of several leases could be longer than a text may be. */
export type SharedSettings = Omit<GateSettings, 'remoteParent'>;

type Message = { readonly from: 'main'; readonly settings: SharedSettings } | { readonly from: 'worker'; readonly asks: true };

const NAME = 'spanwright.settings.3';

export interface WorkerLink {
  /** Main thread: posts the settings to the workers. Worker: nothing. */
  tell(settings: SharedSettings): void;
  close(): void;
}

/**
 * In a worker, `follow` is called before this returns, with the settings that were in force when the worker was created.
 * @param current answer of the main thread to a worker that asks
 * @param follow puts settings in force in a worker
 */
export function linkWorkers(current: () => SharedSettings, follow: (settings: SharedSettings) => void): WorkerLink {
  const channel = new BroadcastChannel(NAME);
  (channel as unknown as { unref(): void }).unref();
  const post = (message: Message) => channel.postMessage(message);
  const leave = (settings: SharedSettings | undefined) => setEnvironmentData(NAME, settings as never);
  channel.onmessage = (event: unknown) => {
    const { data } = event as { data: Message };
    if (isMainThread && data.from === 'worker') post({ from: 'main', settings: current() });
    if (isMainThread || data.from !== 'main') return;
    leave(data.settings); // for workers of this worker
    follow(data.settings);
  };
  if (isMainThread) leave(current());
  else {
    const settings = getEnvironmentData(NAME) as unknown as SharedSettings | undefined;
    if (settings !== undefined) follow(settings);
    post({ from: 'worker', asks: true });
  }
  return {
    tell(settings) {
      if (!isMainThread) return;
      leave(settings);
      post({ from: 'main', settings });
    },
    close() {
      channel.close();
      if (isMainThread) leave(undefined);
    },
  };
}
