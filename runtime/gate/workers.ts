// The flag and the rules reach every worker thread of the process. The main thread posts its settings and leases on a channel, which
// holds neither thread, and leaves them in the environment data, which a new worker gets with its start and reads at once. Workers
// end the leases by their own clocks, because a main thread that is blocked posts nothing.

import {
  BroadcastChannel,
  getEnvironmentData,
  isMainThread,
  type MessagePort,
  receiveMessageOnPort,
  setEnvironmentData,
} from 'node:worker_threads';
import { now } from '../captured.js';
import type { InheritedLease } from './lease.js';
import type { GateSettings } from './verdicts.js';

/** Settings of the main thread, plain data. */
export interface SharedSettings {
  readonly configured: Omit<GateSettings, 'remoteParent'>;
  readonly leases: readonly InheritedLease[];
}

type Message = { readonly from: 'main'; readonly settings: SharedSettings } | { readonly from: 'worker'; readonly asks: true };

const NAME = 'spanwright.settings.5';

/** Milliseconds between the monotonic clock of this thread and that of the system, which all threads share. */
const threadOffset = (): number => Number(process.hrtime.bigint()) / 1e6 - now();

function shifted({ configured, leases }: SharedSettings, offset: number): SharedSettings {
  return { configured, leases: leases.map((lease) => ({ ...lease, endsAt: lease.endsAt + offset })) };
}

export interface WorkerLink {
  /** Main thread: posts the settings to the workers. Worker: nothing. */
  publish(): void;
  /**
   * Worker: puts in force what the main thread has posted. In pools whose workers wait in Atomics.wait() the event loop, which delivers
   * messages otherwise, does not turn between tasks. Main thread: nothing.
   */
  receive(): void;
  close(): void;
}

/**
 * In a worker, `follow` is called before this returns, with the settings that were in force when the worker was created.
 * @param current settings of the main thread
 * @param follow puts settings in force in a worker
 */
export function linkWorkers(current: () => SharedSettings, follow: (settings: SharedSettings) => void): WorkerLink {
  const channel = new BroadcastChannel(NAME);
  (channel as unknown as { unref(): void }).unref();
  const post = (message: Message) => channel.postMessage(message);
  const leave = (settings: SharedSettings | undefined) => setEnvironmentData(NAME, settings as never);
  const send = () => shifted(current(), threadOffset());
  const receive = (settings: SharedSettings) => follow(shifted(settings, -threadOffset()));
  function take(data: Message): void {
    if (isMainThread && data.from === 'worker') post({ from: 'main', settings: send() });
    if (isMainThread || data.from !== 'main') return;
    leave(data.settings); // for workers of this worker
    receive(data.settings);
  }
  channel.onmessage = (event: unknown) => take((event as { data: Message }).data);
  if (isMainThread) leave(send());
  else {
    const settings = getEnvironmentData(NAME) as unknown as SharedSettings | undefined;
    if (settings !== undefined) receive(settings);
    post({ from: 'worker', asks: true });
  }
  return {
    publish() {
      if (!isMainThread) return;
      const settings = send();
      leave(settings);
      post({ from: 'main', settings });
    },
    receive() {
      if (isMainThread) return;
      for (;;) {
        const received = receiveMessageOnPort(channel as unknown as MessagePort) as { message: Message } | undefined;
        if (received === undefined) return;
        take(received.message);
      }
    },
    close() {
      channel.close();
      if (isMainThread) leave(undefined);
    },
  };
}
