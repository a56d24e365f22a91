// Looks for objects that are not part of the background. Runs in the trace of the image, which comes from the message.

import type { Pool } from 'pg';
import { instrument } from 'spanwright';
import { decode, type Frame } from '../pipeline/png.js';
import { Backgrounds } from './background.js';
import type { Batches } from './batches.js';
import { type Blob, findBlobs } from './blobs.js';
import { detectionSeconds, detections } from './metrics.js';

export class Detector {
  readonly #backgrounds = new Backgrounds();

  constructor(
    private readonly database: Pool,
    private readonly batches: Batches,
  ) {}

  @instrument({
    name: 'detection_processing',
    attributes: (image: string, camera: string) => ({ 'image.id': image, 'image.path': `/cameras/${camera}/images/${image}` }),
    result: (found: number) => ({ 'detection.count': found }),
  })
  async process(image: string, camera: string): Promise<number> {
    const stop = detectionSeconds.startTimer();
    const { rows } = await this.database.query<{ png: Buffer }>('SELECT png FROM images WHERE id = $1', [image]);
    if (rows[0] === undefined) throw new Error(`There is no image ${image}.`);
    const blobs = this.look(camera, rows[0].png);
    for (const [number, blob] of blobs.entries()) await this.save(image, number, blob);
    detections.inc({ camera }, blobs.length);
    if (blobs.length > 0) this.batches.add(image, camera);
    stop();
    return blobs.length;
  }

  /** @throws Error when the image cannot be read. */
  @instrument
  look(camera: string, png: Buffer): Blob[] {
    const frame: Frame = decode(png);
    const difference = this.#backgrounds.difference(camera, frame);
    const blobs = difference === undefined ? [] : findBlobs(difference, frame.width);
    if (blobs.length === 0) this.#backgrounds.learn(camera, frame);
    return blobs;
  }

  private async save(image: string, number: number, { x, y, width, height, crop }: Blob): Promise<void> {
    await this.database.query(
      `INSERT INTO detections (image_id, number, x, y, width, height, crop) VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT DO NOTHING`,
      [image, number, x, y, width, height, Buffer.from(crop)],
    );
  }
}
