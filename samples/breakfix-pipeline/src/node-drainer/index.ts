// Empties a quarantined node. A drain takes many passes, so it is a session: one span from the first pass to the last, each pass
// below it. What a restarted node-drainer needs to go on in the same trace is stored beside the work.

import type { Attributes } from '@opentelemetry/api';
import { extract, instrument, sessions } from 'spanwright';
import type { ConsoleLogger } from 'spanwright/logs';
import { isConflict, type KubeClient } from '../kube/client.js';
import { GPU, GPU_OPERATOR, type Pod, SLURM } from '../kube/types.js';
import { failed } from '../model/failure.js';
import { eventAttributes, type HealthEvent, type StoredEvent, traceOf } from '../model/health-event.js';
import { Retries } from '../retries.js';
import type { HealthEventStore } from '../store/health-event-store.js';

const TRACE = traceOf('node-drainer', ['fault-quarantine', 'platform-connector']);
const NAMESPACE = 'nvsentinel::node-drainer';

const QUARANTINED = (['Quarantined', 'AlreadyQuarantined', 'Cancelled'] as const).map((nodequarantined) => ({
  healtheventstatus: { nodequarantined },
}));

type EvictionStatus = 'Succeeded' | 'AlreadyDrained' | 'Cancelled';

/** The GPU that alone is drained; undefined: the whole node is. */
function partOf({ healthevent }: StoredEvent): HealthEvent['entitiesImpacted'][number] | undefined {
  return healthevent.recommendedAction === 'COMPONENT_RESET' ? healthevent.entitiesImpacted[0] : undefined;
}

function scopeOf(event: StoredEvent): Attributes {
  const part = partOf(event);
  if (part === undefined) return { 'node_drainer.drain.scope': 'full' };
  return {
    'node_drainer.drain.scope': 'partial',
    'node_drainer.partial_drain.entity_type': part.entityType,
    'node_drainer.partial_drain.entity_value': part.entityValue,
  };
}

export class NodeDrainer {
  /** Drains whose session this process has begun. */
  readonly #begun = new Set<string>();

  readonly #retries = new Retries();

  constructor(
    private readonly store: HealthEventStore,
    private readonly kube: KubeClient,
    private readonly log: ConsoleLogger,
  ) {}

