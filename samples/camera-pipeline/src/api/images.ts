// The images and their results, in PostgreSQL, and the entry of a new image into the pipeline.

import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { carriers, inject, instrument } from 'spanwright';
import { IMAGES, type Redis } from '../pipeline/queues.js';

export interface EventRow {
  readonly id: string;
  readonly image: string;
  readonly camera: string;
  readonly object: string;
  readonly confidence: number;
  readonly risk: number;
  readonly priority: string;
}

const EVENT_COLUMNS = 'id, image_id AS image, camera_id AS camera, object, confidence, risk_score AS risk, priority';

@instrument
export class Images {
  constructor(
    private readonly database: Pool,
    private readonly redis: Redis,
  ) {}

  /** Stores the image, and queues it for the detectors with the context of this request in the message. */
  async accept(camera: string, png: Buffer): Promise<string> {
    const image = randomUUID();
    await this.database.query('INSERT INTO images (id, camera_id, png) VALUES ($1, $2, $3)', [image, camera, png]);
    await this.redis.xAdd(IMAGES, '*', inject({ image, camera }, carriers.redisStream));
    return image;
  }

  async image(camera: string, id: string): Promise<Buffer | undefined> {
    const select = 'SELECT png FROM images WHERE id = $1 AND camera_id = $2';
    return (await this.database.query<{ png: Buffer }>(select, [id, camera])).rows[0]?.png;
  }

  async events(camera: string | undefined): Promise<EventRow[]> {
    const { rows } = await this.database.query<EventRow>(
      `SELECT ${EVENT_COLUMNS} FROM events WHERE $1::text IS NULL OR camera_id = $1 ORDER BY created_at DESC, id LIMIT 500`,
      [camera ?? null],
    );
    return rows;
  }

  async event(id: string): Promise<EventRow | undefined> {
    return (await this.database.query<EventRow>(`SELECT ${EVENT_COLUMNS} FROM events WHERE id = $1`, [id])).rows[0];
  }

  /** The last images of a camera, oldest first. */
  async last(camera: string, count: number): Promise<Buffer[]> {
    const { rows } = await this.database.query<{ png: Buffer }>(
      'SELECT png FROM images WHERE camera_id = $1 ORDER BY received_at DESC LIMIT $2',
      [camera, count],
    );
    return rows.map(({ png }) => png).reverse();
  }
}
