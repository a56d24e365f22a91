// Checks of a run, from the received spans and the results of the orders. Each answer is a fault, in a sentence.

import type { ReceivedSpan } from '@spanwright/viewer';
import type { Outcome } from '../management/greenhouse.js';

export type Reported = Omit<Outcome, 'body'>;

const EXPECTED_STATUS: Readonly<Record<string, number>> = {
  'log in': 201,
  boot: 201,
  'boot across clusters': 201,
  'boot with a volume': 201,
  'boot encrypted': 201,
  'boot encrypted across clusters': 201,
  'boot from a damaged image': 500,
  'boot a server that fits nowhere': 503,
  look: 200,
  delete: 200,
};

/** Processes that an order reaches, by part of its name. */
const EXPECTED_PROCESSES: Readonly<Record<string, readonly string[]>> = {
  'log in': ['identity-a'],
  boot: ['greenhouse'],
  volume: ['volume-a', 'network-a', 'image-a', 'identity-a'],
  across: ['compute-api-a', 'conductor-a', 'network-a', 'compute-api-b', 'conductor-b', 'network-b', 'image-b', 'identity-b'],
};

export function checkOutcomes(outcomes: readonly Reported[]): string[] {
  const missing = Object.keys(EXPECTED_STATUS).filter((what) => !outcomes.some((outcome) => outcome.what === what));
  return [
    ...missing.map((what) => `no order "${what}" was placed`),
    ...outcomes
      .filter(({ what, status }) => status !== EXPECTED_STATUS[what])
      .map(({ what, status }) => `"${what}" was answered with ${status}, not ${EXPECTED_STATUS[what]}`),
  ];
}

/** One trace an order, all of it under the order's request id, and the forwarded ones with the processes of both clusters. */
export function checkTraces(outcomes: readonly Reported[], spans: readonly ReceivedSpan[]): string[] {
  const faults: string[] = [];
  for (const { what, traceId, requestId } of outcomes) {
    const trace = spans.filter((span) => span.traceId === traceId);
    const strays = spans.filter((span) => span.attributes['openstack.request_id'] === requestId && span.traceId !== traceId);
    if (trace.length === 0) faults.push(`"${what}" left no trace`);
    if (strays.length > 0) faults.push(`"${what}" left ${strays.length} spans outside its trace`);
    const unnamed = trace.filter((span) => span.attributes['openstack.request_id'] !== requestId);
    if (unnamed.length > 0)
      faults.push(`"${what}": ${unnamed.length} spans lack its request id, the first is ${unnamed[0]?.name}`);
    const processes = new Set(trace.map(({ resource }) => String(resource.attributes['service.instance.id'])));
    const expected = Object.entries(EXPECTED_PROCESSES).flatMap(([part, names]) => (what.includes(part) ? names : []));
    for (const process of expected) if (!processes.has(process)) faults.push(`"${what}" has no span of ${process}`);
  }
  const known = new Set(outcomes.map(({ traceId }) => traceId));
  const others = spans.filter((span) => !known.has(span.traceId));
  if (others.length > 0) faults.push(`${others.length} spans belong to no order, the first is ${others[0]?.name}`);
  return faults;
}
