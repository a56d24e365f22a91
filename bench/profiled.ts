// Run in a process of its own: makes calls under V8's sampling profiler, and prints the time a call and how much of it was
// spent in which function. Started by profile.ts, compiled to plain JavaScript first.

import { Session } from 'node:inspector/promises';
import { context } from '@opentelemetry/api';
import { PARENTS, type ParentName, STATES, type StateName } from './states.js';

export interface Profile {
  readonly nsPerCall: number;
  /** Share of the samples by function, the slowest first: the profiler has an entry for each way in which one was called. */
  readonly self: readonly { readonly name: string; readonly url: string; readonly share: number }[];
}

const SITES = 32;
const BURST = 512;
const WARM_UPS = 200;
const BURSTS = 300;
const REPEATS = 3;
const INTERVAL_US = 100;

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

  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
  await session.post('Profiler.start');
  await run(count);
  const { profile } = await session.post('Profiler.stop');
  const counted = profile.nodes.reduce((sum, { hitCount = 0 }) => sum + hitCount, 0);
  const self = new Map<string, { name: string; url: string; share: number }>();
  for (const { callFrame, hitCount = 0 } of profile.nodes) {
    const { functionName: name, url } = callFrame;
    const key = `${name} ${url}`;
    if (hitCount > 0) self.set(key, { name, url, share: hitCount / counted + (self.get(key)?.share ?? 0) });
  }
  const answer: Profile = { nsPerCall, self: [...self.values()].sort((one, other) => other.share - one.share) };
  process.stdout.write(JSON.stringify(answer), () => process.exit(0));
}

void main(process.argv[2] ?? '', process.argv[3] as StateName, process.argv[4] as ParentName, Number(process.argv[5]));
