// A signal as a quick switch for one process: `kill -USR2 <pid>` turns tracing on under a lease, a second one off until the next.
// Optional: nothing listens unless the service asks for it. A listener does not hold the process.

import type { Lease, LeaseOptions, Tracing } from '../tracing.js';
import { notice } from '../warnings.js';
import { untilWhen } from './follower.js';

/** Reason of both changes; everything else belongs to switching on. */
export interface SignalOptions extends Omit<LeaseOptions, 'actor'> {
  /** Default `SIGUSR2`. Node itself uses SIGUSR1 for its inspector. */
  readonly signal?: NodeJS.Signals;
}

/**
 * Toggles tracing at each signal. A change that the configuration refuses, or a limit that is out of range, is logged.
 * @returns stops listening
 */
export function toggleOnSignal(tracing: Pick<Tracing, 'enabled' | 'setEnabled'>, options: SignalOptions = {}): () => void {
  const { signal = 'SIGUSR2', ...enabling } = options;
  const source = `signal ${signal}`;
  const reason = enabling.reason ?? source;
  function toggle(): void {
    const on = !tracing.enabled;
    try {
      const lease: Lease = tracing.setEnabled(on, { ...(on ? enabling : undefined), reason, actor: source });
      notice('SPW021', `${source}: enabled ${on}, ${untilWhen(lease)}`);
    } catch (error) {
      notice('SPW022', `${source}: ${(error as Error).message}`, source);
    }
  }
  process.on(signal, toggle);
  return () => {
    process.off(signal, toggle);
  };
}
