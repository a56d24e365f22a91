// Decides whether a node is taken out of service for an event, and does it: cordon and taint, or the opposite when every fault is gone.
// The span id that it leaves in the document is that of the update which the next module acts on.

import { trace } from '@opentelemetry/api';
import { extract, instrument } from 'spanwright';
import type { ConsoleLogger } from 'spanwright/logs';
import type { KubeClient } from '../kube/client.js';
import type { Node } from '../kube/types.js';
import { failed } from '../model/failure.js';
import { eventAttributes, type NodeQuarantined, type StoredEvent, traceOf } from '../model/health-event.js';
import { Retries } from '../retries.js';
import type { HealthEventStore } from '../store/health-event-store.js';
import type { CircuitBreaker } from './circuit-breaker.js';

const TRACE = traceOf('fault-quarantine', 'platform-connector');
/** Annotation of a quarantined node: the faults that are not reported as gone yet. */
const FAULTS = 'nvsentinel.nvidia.com/faults';
const TAINT = { key: 'nvsentinel.nvidia.com/unhealthy', value: 'true', effect: 'NoSchedule' } as const;

type Verdict = 'quarantine' | 'uncordon' | 'leave';
type Outcome = Exclude<NodeQuarantined, 'Cancelled' | 'NotQuarantined'> | 'Skipped' | 'Halted';

const faultsOn = ({ metadata }: Node): string[] => metadata.annotations?.[FAULTS]?.split(',').filter(Boolean) ?? [];
const faultsOf = ({ healthevent: { checkName, entitiesImpacted } }: StoredEvent): string[] =>
  entitiesImpacted.map(({ entityType, entityValue }) => `${checkName}/${entityType}/${entityValue}`);
const taintsWithout = ({ spec }: Node) => (spec.taints ?? []).filter(({ key }) => key !== TAINT.key);

export class FaultQuarantine {
  readonly #retries = new Retries();

  constructor(
    private readonly store: HealthEventStore,
    private readonly kube: KubeClient,
    private readonly breaker: CircuitBreaker,
    private readonly log: ConsoleLogger,
  ) {}

