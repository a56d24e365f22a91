// How each process starts and ends: one line of JSON on standard output when it is ready; it ends at SIGTERM or SIGINT, and, when it was
// started with a channel, with its owner. If it cannot finish its work, for example because a store has ended first, it gives up after a
// while.

import type { Tracing } from 'spanwright';

const STOP_LIMIT_MS = 20_000;

export function ready(what: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

/** `limitMs`: how long the end may take; `Infinity` for a process that waits for others, which have limits of their own. */
export function stopRequested(limitMs = STOP_LIMIT_MS): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      resolve();
      if (limitMs !== Number.POSITIVE_INFINITY)
        setTimeout(() => failed(new Error(`not finished ${limitMs} ms after it was asked to end`)), limitMs).unref();
    };
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
    if (process.connected) process.once('disconnect', stop);
  });
}

/** Shuts tracing down, and reports to the owner, where there is one, the outcome of the spans. */
export async function endTracing(tracing: Tracing): Promise<void> {
  await tracing.shutdown();
  if (process.connected) await new Promise((sent) => process.send?.({ spans: tracing.state().spans }, sent));
}

export function finished(): void {
  if (process.connected) process.disconnect();
}

/** For the end of main(): parts that were started by then would keep the process alive. */
export function failed(error: unknown): void {
  const [message, stack] = error instanceof Error ? [error.message, error.stack ?? ''] : [String(error), ''];
  process.stderr.write(`level=error msg=${JSON.stringify(message)} stack=${JSON.stringify(stack)}\n`);
  process.exit(1);
}
