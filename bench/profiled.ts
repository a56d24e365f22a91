// Run in a process of its own: makes calls under V8's sampling profiler, and prints the time a call and how much of it was
// spent in which function. Started by profile.ts, compiled to plain JavaScript first.

import { Session } from 'node:inspector/promises';
import { context } from '@opentelemetry/api';
import { PARENTS, type ParentName, STATES, type StateName } from './states.js';

export interface Profile {
  readonly nsPerCall: number;
  /** Share of the samples, by function and file. */
  readonly self: readonly { readonly name: string; readonly url: string; readonly share: number }[];
}

const SITES = 32;
const BURST = 512;
const WARM_UP = 200 * BURST;
const CALLS = 300 * BURST;
const REPEATS = 3;
const INTERVAL_US = 100;

async function main(module: string, state: StateName, parentName: ParentName): Promise<void> {
  const installed = await STATES[state]();
  const { sites } = require(module) as { sites: { m(a: number, b: number): number | Promise<number> }[] };
  const parent = PARENTS[parentName]();

  async function drive(calls: number): Promise<number> {
    let sum = 0;
    for (let done = 0; done < calls; done += BURST) {
      for (let call = 0; call < BURST; call++) {
        const result = (sites[call % SITES] as (typeof sites)[0]).m(call, sum);
        sum = (sum + (typeof result === 'number' ? result : await result)) | 0;
      }
      await installed.drain();
    }
    return sum;
  }

  const run = (calls: number) => (parent === undefined ? drive(calls) : context.with(parent, drive, undefined, calls));
  await run(WARM_UP);
  let nsPerCall = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const used = process.cpuUsage();
    const start = process.hrtime.bigint();
    await run(CALLS);
    const elapsed = Number(process.hrtime.bigint() - start);
    const { user, system } = process.cpuUsage(used);
    // on a busy machine elapsed time includes other processes
    nsPerCall = Math.min(nsPerCall, elapsed / CALLS, ((user + system) * 1000) / CALLS);
  }

  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
  await session.post('Profiler.start');
  await run(CALLS);
  const { profile } = await session.post('Profiler.stop');
  const counted = profile.nodes.reduce((sum, { hitCount = 0 }) => sum + hitCount, 0);
  const self = profile.nodes
    .filter(({ hitCount = 0 }) => hitCount > 0)
    .map(({ callFrame, hitCount = 0 }) => ({ name: callFrame.functionName, url: callFrame.url, share: hitCount / counted }));
  console.log(JSON.stringify({ nsPerCall, self } satisfies Profile));
  process.exit(0);
}

void main(process.argv[2] ?? '', process.argv[3] as StateName, process.argv[4] as ParentName);