  async pass(): Promise<void> {
    for (const event of await this.store.find([{}], 'nodequarantined')) {
      if (this.breaker.tripped) return;
      await this.#retries.attempt(
        event.id,
        () => this.processEvent(event),
        (error) => this.log.warn({ event: event.id, error: error.message }, 'not decided yet'),
      );
    }
    for (const node of await this.kube.listNodes()) {
      if (faultsOn(node).length > 0 && node.spec.unschedulable === false) await this.manualUncordon(node);
    }
  }

  @instrument({
    name: 'fault_quarantine.process_event',
    parent: (event: StoredEvent) => extract(event, TRACE),
    link: 'same-trace',
    attributes: (event: StoredEvent) => eventAttributes(event),
    result: (outcome: Outcome) => ({ 'fault_quarantine.event.processing_status': outcome }),
  })
  async processEvent(event: StoredEvent): Promise<Outcome> {
    const { nodeName } = event.healthevent;
    const verdict = this.evaluateRulesets(event);
    let outcome: Outcome = 'Skipped';
    if (verdict === 'quarantine') outcome = await this.applyQuarantine(event);
    else if (verdict === 'uncordon') outcome = await this.performUncordon(event);
    if (outcome === 'Halted') {
      trace.getActiveSpan()?.setAttributes({
        'fault_quarantine.circuit_breaker.state': 'tripped',
        'fault_quarantine.circuit_breaker.tripped': true,
      });
      this.log.error({ event: event.id, node: nodeName }, 'circuit breaker tripped: no event is worked on until a restart');
      return outcome;
    }
    await this.updateStatus(event, outcome === 'Skipped' ? 'NotQuarantined' : outcome);
    this.log.info({ event: event.id, node: nodeName, outcome }, 'quarantine decided');
    return outcome;
  }

  @instrument({
    name: 'fault_quarantine.evaluate_rulesets',
    result: (verdict: Verdict) => ({ 'fault_quarantine.verdict': verdict }),
  })
  evaluateRulesets({ healthevent }: StoredEvent): Verdict {
    if (healthevent.isHealthy) return 'uncordon';
    return healthevent.isFatal ? 'quarantine' : 'leave';
  }

  @instrument({
    name: 'fault_quarantine.apply_quarantine',
    result: (outcome: Outcome) => ({
      'fault_quarantine.action.cordon': outcome === 'Quarantined',
      'fault_quarantine.action.taint': outcome === 'Quarantined',
    }),
  })
  async applyQuarantine(event: StoredEvent): Promise<Outcome> {
    const { nodeName } = event.healthevent;
    try {
      const node = await this.kube.getNode(nodeName);
      const before = faultsOn(node);
      const annotations = { [FAULTS]: [...new Set([...before, ...faultsOf(event)])].join(',') };
      if (before.length > 0) {
        await this.kube.patchNode(nodeName, { metadata: { annotations } });
        return 'AlreadyQuarantined';
      }
      if (!this.breaker.allows()) return 'Halted';
      const spec = { unschedulable: true, taints: [...taintsWithout(node), TAINT] };
      await this.kube.patchNode(nodeName, { metadata: { annotations }, spec });
      this.breaker.cordoned();
      return 'Quarantined';
    } catch (error) {
      throw failed(this.log, 'fault_quarantine', 'k8s_api_error', error);
    }
  }

  /** Removes resolved faults from the node's list, and uncordons the node when none is left. */
  @instrument({ name: 'fault_quarantine.perform_uncordon' })
  async performUncordon(event: StoredEvent): Promise<Outcome> {
    const { nodeName } = event.healthevent;
    try {
      const node = await this.kube.getNode(nodeName);
      const gone = faultsOf(event);
      const faults = faultsOn(node).filter((fault) => !gone.includes(fault));
      const wasQuarantined = faultsOn(node).length > 0;
      const isOver = wasQuarantined && faults.length === 0;
      if (!isOver) {
        const reason = wasQuarantined ? 'Node is partially recovered' : 'No existing quarantine annotation found for node';
        trace.getActiveSpan()?.setAttribute('fault_quarantine.skip.reason', reason);
      }
      if (!wasQuarantined) return 'Skipped';
      const metadata = { annotations: { [FAULTS]: faults.join(',') } };
      await this.kube.patchNode(nodeName, {
        metadata,
        ...(isOver && { spec: { unschedulable: false, taints: taintsWithout(node) } }),
      });
      return isOver ? 'UnQuarantined' : 'Skipped';
    } catch (error) {
      throw failed(this.log, 'fault_quarantine', 'k8s_api_error', error);
    }
  }

  /** An operator has uncordoned a quarantined node: its faults count as resolved, and work under way for them is cancelled. */
  @instrument({
    name: 'fault_quarantine.manual_uncordon',
    root: true,
    attributes: ({ metadata }: Node) => ({ 'fault_quarantine.node_name': metadata.name }),
  })
  async manualUncordon(node: Node): Promise<void> {
    const { name } = node.metadata;
    const quarantined = (['Quarantined', 'AlreadyQuarantined'] as const).map((nodequarantined) => ({
      healthevent: { nodeName: name },
      healtheventstatus: { nodequarantined },
    }));
    for (const event of await this.store.find(quarantined, 'userpodsevictionstatus')) await this.cancel(event);
    // last, because a node without faults is not looked at again
    await this.kube.patchNode(name, { metadata: { annotations: { [FAULTS]: '' } }, spec: { taints: taintsWithout(node) } });
    this.log.info({ node: name }, 'manually uncordoned');
  }

  /** Runs in the trace of the event, linked to the uncordon. */
  @instrument({
    name: 'fault_quarantine.cancel_latest_quarantining_events',
    parent: (event: StoredEvent) => extract(event, TRACE),
    link: 'same-trace',
    links: () => [trace.getActiveSpan()?.spanContext()].flatMap((uncordon) => (uncordon ? { context: uncordon } : [])),
    attributes: (event: StoredEvent) => ({ ...eventAttributes(event), 'fault_quarantine.cancel.reason': 'manual_uncordon' }),
  })
  async cancel(event: StoredEvent): Promise<void> {
    await this.updateStatus(event, 'Cancelled');
  }

  @instrument({
    name: 'fault_quarantine.db.update_status',
    attributes: (_: StoredEvent, outcome: NodeQuarantined) => ({ 'fault_quarantine.event.status': outcome }),
  })
  async updateStatus({ id }: StoredEvent, outcome: NodeQuarantined): Promise<void> {
    try {
      await this.store.update(id, { 'healtheventstatus.nodequarantined': outcome, ...TRACE.changes() });
    } catch (error) {
      throw failed(this.log, 'fault_quarantine', 'db_update_error', error);
    }
  }
}
