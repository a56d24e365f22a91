// One camera: takes an image and sends it to the API. Its span is the root of the image's trace; fetch carries the trace on.

import { instrument } from 'spanwright';
import { createLog } from '../pipeline/log.js';
import { encode } from '../pipeline/png.js';
import { type ObjectKind, Scene } from './scene.js';

const log = createLog('camera');

export interface Shot {
  /** Nothing: an empty yard. */
  readonly object?: ObjectKind;
  /** As set by the operator of the camera; the API decides which values it accepts. */
  readonly priority?: string;
  /** The image is cut off on its way, as cameras with a weak radio do. */
  readonly cutOff?: boolean;
}

export class Camera {
  readonly #scene: Scene;

  constructor(
    readonly id: string,
    private readonly api: string,
    seed: string,
  ) {
    this.#scene = new Scene(id, seed);
  }

  @instrument({
    name: 'capture',
    attributes(this: Camera) {
      return { 'camera.id': this.id };
    },
    result: (bytes: number) => ({ 'image.bytes': bytes }),
  })
  async capture({ object, priority, cutOff }: Shot): Promise<number> {
    const whole = encode(this.#scene.draw(object));
    const image = cutOff ? whole.subarray(0, whole.length / 2) : whole;
    const response = await fetch(`${this.api}/cameras/${encodeURIComponent(this.id)}/images`, {
      method: 'POST',
      headers: {
        'content-type': 'image/png',
        'x-request-source': 'scheduled',
        ...(priority === undefined ? {} : { 'x-event-priority': priority }),
      },
      body: new Uint8Array(image),
    });
    const answer = (await response.json()) as { image?: string; error?: string };
    if (!response.ok) throw new Error(`the API answered ${response.status}: ${answer.error}`);
    log.info({ camera: this.id, image: answer.image, object: object ?? 'nothing', cut_off: cutOff === true }, 'image sent');
    return image.length;
  }
}
