// How a process of the sample begins and ends. One line of JSON on standard output says that it is ready, or why not; it ends at SIGTERM or
// SIGINT, and with its owner when it was started with a channel, so that nothing is left behind when the owner ends in any way.

import type { Tracing } from 'spanwright';
import { log } from './log.js';

export function announce(facts: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(facts)}\n`);
}

/** Further signals are ignored: Ctrl-C reaches every process of a terminal, and the parent process sends a second signal. */
export function stopRequested(): Promise<void> {
  return new Promise((resolve) => {
    process.on('SIGTERM', () => resolve());
    process.on('SIGINT', () => resolve());
    if (process.connected) process.once('disconnect', () => resolve());
  });
}

/** Shuts tracing down, and reports to the owner, where there is one, the outcome of the spans. */
export async function endTracing(tracing: Tracing): Promise<void> {
  await tracing.shutdown();
  if (process.connected) await new Promise((sent) => process.send?.({ spans: tracing.state().spans }, sent));
}

/** Runs a process to its end: `main` answers when everything that it opened is closed. */
export function run(main: () => Promise<void>): void {
  main().then(
    () => {
      if (process.connected) process.disconnect();
    },
    (error: unknown) => {
      announce({ failed: error instanceof Error ? error.message : String(error) });
      log('error', 'cannot go on', { error });
      process.exit(1); // what was opened by then would keep the process alive
    },
  );
}
