// Decides whether a node is taken out of service for an event, and does it: cordon and taint, or the opposite for a healthy event.
// The span id that it leaves in the document is that of the update which the next module acts on.

import { extract, instrument } from 'spanwright';
import type { ConsoleLogger } from 'spanwright/logs';
import type { KubeClient } from '../kube/client.js';
import { failed } from '../model/failure.js';
import { eventAttributes, type NodeQuarantined, type StoredEvent, traceOf } from '../model/health-event.js';
import { Retries } from '../retries.js';
import type { HealthEventStore } from '../store/health-event-store.js';

const TRACE = traceOf('fault-quarantine', 'platform-connector');
const OWNER = 'nvsentinel.nvidia.com/quarantined-by';
const TAINT = { key: 'nvsentinel.nvidia.com/unhealthy', value: 'true', effect: 'NoSchedule' } as const;

type Verdict = 'quarantine' | 'uncordon' | 'leave';

export class FaultQuarantine {
  readonly #retries = new Retries();

  constructor(
    private readonly store: HealthEventStore,
    private readonly kube: KubeClient,
    private readonly log: ConsoleLogger,
  ) {}

  async pass(): Promise<void> {
    for (const event of await this.store.find([{}], 'nodequarantined')) {
      await this.#retries.attempt(
        event.id,
        () => this.processEvent(event),
        (error) => this.log.warn({ event: event.id, error: error.message }, 'not decided yet'),
      );
    }
  }

  @instrument({
    name: 'fault_quarantine.process_event',
    parent: (event: StoredEvent) => extract(event, TRACE),
    link: 'same-trace',
    attributes: (event: StoredEvent) => eventAttributes(event),
  })
  async processEvent(event: StoredEvent): Promise<void> {
    const { nodeName } = event.healthevent;
    const verdict = this.evaluateRulesets(event);
    let outcome: NodeQuarantined = 'NotQuarantined';
    if (verdict === 'quarantine') outcome = await this.applyQuarantine(nodeName, event.id);
    else if (verdict === 'uncordon') outcome = await this.performUncordon(nodeName);
    await this.updateStatus(event, outcome);
    this.log.info({ event: event.id, node: nodeName, outcome }, 'quarantine decided');
  }

  @instrument({
    name: 'fault_quarantine.evaluate_rulesets',
    result: (verdict: Verdict) => ({ 'fault_quarantine.verdict': verdict }),
  })
  evaluateRulesets({ healthevent }: StoredEvent): Verdict {
    if (healthevent.isHealthy) return 'uncordon';
    return healthevent.isFatal ? 'quarantine' : 'leave';
  }

  @instrument({ name: 'fault_quarantine.apply_quarantine' })
  async applyQuarantine(nodeName: string, eventId: string): Promise<NodeQuarantined> {
    try {
      const node = await this.kube.getNode(nodeName);
      if (node.metadata.annotations?.[OWNER]) return 'AlreadyQuarantined';
      await this.kube.patchNode(nodeName, {
        metadata: { annotations: { [OWNER]: eventId } },
        spec: { unschedulable: true, taints: [...(node.spec.taints ?? []), TAINT] },
      });
      return 'Quarantined';
    } catch (error) {
      throw failed(this.log, 'fault_quarantine', 'k8s_api_error', error);
    }
  }

  @instrument({ name: 'fault_quarantine.perform_uncordon' })
  async performUncordon(nodeName: string): Promise<NodeQuarantined> {
    try {
      const node = await this.kube.getNode(nodeName);
      const taints = (node.spec.taints ?? []).filter(({ key }) => key !== TAINT.key);
      await this.kube.patchNode(nodeName, { metadata: { annotations: { [OWNER]: '' } }, spec: { unschedulable: false, taints } });
      return 'UnQuarantined';
    } catch (error) {
      throw failed(this.log, 'fault_quarantine', 'k8s_api_error', error);
    }
  }

  @instrument({ name: 'fault_quarantine.db.update_status' })
  async updateStatus({ id }: StoredEvent, outcome: NodeQuarantined): Promise<void> {
    try {
      await this.store.update(id, { 'healtheventstatus.nodequarantined': outcome, ...TRACE.changes() });
    } catch (error) {
      throw failed(this.log, 'fault_quarantine', 'db_update_error', error);
    }
  }
}
