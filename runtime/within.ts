// A wait with a limit, for everything that may not answer: exporters, processors, resource detectors, Redis.

import { clearTimeout, setTimeout, unref } from './captured.js';

/**
 * Settles as `work` does; after `limit` milliseconds as `late` does, which may throw.
 * @param holds true: the timer keeps the process alive, because its caller awaits the end
 */
export async function within<Result>(
  limit: number,
  work: Promise<Result>,
  late: () => Result,
  { holds } = { holds: true },
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limit);
    if (!holds) unref(timer);
  });
  try {
    return await Promise.race([work, over.then(late)]);
  } finally {
    clearTimeout(timer);
  }
}
