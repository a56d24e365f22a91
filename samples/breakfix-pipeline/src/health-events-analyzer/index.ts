// Looks at each event beside the ones before it: an error that is harmless once is not when it repeats. It publishes a finding as
// an event of its own, which has a trace of its own, linked to the one in which it was found.

import type { Client } from '@grpc/grpc-js';
import { extract, instrument } from 'spanwright';
import type { ConsoleLogger } from 'spanwright/logs';
import { failed } from '../model/failure.js';
import { eventAttributes, type StoredEvent, traceOf } from '../model/health-event.js';
import { Retries } from '../retries.js';
import { call, type HealthEventMessage } from '../rpc/services.js';
import type { HealthEventStore } from '../store/health-event-store.js';

const TRACE = traceOf('health-events-analyzer', 'platform-connector');
const AGENT = 'health-events-analyzer';
const REPEATED = 'RepeatedXidError';
const TIMES = 3;
const WITHIN_MS = 60_000;

export class HealthEventsAnalyzer {
  readonly #retries = new Retries();

  constructor(
    private readonly store: HealthEventStore,
    private readonly connector: Client,
    private readonly log: ConsoleLogger,
  ) {}

  async pass(): Promise<void> {
    for (const event of await this.store.find([{}], 'analyzed')) {
      await this.#retries.attempt(
        event.id,
        () => this.processHealthEvent(event),
        (error) => this.log.warn({ event: event.id, error: error.message }, 'not analyzed yet'),
      );
    }
  }

  @instrument({
    name: 'health_events_analyzer.process_health_event',
    parent: (event: StoredEvent) => extract(event, TRACE),
    link: 'same-trace',
    attributes: (event: StoredEvent) => eventAttributes(event),
  })
  async processHealthEvent(event: StoredEvent): Promise<void> {
    if (await this.evaluateRule(event)) await this.publishMatchedEvent(event);
    await this.store.update(event.id, { 'healtheventstatus.analyzed': true, ...TRACE.changes() });
  }

  @instrument({
    name: 'health_events_analyzer.evaluate_rule',
    attributes: { 'health_events_analyzer.rule': REPEATED },
    result: (matched: boolean) => ({ 'health_events_analyzer.rule.matched': matched }),
  })
  async evaluateRule({ healthevent }: StoredEvent): Promise<boolean> {
    if (healthevent.agent === AGENT || healthevent.isFatal || healthevent.isHealthy) return false;
    const { nodeName, checkName } = healthevent;
    if ((await this.store.count(nodeName, checkName, WITHIN_MS)) < TIMES) return false;
    return (await this.store.count(nodeName, REPEATED, WITHIN_MS)) === 0;
  }

  @instrument({ name: 'health_events_analyzer.publish_matched_event' })
  async publishMatchedEvent({ id, healthevent }: StoredEvent): Promise<void> {
    const { metadata: _, ...found } = healthevent;
    const message = `${healthevent.checkName} ${TIMES} times or more: ${healthevent.message}`;
    const event: HealthEventMessage = {
      ...found,
      agent: AGENT,
      checkName: REPEATED,
      isFatal: true,
      message,
      recommendedAction: 'RESTART_BM',
    };
    try {
      const { ids } = await call<{ ids: string[] }>(this.connector, 'HealthEventOccurred', { events: [event] });
      this.log.info({ event: id, published: ids[0], node: healthevent.nodeName }, 'repeated error published');
    } catch (error) {
      throw failed(this.log, 'health_events_analyzer', 'publish_error', error);
    }
  }
}
