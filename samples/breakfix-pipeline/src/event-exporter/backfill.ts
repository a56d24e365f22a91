// Exports everything that is stored, for a sink that is new. For consistency the table is locked against changes until the last
// event is sent. That is correct, and a mistake on purpose: every module then waits for the sink. The traces show it.

import type { PoolClient } from 'pg';
import { instrument } from 'spanwright';
import type { ConsoleLogger } from 'spanwright/logs';
import type { HealthEventDocument, StoredEvent } from '../model/health-event.js';
import type { HealthEventStore } from '../store/health-event-store.js';
import { type Sink, toCloudEvent } from './sink.js';

const BATCH = 5;

export class Backfill {
  constructor(
    private readonly store: HealthEventStore,
    private readonly sink: Sink,
    private readonly log: ConsoleLogger,
  ) {}

  @instrument({
    name: 'event_exporter.backfill',
    root: true,
    result: (count: number) => ({ 'event_exporter.backfill.events_processed': count }),
  })
  async run(): Promise<number> {
    return this.store.transaction(async (client) => {
      await client.query('LOCK TABLE "HealthEvents" IN EXCLUSIVE MODE');
      const events = await this.query(client);
      await this.process(events);
      this.log.info({ events: events.length }, 'backfill done');
      return events.length;
    });
  }

  @instrument({ name: 'event_exporter.backfill.query' })
  async query(client: PoolClient): Promise<StoredEvent[]> {
    const text = 'SELECT id, document FROM "HealthEvents" ORDER BY seq';
    const { rows } = await client.query<{ id: string; document: HealthEventDocument }>(text);
    return rows.map(({ id, document }) => ({ id, ...document }));
  }

  @instrument({ name: 'event_exporter.backfill.process' })
  async process(events: readonly StoredEvent[]): Promise<void> {
    for (let at = 0; at < events.length; at += BATCH) await this.sink.send(events.slice(at, at + BATCH).map(toCloudEvent));
  }
}
