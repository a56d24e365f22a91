// Output of a run: the trace of each scenario as a tree, or, when spans went elsewhere, the ids to look for.

import { formatTrace, groupTraces, type ReceivedSpan } from '@spanwright/viewer';
import type { Outcome } from './scenario.js';
import { SCENARIOS } from './scenarios.js';
import type { Delivery } from './sink-server.js';

const SHOWN = [
  'health_event.node_name',
  'fault_quarantine.verdict',
  'node_drainer.pods.remaining',
  'error.type',
  'fault_remediation.skip.reason',
  'fault_remediation.log_collector.outcome',
  'health_event_status.fault_remediated',
  'janitor.reboot.progress',
  'janitor.gpureset.condition',
  'janitor.reset_job.failed',
  'spanwright.session.end',
  'http.request.method',
  'url.path',
  'http.response.status_code',
];
/** Scenarios whose trees are printed when all run; those named on the command line are always printed. */
const SHOWN_OF_ALL: readonly string[] = ['healthy', 'restarts'];

export function printOutcomes(outcomes: readonly Outcome[], print: (line: string) => void): void {
  print('scenario          node         quarantine          remediated  trace');
  for (const { scenario, node, document } of outcomes) {
    const { nodequarantined = '', faultremediated = '' } = document.healtheventstatus;
    const columns = [scenario.padEnd(17), node.padEnd(12), nodequarantined.padEnd(19), String(faultremediated).padEnd(11)];
    print([...columns, document.healthevent.metadata.trace_id].join(' '));
  }
}

export function printTraces(outcomes: readonly Outcome[], spans: readonly ReceivedSpan[], print: (line: string) => void): void {
  const all = outcomes.length === Object.keys(SCENARIOS).length;
  const traces = new Map(groupTraces(spans).map((trace) => [trace[0]?.traceId, trace]));
  for (const { scenario, document } of outcomes) {
    const trace = traces.get(document.healthevent.metadata.trace_id) ?? [];
    const modules = new Set(trace.map(({ resource }) => resource.attributes['service.name']));
    print(`-- ${scenario}: ${SCENARIOS[scenario]?.what}`);
    print(`   trace ${trace[0]?.traceId}, ${trace.length} spans of ${modules.size} modules\n`);
    if (!all || SHOWN_OF_ALL.includes(scenario))
      print(`${formatTrace(trace, { services: true, attributes: SHOWN, valueLength: 60 })}\n`);
  }
}

/** Faults of the export: every event must be exported, and name the trace that it has in the store. */
export function exportFaults(outcomes: readonly Outcome[], deliveries: readonly Delivery[]): string[] {
  return outcomes.flatMap(({ scenario, eventId, document }) => {
    if (document.healtheventstatus.exported !== true) return [];
    const delivery = deliveries.find(({ events }) => events.length === 1 && events[0]?.id === eventId);
    const event = delivery?.events[0];
    const { trace_id } = document.healthevent.metadata;
    const named = [
      event?.data.metadata.trace_id,
      event?.traceparent?.split('-')[1],
      String(delivery?.headers.traceparent).split('-')[1],
    ];
    if (named.every((traceId) => traceId === trace_id)) return [];
    return [
      `${scenario}: the exported event names the traces ${named.join(', ')} in its data, itself and its headers, not ${trace_id}`,
    ];
  });
}

/** Faults of the received traces. */
export function traceFaults(outcomes: readonly Outcome[], spans: readonly ReceivedSpan[]): string[] {
  return outcomes.flatMap(({ scenario, eventId, document }) => {
    const traceIds = new Set(
      spans.filter(({ attributes }) => attributes['health_event.id'] === eventId).map(({ traceId }) => traceId),
    );
    const [traceId] = traceIds;
    if (traceIds.size === 1 && traceId === document.healthevent.metadata.trace_id) return [];
    return [`${scenario}: the event ${eventId} has ${traceIds.size} traces (${[...traceIds].join(', ')}), not one`];
  });
}
