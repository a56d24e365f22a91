// The last step of an image: its event is written, and a high risk raises an alert. Camera, priority, source and batch are
// those of the baggage that came all the way from the API.

import { randomUUID } from 'node:crypto';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Pool } from 'pg';
import { instrument } from 'spanwright';
import { pipeline } from '../pipeline/baggage.js';
import { ALERTS, type EventMessage, type Redis } from '../pipeline/queues.js';
import { alerts, events } from './metrics.js';

/** OpenTelemetry's own API: its spans go through the same gate. */
const tracer = trace.getTracer('hsi-alerts');
const ALERT_FROM = 70;

export class Events {
  constructor(
    private readonly database: Pool,
    private readonly redis: Redis,
  ) {}

  @instrument({
    name: 'event_creation',
    attributes: ({ object, risk }: EventMessage) => ({ 'event.risk_score': risk, 'object.kind': object }),
    result: (id: string | undefined) => (id === undefined ? { 'event.duplicate': true } : { 'event.id': id }),
  })
  async create({ image, camera, object, confidence, risk }: EventMessage): Promise<string | undefined> {
    const priority = pipeline.get('event.priority') ?? 'normal';
    const { rows } = await this.database.query<{ id: string }>(
      `INSERT INTO events (id, image_id, camera_id, object, confidence, risk_score, priority) VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (image_id) DO NOTHING RETURNING id`,
      [randomUUID(), image, camera, object, confidence, risk, priority],
    );
    const id = rows[0]?.id;
    if (id === undefined) return undefined; // a message that came twice
    events.inc({ camera, object, priority });
    trace.getActiveSpan()?.addEvent('pipeline.event_created', { 'event.id': id });
    if (risk >= ALERT_FROM) await this.alert(id, camera, risk);
    return id;
  }

  private async alert(id: string, camera: string, risk: number): Promise<void> {
    await tracer.startActiveSpan('alert', { kind: SpanKind.PRODUCER, attributes: { 'event.risk_score': risk } }, async (span) => {
      try {
        const told = await this.redis.publish(ALERTS, JSON.stringify({ id, camera, risk }));
        span.setAttribute('alert.receivers', told);
        alerts.inc({ camera });
      } catch (error) {
        span.recordException(error as Error);
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    });
  }
}
