// The end of a process of the desk.

import type { Tracing } from 'spanwright';

/** Shuts tracing down, and reports to the owner, where there is one, the outcome of the spans. */
export async function endTracing(tracing: Tracing): Promise<void> {
  await tracing.shutdown();
  if (process.connected) await new Promise((sent) => process.send?.({ spans: tracing.state().spans }, sent));
}
