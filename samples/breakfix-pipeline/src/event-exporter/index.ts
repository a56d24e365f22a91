// Exports each event once it is stored.

import { extract, instrument } from 'spanwright';
import type { ConsoleLogger } from 'spanwright/logs';
import { failed } from '../model/failure.js';
import { eventAttributes, type StoredEvent, traceOf } from '../model/health-event.js';
import { Retries } from '../retries.js';
import type { HealthEventStore } from '../store/health-event-store.js';
import { type CloudEvent, type Sink, toCloudEvent } from './sink.js';

const TRACE = traceOf('event-exporter', 'platform-connector');
const ATTEMPTS = 3;

export class EventExporter {
  readonly #retries = new Retries();

  constructor(
    private readonly store: HealthEventStore,
    private readonly sink: Sink,
    private readonly log: ConsoleLogger,
  ) {}

  async pass(): Promise<void> {
    for (const event of await this.store.find([{}], 'exported')) {
      await this.#retries.attempt(
        event.id,
        () => this.processEvent(event),
        (error) => this.log.warn({ event: event.id, error: error.message }, 'not exported yet'),
      );
    }
  }

  @instrument({
    name: 'event_exporter.process_event',
    parent: (event: StoredEvent) => extract(event, TRACE),
    link: 'same-trace',
    attributes: (event: StoredEvent) => eventAttributes(event),
  })
  async processEvent(event: StoredEvent): Promise<void> {
    await this.publishWithRetry(this.transform(event));
    await this.store.update(event.id, { 'healtheventstatus.exported': true, ...TRACE.changes() });
  }

  @instrument({ name: 'event_exporter.transform', result: () => ({ 'event_exporter.transform.success': true }) })
  transform(event: StoredEvent): CloudEvent {
    return toCloudEvent(event);
  }

  @instrument({
    name: 'event_exporter.publish_with_retry',
    result: (retries: number) => ({ 'event_exporter.publish.status': 'success', 'event_exporter.publish.retry_count': retries }),
  })
  async publishWithRetry(event: CloudEvent): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.publish(event, attempt);
        return attempt - 1;
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50 * attempt));
      }
    }
  }

  @instrument({ name: 'event_exporter.publish', args: { attempt: 'event_exporter.attempt' } })
  async publish(event: CloudEvent, attempt: number): Promise<void> {
    try {
      await this.sink.send(event);
    } catch (error) {
      throw failed(this.log, 'event_exporter', 'publish_error', new Error(`attempt ${attempt}: ${error}`, { cause: error }));
    }
  }
}
