// A module as a process: it reports to its owner when it serves, and ends at SIGTERM, SIGINT, or when its owner is gone.

import type { Tracing } from 'spanwright';

/** Report of a process that serves: where it listens, if it does. */
export interface Ready {
  listening?: string;
}

export function tellReady(ready: Ready = {}): void {
  process.send?.(ready);
}

export function stopRequested(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
    if (process.connected) process.once('disconnect', () => resolve());
  });
}

/** Shuts tracing down, and reports to the owner, where there is one, the outcome of the spans. */
export async function endTracing(tracing: Tracing): Promise<void> {
  await tracing.shutdown();
  if (process.connected) await new Promise((sent) => process.send?.({ spans: tracing.state().spans }, sent));
}

/** Nothing may keep an ended module alive. */
export function leave(): void {
  if (process.connected) process.disconnect();
}

/** @throws when the variable is unset: a module cannot do without the other modules. */
export function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; samples/breakfix-pipeline/README.md lists what a module needs`);
  return value;
}
