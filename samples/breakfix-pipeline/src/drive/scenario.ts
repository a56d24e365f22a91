// One scenario of a run, and helpers for the tables of scenarios.

import type { NodeSetup } from '../cluster/cluster.js';
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

/** Reports one event, and waits until it is worked off. @returns its id */
export async function workedOff(pipeline: Pipeline, message: HealthEventMessage): Promise<string> {
  const id = only(await pipeline.report(message));
  await settled(pipeline, id);
  return id;
}

export const draining = (pipeline: Pipeline, id: string): Promise<unknown> =>
  until('the drain is under way', async () => (await pipeline.store.get(id))?.healtheventstatus.drainsession);

/** Waits for a line of the log that holds all texts. */
export const logged = (pipeline: Pipeline, ...texts: string[]): Promise<unknown> =>
  until(`logged: ${texts.join(', ')}`, async () => pipeline.log.some((line) => texts.every((text) => line.includes(text))));

/** A node whose pod ends soon, and whose machine boots fast. */
export const quick = (name: string, change: Partial<NodeSetup> = {}): NodeSetup => ({
  name,
  pods: [{ name: `trainer-${name}`, endsAfterMs: 500 }],
  bootMs: 800,
  ...change,
});
export const only = (ids: readonly string[]): string => ids[0] as string;
