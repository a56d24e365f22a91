// One scenario of a run, and helpers for the tables of scenarios.

import type { HealthEventDocument } from '../model/health-event.js';
import type { HealthEventMessage } from '../rpc/services.js';
import type { Pipeline } from './pipeline.js';

export interface Outcome {
  scenario: string;
  node: string;
  eventId: string;
  document: HealthEventDocument;
}

export interface Scenario {
  node: string;
  what: string;
  run(pipeline: Pipeline, node: string): Promise<string>;
}

const LIMIT_MS = 120_000;

export function xid(nodeName: string, change: Partial<HealthEventMessage> = {}): HealthEventMessage {
  return {
    agent: 'gpu-health-monitor',
    checkName: 'GpuXidError',
    nodeName,
    isFatal: true,
    isHealthy: false,
    message: 'XID 79: GPU has fallen off the bus',
    errorCode: ['79'],
    entitiesImpacted: [{ entityType: 'GPU', entityValue: '0' }],
    recommendedAction: 'RESTART_BM',
    ...change,
  };
}

export async function until<Found>(what: string, look: () => Promise<Found | undefined | false>): Promise<Found> {
  const end = Date.now() + LIMIT_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`did not happen within ${LIMIT_MS / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Every module that has to do with the event has done its part. */
export function settled(pipeline: Pipeline, id: string): Promise<HealthEventDocument> {
  return until(`event ${id} is worked off`, async () => {
    const event = await pipeline.store.get(id);
    const { analyzed, exported, nodequarantined, faultremediated } = event?.healtheventstatus ?? {};
    const done = faultremediated !== undefined || nodequarantined === 'NotQuarantined' || nodequarantined === 'UnQuarantined';
    return analyzed === true && exported === true && done && event;
  });
}

export const quick = (name: string) => ({ name, pods: [{ name: `trainer-${name}`, endsAfterMs: 500 }], bootMs: 800 });
export const only = (ids: readonly string[]): string => ids[0] as string;
