// Empties a quarantined node. A drain takes many passes, so it is a session: one span from the first pass to the last, each pass
// below it. What a restarted node-drainer needs to go on in the same trace is stored beside the work.

import { extract, instrument, sessions } from 'spanwright';
import type { ConsoleLogger } from 'spanwright/logs';
import type { KubeClient } from '../kube/client.js';
import type { Pod } from '../kube/types.js';
import { failed } from '../model/failure.js';
import { eventAttributes, type StoredEvent, traceOf } from '../model/health-event.js';
import { Retries } from '../retries.js';
import type { HealthEventStore } from '../store/health-event-store.js';

const TRACE = traceOf('node-drainer', ['fault-quarantine', 'platform-connector']);
const NAMESPACE = 'nvsentinel::node-drainer';

const QUARANTINED = [
  { healtheventstatus: { nodequarantined: 'Quarantined' } },
  { healtheventstatus: { nodequarantined: 'AlreadyQuarantined' } },
];

type EvictionStatus = 'Succeeded' | 'AlreadyDrained';

export class NodeDrainer {
  /** Drains whose session this process has begun. */
  readonly #begun = new Set<string>();

  readonly #retries = new Retries();

  constructor(
    private readonly store: HealthEventStore,
    private readonly kube: KubeClient,
    private readonly log: ConsoleLogger,
  ) {}

  async pass(): Promise<void> {
    for (const event of await this.store.find(QUARANTINED, 'userpodsevictionstatus')) {
      await this.#retries.attempt(
        event.id,
        () => this.drain(event),
        (error) => this.log.warn({ event: event.id, error: error.message }, 'not drained yet'),
      );
    }
  }

  /** One pass over an event: the session is begun, or gone on with, and ended with the drain. */
  async drain(event: StoredEvent): Promise<void> {
    const earlier = event.healtheventstatus.drainsession;
    sessions.start(event.id, {
      name: 'node_drainer.drain_session',
      namespace: NAMESPACE,
      attributes: { ...eventAttributes(event), 'node_drainer.drain.scope': 'full' },
      // in the event's trace, linked to the span before: that of the drain before a restart, else that of the quarantine
      resume: earlier ?? extract(event, TRACE),
    });
    await sessions.run(event.id, async () => {
      if (!this.#begun.has(event.id)) {
        this.#begun.add(event.id);
        await this.store.update(event.id, { 'healtheventstatus.drainsession': sessions.carrier(event.id) });
        this.log.info({ event: event.id, node: event.healthevent.nodeName, resumed: earlier !== undefined }, 'drain begun');
      }
      const remaining = await this.processEvent(event);
      if (remaining.length > 0) return;
      const { nodequarantined } = event.healtheventstatus;
      await this.updateEvictionStatus(event, nodequarantined === 'Quarantined' ? 'Succeeded' : 'AlreadyDrained');
      this.log.info({ event: event.id, node: event.healthevent.nodeName }, 'node drained');
      sessions.end(event.id);
      this.#begun.delete(event.id);
    });
  }

  /** Evicts the pods that are not being evicted yet. @returns the pods that are still there */
  @instrument({
    name: 'node_drainer.process_event',
    result: (remaining: string[]) => ({ 'node_drainer.pods.remaining': remaining }),
  })
  async processEvent({ healthevent }: StoredEvent): Promise<string[]> {
    try {
      const pods = await this.kube.listPods(healthevent.nodeName);
      const untold = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      if (untold.length > 0) await this.evictPods(untold);
      return pods.map(({ metadata }) => metadata.name);
    } catch (error) {
      throw failed(this.log, 'node_drainer', 'pod_eviction_error', error);
    }
  }

  @instrument({
    name: 'node_drainer.evict_pods',
    attributes: (pods: readonly Pod[]) => ({ 'node_drainer.pods.evicted': pods.map(({ metadata }) => metadata.name) }),
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
