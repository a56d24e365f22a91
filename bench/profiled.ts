// Run in a process of its own: makes calls under V8's sampling profiler, and prints the time a call and how much of it was
// spent in which function. Started by profile.ts, compiled to plain JavaScript first.

import { context } from '@opentelemetry/api';
import { type SelfTimes, startProfiler } from './profiler.js';
import { PARENTS, type ParentName, STATES, type StateName } from './states.js';

export interface Profile {
  readonly nsPerCall: number;
  readonly self: SelfTimes;
}

const SITES = 32;
const BURST = 512;
const WARM_UPS = 200;
const BURSTS = 300;
const REPEATS = 3;

/** @param share of the calls: fewer of those that take longer */
async function main(module: string, state: StateName, parentName: ParentName, share: number): Promise<void> {
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
  const [warmUp, count] = [BURST * Math.ceil(WARM_UPS * share), BURST * Math.ceil(BURSTS * share)];
  await run(warmUp);
  let nsPerCall = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const used = process.cpuUsage();
    const start = process.hrtime.bigint();
    await run(count);
    const elapsed = Number(process.hrtime.bigint() - start);
    const { user, system } = process.cpuUsage(used);
    // on a busy machine elapsed time includes other processes
    nsPerCall = Math.min(nsPerCall, elapsed / count, ((user + system) * 1000) / count);
  }

  const profiler = await startProfiler();
  await run(count);
  const answer: Profile = { nsPerCall, self: await profiler.end() };
  process.stdout.write(JSON.stringify(answer), () => process.exit(0));
}

void main(process.argv[2] ?? '', process.argv[3] as StateName, process.argv[4] as ParentName, Number(process.argv[5]));
