// Remedies what a drained node was quarantined for: collects its logs, requests maintenance by a custom resource, and records the
// result. The trace goes on in the annotations of the resource, since the janitor never sees the event.

import { trace } from '@opentelemetry/api';
import { extract, inject, instrument, linksTo } from 'spanwright';
import type { ConsoleLogger } from 'spanwright/logs';
import type { KubeClient } from '../kube/client.js';
import type { Kind, Request } from '../kube/types.js';
import { OF_EVENT, OF_SESSION } from '../model/annotations.js';
import { failed } from '../model/failure.js';
import { eventAttributes, type RecommendedAction, type StoredEvent, traceOf } from '../model/health-event.js';
import { Retries } from '../retries.js';
import type { HealthEventStore } from '../store/health-event-store.js';

const TRACE = traceOf('fault-remediation', 'node-drainer');
/** Parent for later work of this module on the same event. */
const OWN_TRACE = traceOf('fault-remediation', ['fault-remediation', 'node-drainer']);

const DRAINED = (['Succeeded', 'AlreadyDrained', 'Cancelled'] as const).map((status) => ({
  healtheventstatus: { userpodsevictionstatus: { status } },
}));

/** Resources that carry out the recommended actions; the others are for people. */
const KINDS: { readonly [Action in RecommendedAction]?: Kind } = {
  COMPONENT_RESET: 'GPUReset',
  RESTART_BM: 'RebootNode',
  REPLACE_VM: 'TerminateNode',
  RUN_FIELDDIAG: 'ExternalRemediationRequest',
};

/** Time limits in seconds. */
export interface Limits {
  reboot: number;
  maintenance: number;
  logCollector: number;
}

type LogOutcome = 'success' | 'failure' | 'timeout';
type SkipReason = 'recommended_action_none' | 'unsupported_action' | 'existing_cr_in_progress' | 'already_remediated';

export class FaultRemediation {
  readonly #retries = new Retries();

  constructor(
    private readonly store: HealthEventStore,
    private readonly kube: KubeClient,
    private readonly log: ConsoleLogger,
    private readonly limits: Limits,
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
    const { maintenanceresource, userpodsevictionstatus } = event.healtheventstatus;
    if (userpodsevictionstatus?.status === 'Cancelled') return this.cancel(event);
    const kind = KINDS[event.healthevent.recommendedAction];
    if (maintenanceresource === undefined || kind === undefined) return this.reconcile(event);
    const request = await this.kube.get(kind, maintenanceresource); // outside any span, because it only waits
    if (request.status.completionTime !== undefined) await this.complete(event, request);
  }

  @instrument({
    name: 'fault_remediation.cancellation_event',
    parent: (event: StoredEvent) => extract(event, TRACE),
    link: 'same-trace',
    attributes: (event: StoredEvent) => eventAttributes(event),
  })
  async cancel(event: StoredEvent): Promise<void> {
    await this.store.update(event.id, { 'healtheventstatus.faultremediated': 'cancelled', ...TRACE.changes() });
    this.log.info({ event: event.id, node: event.healthevent.nodeName }, 'remediation cancelled');
  }

  @instrument({
    name: 'fault_remediation.reconcile',
    parent: (event: StoredEvent) => extract(event, TRACE),
    link: 'same-trace',
    attributes: (event: StoredEvent) => eventAttributes(event),
  })
  async reconcile(event: StoredEvent): Promise<void> {
    const kind = KINDS[event.healthevent.recommendedAction];
    const reason = await this.reasonToSkip(event, kind);
    if (reason !== undefined || kind === undefined) return this.skipEvent(event, reason ?? 'unsupported_action');
    await this.collectLogs(event, `log-collector-${event.id}`);
    await this.performRemediation(event, kind);
  }

