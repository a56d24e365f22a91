// A wait with a limit. The timer holds the process on purpose: somebody awaits the work. Used by the queue and by the end of a set-up.

import { clearTimeout, setTimeout } from '../captured.js';

/** Waits for `work`, but no longer than `limit` milliseconds. Never fails: what failed has been counted and reported. */
export async function within(limit: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limit);
  });
  try {
    await Promise.race([work, over]);
  } catch {
    // see above
  } finally {
    clearTimeout(timer);
  }
}
