// Remedies what a drained node was quarantined for: collects its logs, asks for a reboot by a custom resource, and writes down what
// came of it. The trace goes on in the annotations of the resource, since the janitor never sees the event.

import { extract, inject, instrument, linksTo } from 'spanwright';
import type { ConsoleLogger } from 'spanwright/logs';
import type { KubeClient } from '../kube/client.js';
import type { RebootNode } from '../kube/types.js';
import { OF_EVENT, OF_SESSION } from '../model/annotations.js';
import { failed } from '../model/failure.js';
import { eventAttributes, type StoredEvent, traceOf } from '../model/health-event.js';
import { Retries } from '../retries.js';
import type { HealthEventStore } from '../store/health-event-store.js';

const TRACE = traceOf('fault-remediation', 'node-drainer');
/** For what this module does later: it goes on from what it did itself. */
const OWN_TRACE = traceOf('fault-remediation', ['fault-remediation', 'node-drainer']);

const DRAINED = [
  { healtheventstatus: { userpodsevictionstatus: { status: 'Succeeded' } } },
  { healtheventstatus: { userpodsevictionstatus: { status: 'AlreadyDrained' } } },
];

type SkipReason = 'recommended_action_none' | 'unsupported_action' | 'existing_cr_in_progress' | 'already_remediated';

export class FaultRemediation {
  readonly #retries = new Retries();

  constructor(
    private readonly store: HealthEventStore,
    private readonly kube: KubeClient,
    private readonly log: ConsoleLogger,
    private readonly rebootTimeoutSeconds: number,
  ) {}

  async pass(): Promise<void> {
    for (const event of await this.store.find(DRAINED, 'faultremediated')) {
      await this.#retries.attempt(
        event.id,
        () => this.remedy(event),
        (error) => this.log.warn({ event: event.id, error: error.message }, 'not remediated'),
      );
    }
  }

  async remedy(event: StoredEvent): Promise<void> {
    const { maintenanceresource } = event.healtheventstatus;
    if (maintenanceresource === undefined) return this.reconcile(event);
    const reboot = await this.kube.getReboot(maintenanceresource); // outside any span, like all that only waits
    if (reboot.status.completionTime !== undefined) await this.complete(event, reboot);
  }

  @instrument({
    name: 'fault_remediation.reconcile',
    parent: (event: StoredEvent) => extract(event, TRACE),
    link: 'same-trace',
    attributes: (event: StoredEvent) => eventAttributes(event),
  })
  async reconcile(event: StoredEvent): Promise<void> {
    const reason = await this.reasonToSkip(event);
    if (reason !== undefined) return this.skipEvent(event, reason);
    await this.collectLogs(event);
    await this.performRemediation(event);
  }

  @instrument({ name: 'fault_remediation.check_skip' })
  async reasonToSkip({ id, healthevent, healtheventstatus }: StoredEvent): Promise<SkipReason | undefined> {
    if (healthevent.recommendedAction === 'NONE') return 'recommended_action_none';
    if (healthevent.recommendedAction !== 'RESTART_BM') return 'unsupported_action';
    const others = (await this.kube.listReboots()).filter(
      ({ spec, metadata }) => spec.nodeName === healthevent.nodeName && metadata.name !== nameOf(id),
    );
    if (others.some(({ status }) => status.completionTime === undefined)) return 'existing_cr_in_progress';
    // quarantined and drained for another event, and rebooted since
    const wasDrained = healtheventstatus.userpodsevictionstatus?.status === 'AlreadyDrained';
    return wasDrained && others.length > 0 ? 'already_remediated' : undefined;
  }

  @instrument({
    name: 'fault_remediation.skip_event',
    attributes: (_: StoredEvent, reason: SkipReason) => ({ 'fault_remediation.skip.reason': reason }),
  })
  async skipEvent(event: StoredEvent, reason: SkipReason): Promise<void> {
    await this.store.update(event.id, { 'healtheventstatus.faultremediated': 'skipped', ...TRACE.changes() });
    this.log.info({ event: event.id, node: event.healthevent.nodeName, reason }, 'remediation skipped');
  }

  @instrument({
    name: 'fault_remediation.log_collector',
    result: (outcome: string) => ({ 'fault_remediation.log_collector.outcome': outcome }),
  })
  async collectLogs({ id, healthevent }: StoredEvent): Promise<'success' | 'failure' | 'timeout'> {
    const name = `log-collector-${id}`;
    await this.kube.createJob({ metadata: { name }, spec: { nodeName: healthevent.nodeName } });
    for (let asked = 0; asked < 50; asked++) {
      const { status } = await this.kube.getJob(name);
      if (status.succeeded) return 'success';
      if (status.failed) return 'failure';
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return 'timeout';
  }

  @instrument({ name: 'fault_remediation.perform_remediation' })
  async performRemediation(event: StoredEvent): Promise<void> {
    const name = await this.createMaintenanceResource(event);
    await this.store.update(event.id, { 'healtheventstatus.maintenanceresource': name, ...TRACE.changes() });
    this.log.info({ event: event.id, node: event.healthevent.nodeName, resource: name }, 'reboot requested');
  }

  @instrument({
    name: 'fault_remediation.create_maintenance_resource',
    result: (name: string) => ({ 'fault_remediation.maintenance_resource.name': name }),
  })
  async createMaintenanceResource({ id, healthevent }: StoredEvent): Promise<string> {
    const reboot: Omit<RebootNode, 'status'> = {
      apiVersion: 'janitor.dgxc.nvidia.com/v1alpha1',
      kind: 'RebootNode',
      metadata: { name: nameOf(id), annotations: {} },
      spec: { nodeName: healthevent.nodeName, timeoutSeconds: this.rebootTimeoutSeconds },
    };
    try {
      return (await this.kube.createReboot(inject(reboot, OF_EVENT))).metadata.name;
    } catch (error) {
      throw failed(this.log, 'fault_remediation', 'cr_create_error', error);
    }
  }

  /** Beside the spans of its own beginning, and linked to the reboot that it waited for. */
  @instrument({
    name: 'fault_remediation.remediation_status_updated',
    parent: (event: StoredEvent) => extract(event, OWN_TRACE),
    link: 'same-trace',
    links: (_: StoredEvent, reboot: RebootNode) => linksTo([reboot], OF_SESSION),
    attributes: (event: StoredEvent, reboot: RebootNode) => ({
      ...eventAttributes(event),
      'health_event_status.fault_remediated': String(reboot.status.outcome === 'Succeeded'),
    }),
  })
  async complete(event: StoredEvent, { metadata, status }: RebootNode): Promise<void> {
    const remediated = status.outcome === 'Succeeded';
    await this.store.update(event.id, { 'healtheventstatus.faultremediated': remediated, ...OWN_TRACE.changes() });
    if (!remediated) {
      const why = new Error(`${metadata.name}: ${status.reason ?? 'the reboot failed'}`);
      throw failed(this.log, 'fault_remediation', 'remediation_failed', why);
    }
    this.log.info({ event: event.id, node: event.healthevent.nodeName }, 'node remediated');
  }
}

function nameOf(eventId: string): string {
  return `maintenance-${eventId}`;
}