  @instrument({ name: 'fault_remediation.check_skip' })
  async reasonToSkip(event: StoredEvent, kind: Kind | undefined): Promise<SkipReason | undefined> {
    const { id, healthevent, healtheventstatus } = event;
    if (healthevent.recommendedAction === 'NONE') return 'recommended_action_none';
    if (kind === undefined) return 'unsupported_action';
    const others = (await this.kube.list(kind)).filter(
      ({ spec, metadata }) => spec.nodeName === healthevent.nodeName && metadata.name !== nameOf(id),
    );
    if (others.some(({ status }) => status.completionTime === undefined)) return 'existing_cr_in_progress';
    // quarantined and drained for another event, and remedied since
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

  /** The remediation goes on in any case: unavailable logs must not keep a node out of service. */
  @instrument({
    name: 'fault_remediation.log_collector',
    attributes: ({ id, healthevent }: StoredEvent, job: string) => ({
      'fault_remediation.log_collector.event_id': id,
      'fault_remediation.log_collector.node': healthevent.nodeName,
      'fault_remediation.log_collector.job_name': job,
    }),
    result: (outcome: LogOutcome) => ({ 'fault_remediation.log_collector.outcome': outcome }),
  })
  async collectLogs({ healthevent }: StoredEvent, job: string): Promise<LogOutcome> {
    await this.kube.createJob({ metadata: { name: job }, spec: { nodeName: healthevent.nodeName } });
    for (const until = Date.now() + this.limits.logCollector * 1000; Date.now() < until; ) {
      const { status } = await this.kube.getJob(job);
      if (status.succeeded) return 'success';
      if (status.failed) return 'failure';
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return 'timeout';
  }

  @instrument({ name: 'fault_remediation.perform_remediation' })
  async performRemediation(event: StoredEvent, kind: Kind): Promise<void> {
    const name = await this.createMaintenanceResource(event, kind);
    await this.store.update(event.id, { 'healtheventstatus.maintenanceresource': name, ...TRACE.changes() });
    this.log.info({ event: event.id, node: event.healthevent.nodeName, resource: name }, 'maintenance requested');
  }

  @instrument({
    name: 'fault_remediation.create_maintenance_resource',
    attributes: (_: StoredEvent, kind: Kind) => ({ 'fault_remediation.cr.kind': kind }),
    result: (name: string) => ({ 'fault_remediation.cr.name': name }),
  })
  async createMaintenanceResource({ id, healthevent }: StoredEvent, kind: Kind): Promise<string> {
    const { nodeName, recommendedAction, entitiesImpacted } = healthevent;
    const timeoutSeconds = kind === 'RebootNode' ? this.limits.reboot : this.limits.maintenance;
    const gpus = kind === 'GPUReset' ? entitiesImpacted.map(({ entityValue }) => entityValue) : undefined;
    const request: Omit<Request, 'status'> = {
      kind,
      metadata: { name: nameOf(id), annotations: {} },
      spec: { nodeName, timeoutSeconds, recommendedAction, ...(gpus && { gpus }) },
    };
    try {
      return (await this.kube.create(inject(request, OF_EVENT))).metadata.name;
    } catch (error) {
      throw failed(this.log, 'fault_remediation', 'cr_create_error', error);
    }
  }

  /** A sibling of the module's first spans, linked to the maintenance that it waited for. */
  @instrument({
    name: 'fault_remediation.remediation_status_updated',
    parent: (event: StoredEvent) => extract(event, OWN_TRACE),
    link: 'same-trace',
    links: (_: StoredEvent, request: Request) => linksTo([request], OF_SESSION),
    attributes: (event: StoredEvent, { status }: Request) => ({
      ...eventAttributes(event),
      'health_event_status.fault_remediated': String(status.outcome === 'Succeeded'),
    }),
  })
  async complete(event: StoredEvent, { metadata, status }: Request): Promise<void> {
    const remediated = status.outcome === 'Succeeded';
    await this.store.update(event.id, { 'healtheventstatus.faultremediated': remediated, ...OWN_TRACE.changes() });
    trace.getActiveSpan()?.addEvent('fault_remediation.remediation_finished', { remediated });
    if (!remediated) {
      const why = new Error(`${metadata.name}: ${status.reason ?? 'the maintenance failed'}`);
      throw failed(this.log, 'fault_remediation', 'remediation_failed', why);
    }
    this.log.info({ event: event.id, node: event.healthevent.nodeName }, 'node remediated');
  }
}

function nameOf(eventId: string): string {
  return `maintenance-${eventId}`;
}
