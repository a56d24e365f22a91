// One variant in a process of its own, so that types, caches and providers of other variants do not affect it. Started by the
// coordinator, compiled to plain JavaScript first; loads one generated module under one state and answers orders over IPC.

import { type Context, context } from '@opentelemetry/api';
import type { Installed } from './installed.js';
import { PARENTS, type ParentName, STATES, type StateName } from './states.js';

export interface WorkerSetup {
  readonly module: string;
  readonly state: StateName;
  readonly parent: ParentName;
  readonly shape: 'sync' | 'async';
  /** Drain the export queue every few hundred calls, within the measured time. */
  readonly bursts: boolean;
  /** One call site for all callees, or one for each. Calls come in multiples of the number of sites. */
  readonly callSites: 'shared' | 'own';
}

/** Requests of the coordinator. */
export type Order = { kind: 'time'; calls: number } | { kind: 'bytes'; calls: number } | { kind: 'turns' } | { kind: 'end' };

export interface Answer {
  /** Calls that were made in all. */
  readonly calls: number;
  /** Nanoseconds a call, bytes a call, or microtask turns, as ordered. */
  readonly value: number;
  /** Sum of all results, which depends on every call. */
  readonly checksum: number;
  /** Spans that were exported meanwhile. */
  readonly spans: number;
}

interface Callee {
  m(a: number, b: number): number | Promise<number>;
}

/** Makes so many calls and returns the sum of their results. */
type Drive = (calls: number) => number | Promise<number>;

/** Number of measured calls for each warm-up call before the clock starts. */
const LEAD_IN = 4;
/** A call loop passes over all of them, so calls come in multiples of this. */
const SITES = 32;
/** A round counts as interrupted when it took this much longer than the processor worked for it. */
const INTERRUPTED = 1.03;
/** A long round is interrupted on every busy machine; it is not repeated for ever. */
const PATIENCE_NS = 12_000_000;

/** True where the count of the processor's work moves in small steps; some systems count whole ticks of a clock. */
const fine = finestStep() <= 100;

/** Microseconds. */
function finestStep(): number {
  let finest = Number.POSITIVE_INFINITY;
  let before = process.cpuUsage();
  for (let steps = 0; steps < 10; ) {
    const now = process.cpuUsage();
    const step = now.user + now.system - before.user - before.system;
    if (step > 0) {
      finest = Math.min(finest, step);
      steps++;
    }
    before = now;
  }
  return finest;
}

/** Spans made between two drains of the batch queue; a quarter of what it holds. */
const BURST = 512;

async function main(setup: WorkerSetup): Promise<void> {
  const installed = await STATES[setup.state]();
  const { sites, own } = require(setup.module) as { sites: Callee[]; own: (calls: number) => number | Promise<number> };
  const shared = setup.shape === 'sync' ? runSync : runAsync;
  const drive: Drive = setup.callSites === 'own' ? own : (calls) => shared(sites, calls);
  const parent = PARENTS[setup.parent]();
  const byRequest = setup.parent === 'unsampled, by request';
  const root = setup.parent === 'own' ? installed.inRoot : undefined;
  const run: Drive = setup.bursts ? (calls) => inBursts(drive, calls, installed.drain, root) : drive;
  const inOne: Drive = parent === undefined ? run : (calls) => context.with(parent, run, undefined, calls);
  const inParent = byRequest ? (calls: number) => inRequests(run, calls, setup.parent) : inOne;

  process.on('message', async (order: Order) => {
    if (order.kind === 'end') process.exit(0);
    const before = installed.count();
    const answer = order.kind === 'turns' ? await turns(sites) : await MEASURES[order.kind](inParent, order.calls);
    await installed.drain();
    process.send?.({ ...answer, spans: installed.count() - before } satisfies Answer);
  });
  process.send?.({ value: 0, checksum: 0, calls: 0, spans: 0 } satisfies Answer);
}

