// V8's sampling profiler in this process: the share of the samples by function. Used by profiled.ts and exported-program.ts.

import { Session } from 'node:inspector/promises';

/** Share of the samples by function, the slowest first: the profiler has an entry for each way in which one was called. */
export type SelfTimes = readonly { readonly name: string; readonly url: string; readonly share: number }[];

export interface Profiler {
  end(): Promise<SelfTimes>;
}

const INTERVAL_US = 100;
/** Samples of a process that waits. */
const IDLE = '(idle)';

export async function startProfiler(): Promise<Profiler> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
  await session.post('Profiler.start');
  return {
    async end() {
      const { profile } = await session.post('Profiler.stop');
      const busy = profile.nodes.filter(({ callFrame }) => callFrame.functionName !== IDLE);
      const counted = busy.reduce((sum, { hitCount = 0 }) => sum + hitCount, 0);
      const self = new Map<string, { name: string; url: string; share: number }>();
      for (const { callFrame, hitCount = 0 } of busy) {
        const { functionName: name, url } = callFrame;
        const key = `${name} ${url}`;
        if (hitCount > 0) self.set(key, { name, url, share: hitCount / counted + (self.get(key)?.share ?? 0) });
      }
      return [...self.values()].sort((one, other) => other.share - one.share);
    },
  };
}