  /** A second event of a node is drained no sooner than the first, also when the last pod ends between the two. */
  async pass(): Promise<void> {
    const draining = new Set<string>();
    for (const event of await this.store.find(QUARANTINED, 'userpodsevictionstatus')) {
      const { nodeName } = event.healthevent;
      await this.#retries.attempt(
        event.id,
        async () => {
          if (!(await this.drain(event, draining.has(nodeName)))) draining.add(nodeName);
        },
        (error) => this.log.warn({ event: event.id, error: error.message }, 'not drained yet'),
      );
    }
  }

  /** One pass over an event. Starts or resumes the session, and ends it with the drain. @returns whether it has ended */
  async drain(event: StoredEvent, waits: boolean): Promise<boolean> {
    const earlier = event.healtheventstatus.drainsession;
    sessions.start(event.id, {
      name: 'node_drainer.drain_session',
      namespace: NAMESPACE,
      attributes: { ...eventAttributes(event), ...scopeOf(event) },
      // in the event's trace, linked to the span before: that of the drain before a restart, else that of the quarantine
      resume: earlier ?? extract(event, TRACE),
    });
    return await sessions.run(event.id, async () => {
      if (!this.#begun.has(event.id)) {
        this.#begun.add(event.id);
        await this.store.update(event.id, { 'healtheventstatus.drainsession': sessions.carrier(event.id) });
        this.log.info({ event: event.id, node: event.healthevent.nodeName, resumed: earlier !== undefined }, 'drain begun');
      }
      const isCancelled = event.healtheventstatus.nodequarantined === 'Cancelled';
      if (isCancelled) await this.cancel(event);
      else if (!(await this.isDrained(event, waits))) return false;
      this.log.info({ event: event.id, node: event.healthevent.nodeName }, isCancelled ? 'drain cancelled' : 'node drained');
      sessions.end(event.id);
      this.#begun.delete(event.id);
      return true;
    });
  }

  async isDrained(event: StoredEvent, waits: boolean): Promise<boolean> {
    const remaining = await this.processEvent(event);
    if (remaining.length > 0 || waits) return false;
    await this.#finish(event, event.healtheventstatus.nodequarantined === 'Quarantined' ? 'Succeeded' : 'AlreadyDrained');
    return true;
  }

  /** Pods that are being evicted still end; the others stay. */
  @instrument({ name: 'node_drainer.execute_cancel_status' })
  async cancel(event: StoredEvent): Promise<void> {
    await this.#finish(event, 'Cancelled');
  }

  async #finish(event: StoredEvent, status: EvictionStatus): Promise<void> {
    const { customdrain } = event.healtheventstatus;
    if (customdrain !== undefined) await this.deleteCustomDrain(customdrain);
    await this.updateEvictionStatus(event, status);
  }

  /** Evicts the pods that are not being evicted yet. @returns the pods that are still there */
  @instrument({
    name: 'node_drainer.process_event',
    result: (remaining: string[]) => ({ 'node_drainer.pods.remaining': remaining }),
  })
  async processEvent(event: StoredEvent): Promise<string[]> {
    const gpu = partOf(event)?.entityValue;
    try {
      const pods = (await this.kube.listPods(event.healthevent.nodeName)).filter(
        ({ metadata }) => metadata.namespace !== GPU_OPERATOR && (gpu === undefined || metadata.annotations?.[GPU] === gpu),
      );
      const isTheirs = ({ metadata }: Pod): boolean => metadata.namespace === SLURM;
      if (pods.some(isTheirs) && event.healtheventstatus.customdrain === undefined) await this.executeCustomDrain(event);
      const notEvicted = pods.filter((pod) => !isTheirs(pod) && pod.metadata.deletionTimestamp === undefined);
      if (notEvicted.length > 0) await this.evictPods(notEvicted);
      return pods.map(({ metadata }) => metadata.name);
    } catch (error) {
      throw failed(this.log, 'node_drainer', 'pod_eviction_error', error);
    }
  }

  @instrument({
    name: 'node_drainer.execute_custom_drain',
    result: (name: string) => ({
      'node_drainer.custom_cr.name': name,
      'node_drainer.custom_cr.created': true,
      'node_drainer.custom_cr.status': 'in_progress',
    }),
  })
  async executeCustomDrain({ id, healthevent }: StoredEvent): Promise<string> {
    const name = `drain-${id}`;
    const request = {
      kind: 'DrainRequest',
      metadata: { name, annotations: {} },
      spec: { nodeName: healthevent.nodeName, timeoutSeconds: 3600, recommendedAction: healthevent.recommendedAction },
    } as const;
    await this.kube.create(request).catch((error: unknown) => {
      if (!isConflict(error)) throw error; // the request was created before a restart
    });
    await this.store.update(id, { 'healtheventstatus.customdrain': name });
    return name;
  }

  @instrument({
    name: 'node_drainer.delete_custom_drain_cr',
    args: { name: 'node_drainer.custom_cr.name' },
    result: () => ({ 'node_drainer.custom_cr.deleted': true }),
  })
  async deleteCustomDrain(name: string): Promise<void> {
    await this.kube.delete('DrainRequest', name);
  }

  @instrument({
    name: 'node_drainer.evict_pods',
    attributes: (pods: readonly Pod[]) => ({ 'node_drainer.immediate_eviction_pods': pods.map(({ metadata }) => metadata.name) }),
  })
  async evictPods(pods: readonly Pod[]): Promise<void> {
    await Promise.all(pods.map((pod) => this.kube.evictPod(pod)));
  }

  @instrument({
    name: 'node_drainer.update_user_pods_eviction_status',
    attributes: (_: StoredEvent, status: EvictionStatus) => ({ 'health_event_status.user_pod_eviction.status': status }),
  })
  async updateEvictionStatus({ id }: StoredEvent, status: EvictionStatus): Promise<void> {
    try {
      await this.store.update(id, { 'healtheventstatus.userpodsevictionstatus': { status }, ...TRACE.changes() });
    } catch (error) {
      throw failed(this.log, 'node_drainer', 'db_update_error', error);
    }
  }
}