const MEASURES = {
  /**
   * The time by the clock or the time that the processor worked, whichever is less: the clock runs on while the processor works for other
   * processes, and the processor's count holds what the engine does meanwhile in other threads. A short round that was interrupted is
   * repeated. The calls before the clock starts refill the processor's caches after other variants.
   */
  async time(run: Drive, calls: number) {
    const leadIn = Math.ceil(calls / LEAD_IN / SITES) * SITES;
    await run(leadIn);
    let least = Number.POSITIVE_INFINITY;
    let spent = 0;
    let repeats = 0;
    for (;;) {
      const used = process.cpuUsage();
      const start = process.hrtime.bigint();
      const result = run(calls);
      const checksum = typeof result === 'number' ? result : await result;
      const elapsed = Number(process.hrtime.bigint() - start);
      const { user, system } = process.cpuUsage(used);
      const worked = (user + system) * 1000;
      least = Math.min(least, elapsed, fine ? worked : elapsed);
      spent += elapsed;
      repeats++;
      if (elapsed <= worked * INTERRUPTED || spent > PATIENCE_NS)
        return { value: least / calls, checksum, calls: leadIn + calls * repeats };
    }
  },
  async bytes(run: Drive, calls: number) {
    if (!globalThis.gc) throw new Error('bytes are counted only under --expose-gc');
    globalThis.gc();
    const before = process.memoryUsage().heapUsed;
    const result = run(calls);
    const checksum = typeof result === 'number' ? result : await result;
    return { value: (process.memoryUsage().heapUsed - before) / calls, checksum, calls };
  },
};

/** One call site for all callees: what a router, a queue or a loop over handlers looks like to the engine. */
function runSync(sites: readonly Callee[], calls: number): number {
  let sum = 0;
  for (let call = 0; call < calls; call++) sum = (sum + ((sites[call % SITES] as Callee).m(call, sum) as number)) | 0;
  return sum;
}

async function runAsync(sites: readonly Callee[], calls: number): Promise<number> {
  let sum = 0;
  for (let call = 0; call < calls; call++) sum = (sum + (await (sites[call % SITES] as Callee).m(call, sum))) | 0;
  return sum;
}

/** Calls each method once in every context. */
function inRequests(run: Drive, calls: number, parent: ParentName): number | Promise<number> {
  const request = () => context.with(PARENTS[parent]() as Context, run, undefined, SITES);
  const first = request();
  if (typeof first !== 'number') return inAsyncRequests(request, calls, first);
  let sum = first;
  for (let done = SITES; done < calls; done += SITES) sum = (sum + (request() as number)) | 0;
  return sum;
}

async function inAsyncRequests(request: () => number | Promise<number>, calls: number, first: Promise<number>): Promise<number> {
  let sum = await first;
  for (let done = SITES; done < calls; done += SITES) sum = (sum + (await request())) | 0;
  return sum;
}

/** Drains within the measured time: sending spans on is part of what recording costs. */
async function inBursts(drive: Drive, calls: number, drain: Installed['drain'], inRoot: Installed['inRoot']): Promise<number> {
  let sum = 0;
  for (let done = 0; done < calls; done += BURST) {
    const part = Math.min(BURST, calls - done);
    const made = inRoot === undefined ? drive(part) : inRoot(async () => drive(part));
    sum = (sum + (await made)) | 0;
    await drain();
  }
  return sum;
}

/** Microtask turns between a call and the moment at which a caller's `then` on its result runs. */
async function turns(sites: readonly Callee[]): Promise<{ value: number; checksum: number; calls: number }> {
  let settled = false;
  let count = 0;
  const result = Promise.resolve((sites[0] as Callee).m(1, 2));
  const observed = result.then((value) => {
    settled = true;
    return value;
  });
  while (!settled) {
    await undefined;
    count++;
  }
  return { value: count, checksum: await observed, calls: 1 };
}

void main(JSON.parse(process.argv[2] ?? '{}') as WorkerSetup);
