// Entry of the pipeline: receives health events of a node, stores each, and sets a condition on the node. Here the trace of an
// event begins: one for each event, also when several come in one call; each links to the span of the call.

import { inject, instrument } from 'spanwright';
import type { ConsoleLogger } from 'spanwright/logs';
import type { KubeClient } from '../kube/client.js';
import { failed } from '../model/failure.js';
import { type HealthEvent, type HealthEventDocument, traceOf } from '../model/health-event.js';
import type { HealthEventMessage } from '../rpc/services.js';
import type { HealthEventStore } from '../store/health-event-store.js';

const TRACE = traceOf('platform-connector');

export class PlatformConnector {
  constructor(
    private readonly store: HealthEventStore,
    private readonly kube: KubeClient,
    private readonly log: ConsoleLogger,
  ) {}

  @instrument({
    name: 'platform_connector.health_events_received',
    attributes: (events: readonly HealthEventMessage[]) => ({ 'platform_connector.grpc.events_count': events.length }),
  })
  async receive(events: readonly HealthEventMessage[]): Promise<string[]> {
    const ids: string[] = [];
    for (const event of events) ids.push(await this.processEvent({ ...event, metadata: {} } as HealthEvent));
    return ids;
  }

  @instrument({
    name: 'platform_connector.process_event',
    root: true,
    attributes: (event: HealthEvent) => ({
      'health_event.agent': event.agent,
      'health_event.node_name': event.nodeName,
      'health_event.check_name': event.checkName,
      'health_event.is_fatal': event.isFatal,
      'health_event.is_healthy': event.isHealthy,
      'health_event.recommended_action': event.recommendedAction,
      'health_event.message': event.message,
    }),
    result: (id: string) => ({ 'health_event.id': id }),
  })
  async processEvent(healthevent: HealthEvent): Promise<string> {
    const document: HealthEventDocument = { healthevent, healtheventstatus: { spanids: {} } };
    const id = await this.insert(inject(document, TRACE));
    this.log.info({ event: id, node: healthevent.nodeName, check: healthevent.checkName }, 'health event stored');
    // the event is stored and will be worked on, with any condition of the node
    await this.updateNodeCondition(healthevent).catch((error: Error) => {
      this.log.warn({ event: id, node: healthevent.nodeName, error: error.message }, 'node condition not updated');
    });
    return id;
  }

  @instrument({ name: 'platform_connector.db.insert', attributes: { 'platform_connector.db.operation': 'insert' } })
  async insert(document: HealthEventDocument): Promise<string> {
    return this.store.insert(document).catch((error: unknown) => {
      throw failed(this.log, 'platform_connector', 'db_insert_error', error);
    });
  }

  @instrument({
    name: 'platform_connector.k8s.update_node_condition',
    result: () => ({ 'platform_connector.k8s.node_condition.updated': true }),
  })
  async updateNodeCondition({ nodeName, checkName, isHealthy, message }: HealthEvent): Promise<void> {
    const condition = { type: checkName, status: isHealthy ? 'False' : 'True', message };
    await this.kube.patchNodeStatus(nodeName, { status: { conditions: [condition] } }).catch((error: unknown) => {
      throw failed(this.log, 'platform_connector', 'node_condition_update_error', error);
    });
  }
}
