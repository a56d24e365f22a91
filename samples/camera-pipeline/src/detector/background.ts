// Background of a camera, learnt from its images: a moving average of each pixel, of those images in which nothing was
// found. The first image is taken as it is.

import type { Frame } from '../pipeline/png.js';

/** Share of a new image in the average. */
const RATE = 0.2;
/** Number of cameras; beyond it the camera that was quiet for longest is forgotten. */
const MOST_CAMERAS = 256;

export class Backgrounds {
  readonly #byCamera = new Map<string, Float32Array>();

  /** Difference of each pixel from the background; undefined for the first image of a camera. */
  difference(camera: string, { pixels }: Frame): Uint8Array | undefined {
    const background = this.#byCamera.get(camera);
    if (background?.length !== pixels.length) return undefined;
    return pixels.map((value, index) => Math.round(Math.abs(value - (background[index] as number))));
  }

  learn(camera: string, { pixels }: Frame): void {
    const background = this.#byCamera.get(camera);
    this.#byCamera.delete(camera);
    if (background?.length === pixels.length) {
      for (let index = 0; index < pixels.length; index++) {
        background[index] = (background[index] as number) * (1 - RATE) + (pixels[index] as number) * RATE;
      }
      this.#byCamera.set(camera, background);
      return;
    }
    const [quietest] = this.#byCamera.keys();
    if (this.#byCamera.size >= MOST_CAMERAS && quietest !== undefined) this.#byCamera.delete(quietest);
    this.#byCamera.set(camera, Float32Array.from(pixels));
  }
}
