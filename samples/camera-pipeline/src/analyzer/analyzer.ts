// One batch: everything that was found in its images goes to the model in one request, in the batch's own trace. Then each image goes
// on in the trace that it came with, linked to the batch.

import { type Link, trace } from '@opentelemetry/api';
import type { Pool } from 'pg';
import { carriers, inject, instrument, withRemoteContext } from 'spanwright';
import type { InferenceAnswer } from '../inference/api.js';
import type { Classified, Seen } from '../inference/network.js';
import { pipeline } from '../pipeline/baggage.js';
import { type BatchItem, type BatchMessage, EVENTS, type EventMessage, type Redis } from '../pipeline/queues.js';
import type { InferenceClient } from './inference-client.js';
import { classified } from './metrics.js';
import { riskOf } from './risk.js';

interface Found extends Seen {
  readonly image: string;
}

type Usage = InferenceAnswer['usage'];

export class Analyzer {
  constructor(
    private readonly database: Pool,
    private readonly redis: Redis,
    private readonly inference: InferenceClient,
  ) {}

  @instrument({
    name: 'analysis_processing',
    attributes(this: Analyzer, { items }: BatchMessage) {
      return { 'batch.size': items.length, 'model.name': this.inference.model.name };
    },
    result: ({ inputs, outputs }: Usage) => ({ 'model.input_tokens': inputs, 'model.output_tokens': outputs }),
  })
  async analyze({ batch, items }: BatchMessage): Promise<Usage> {
    const { rows } = await this.database.query<Found>(
      'SELECT image_id AS image, crop, width, height FROM detections WHERE image_id = ANY($1::uuid[]) ORDER BY image_id, number',
      [items.map(({ image }) => image)],
    );
    const { objects: named, usage } = await this.inference.infer(rows);
    for (const { object } of named) classified.inc({ object });
    const link = activeLink();
    for (const item of items) {
      const objects = named.filter((_, index) => rows[index]?.image === item.image);
      // out of the batch's trace, into the image's
      await withRemoteContext(item, () => pipeline.set({ 'batch.id': batch }, () => this.assess(item, objects, link)));
    }
    return usage;
  }

  /** The object with the highest risk in the image becomes its event. */
  @instrument({
    name: 'risk_assessment',
    links: (_item: BatchItem, _objects: readonly Classified[], link: Link[]) => link,
    result: (event: EventMessage) => ({ 'event.risk_score': event.risk, 'object.kind': event.object }),
  })
  async assess({ image, camera }: BatchItem, objects: readonly Classified[], _link: Link[]): Promise<EventMessage> {
    const priority = pipeline.get('event.priority') ?? 'normal';
    const [worst] = objects
      .map((one) => ({ ...one, risk: riskOf(one, priority) }))
      .sort((a, b) => b.risk - a.risk || b.confidence - a.confidence);
    if (worst === undefined) throw new Error(`Nothing is known of what was found in image ${image}.`);
    const event = { image, camera, ...worst };
    await this.redis.lPush(EVENTS, JSON.stringify(inject({ ...event }, carriers.redisList)));
    return event;
  }
}

function activeLink(): Link[] {
  const context = trace.getActiveSpan()?.spanContext();
  return context === undefined ? [] : [{ context }];
}
