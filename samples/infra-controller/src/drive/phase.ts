// One phase of the run: the same work with tracing as it is, and what can be counted meanwhile.

import type { ReceivedSpan } from '@spanwright/viewer';
import type { DnsClient } from './dns-client.js';
import type { ServiceClient } from './service-client.js';
import { LOOKUPS, runLookups, runWorkload } from './workload.js';

export interface PhaseResult {
  name: string;
  enabled: boolean;
  open: { before: number; during: number; after: number };
  /** Spans that the service reports as started, and as sent. */
  started: number;
  exported: number;
  /** Spans of the controller that the receiver got; undefined when it went to a configured receiver, which cannot be counted. */
  received: ReceivedSpan[] | undefined;
  /** Received spans of the DNS service, whose tracing is always on. */
  receivedOfDns: ReceivedSpan[] | undefined;
  /** Passes of the polling loop. */
  polls: number;
  ms: number;
  faults: string[];
}

/** Spans that have arrived so far, by service; undefined without the sample's own receiver. */
export type Arrivals = { readonly controller: readonly ReceivedSpan[]; readonly dns: readonly ReceivedSpan[] } | undefined;

/** Spans of each lookup: the request, and its call of the controller. */
const SPANS_OF_DNS = 2 * LOOKUPS.length;
const SETTLE_LIMIT_MS = 30_000;
const QUIET_MS = 500;
const WATCH_MS = 10;

export async function runPhase(name: string, client: ServiceClient, dns: DnsClient, arrivals: Arrivals): Promise<PhaseResult> {
  const begin = performance.now();
  const before = await client.state();
  const [arrivedBefore, dnsBefore] = [arrivals?.controller.length ?? 0, arrivals?.dns.length ?? 0];
  const pollsBefore = await client.polls();
  let during = 0;
  let working = true;
  const watching = (async () => {
    for (; working; await sleep(WATCH_MS)) during = Math.max(during, (await client.state()).spans.open);
  })();
  const work = async (): Promise<string[]> => [...(await runWorkload(client)), ...(await runLookups(dns))];
  const faults = await work().finally(() => {
    working = false;
  });
  await watching;
  const ms = performance.now() - begin;
  const after = await settle(client, (state) => {
    const started = state.spans.started - before.spans.started;
    const exported = state.spans.exported - before.spans.exported;
    const arrived = arrivals ? Math.min(exported, arrivals.controller.length - arrivedBefore) : exported;
    const ofDns = arrivals ? arrivals.dns.length - dnsBefore : SPANS_OF_DNS;
    return state.spans.open === 0 && arrived >= started && ofDns >= SPANS_OF_DNS;
  });
  await sleep(QUIET_MS); // spans that must not arrive get the time to arrive
  return {
    name,
    enabled: before.enabled,
    open: { before: before.spans.open, during, after: after.spans.open },
    started: after.spans.started - before.spans.started,
    exported: (await client.state()).spans.exported - before.spans.exported,
    received: arrivals?.controller.slice(arrivedBefore),
    receivedOfDns: arrivals?.dns.slice(dnsBefore),
    polls: (await client.polls()) - pollsBefore,
    ms,
    faults,
  };
}

type State = Awaited<ReturnType<ServiceClient['state']>>;

/** Reads the state until it is settled or the time is up; the checks then report any fault. */
async function settle(client: ServiceClient, settled: (state: State) => boolean): Promise<State> {
  const limit = performance.now() + SETTLE_LIMIT_MS;
  for (;;) {
    const state = await client.state();
    if (settled(state) || performance.now() > limit) return state;
    await sleep(50);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
