// V8's sampling profiler in this process: the share of the samples by function. Used by profiled.ts and exported-program.ts.

import { readFileSync } from 'node:fs';
import type { Runtime } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import { fileURLToPath } from 'node:url';
import { builtParts, partAt } from './built-parts.js';

/** Share of the samples by function, the slowest first: the profiler has an entry for each way in which one was called. */
export type SelfTimes = readonly { readonly name: string; readonly url: string; readonly share: number }[];

const RUNTIME = /^(?:file:\/\/)?(.*\/dist\/runtime\/)[^?]+\.js$/;
const lines = new Map<string, readonly (string | undefined)[]>();

/** Place of a function. One of the runtime is placed in a file of its module, `dist/runtime/span/run.js`, in which the build put several. */
function placeOf({ url, lineNumber }: Runtime.CallFrame): string {
  const [, folder] = RUNTIME.exec(url) ?? [];
  if (folder === undefined) return url;
  const modules = lines.get(url) ?? modulesByLine(url);
  lines.set(url, modules);
  const name = modules[lineNumber];
  return name === undefined ? url : `${folder}${name.replace(/\.ts$/, '.js')}`;
}

function modulesByLine(url: string): readonly (string | undefined)[] {
  const text = readFileSync(url.startsWith('file:') ? fileURLToPath(url) : url, 'utf8');
  const parts = builtParts(text);
  let offset = 0;
  return text.split('\n').map((line) => {
    const at = offset;
    offset += line.length + 1;
    return partAt(parts, at);
  });
}

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
        const { functionName: name } = callFrame;
        const url = placeOf(callFrame);
        const key = `${name} ${url}`;
        if (hitCount > 0) self.set(key, { name, url, share: hitCount / counted + (self.get(key)?.share ?? 0) });
      }
      return [...self.values()].sort((one, other) => other.share - one.share);
    },
  };
}
