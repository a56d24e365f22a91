// One batch: the model looks at everything that was found in its images at once, in the batch's own trace. Then each image goes on in the
// trace that it came with, linked to the batch.

import { type Link, trace } from '@opentelemetry/api';
import type { Pool } from 'pg';
import { carriers, inject, instrument, startSpan, withRemoteContext } from 'spanwright';
import { pipeline } from '../pipeline/baggage.js';
import { type BatchItem, type BatchMessage, EVENTS, type EventMessage, type Redis } from '../pipeline/queues.js';
import { classified, inferenceSeconds } from './metrics.js';
import { type Classified, INPUTS, OUTPUTS, type Seen } from './network.js';
import { riskOf } from './risk.js';
import type { Model } from './training.js';

interface Found extends Seen {
  readonly image: string;
}

/** Numbers that went into the network for a batch, and that came out of it. */
interface Usage {
  readonly inputs: number;
  readonly outputs: number;
}

export class Analyzer {
  constructor(
    private readonly database: Pool,
    private readonly redis: Redis,
    private readonly model: Model,
  ) {}

  @instrument({
    name: 'analysis_processing',
    attributes(this: Analyzer, { items }: BatchMessage) {
      return { 'batch.size': items.length, 'model.name': this.model.name };
    },
    result: ({ inputs, outputs }: Usage) => ({ 'model.input_tokens': inputs, 'model.output_tokens': outputs }),
  })
  async analyze({ batch, items }: BatchMessage): Promise<Usage> {
    const { rows } = await this.database.query<Found>(
      'SELECT image_id AS image, crop, width, height FROM detections WHERE image_id = ANY($1::uuid[]) ORDER BY image_id, number',
      [items.map(({ image }) => image)],
    );
    const named = this.infer(rows);
    const link = activeLink();
    for (const item of items) {
      const objects = named.filter((_, index) => rows[index]?.image === item.image);
      // out of the batch's trace, into the image's
      await withRemoteContext(item, () => pipeline.set({ 'batch.id': batch }, () => this.assess(item, objects, link)));
    }
    return { inputs: INPUTS * rows.length, outputs: OUTPUTS * rows.length };
  }

  /** The batch goes through the model in one span, which ends with the block. */
  private infer(found: readonly Found[]): Classified[] {
    using span = startSpan('model_inference', {
      namespace: 'hsi::analyzer::model',
      attributes: { 'model.name': this.model.name, 'model.inputs': found.length },
    });
    const stop = inferenceSeconds.startTimer({ model: this.model.name });
    const named = this.model.network.classify(found);
    span.setAttribute('model.duration_ms', stop() * 1000);
    for (const { object } of named) classified.inc({ object });
    span.setAttribute(
      'model.objects',
      named.map(({ object }) => object),
    );
    return named;
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
