// Scene in front of a camera: a yard with texture and noise, and in it persons, vehicles and animals of any size, at any place, lighter or darker
// than what is behind them. Draws the images of the sample, and those that the model is trained on.

import type { Frame } from '../pipeline/png.js';
import { Random } from './random.js';

export const OBJECTS = ['person', 'vehicle', 'animal'] as const;
export type ObjectKind = (typeof OBJECTS)[number];

export const WIDTH = 240;
export const HEIGHT = 180;
const NOISE = 5;

/** True where the object is; x and y run from 0 to 1 over its box. */
type Shape = (x: number, y: number) => boolean;

const ellipse =
  (cx: number, cy: number, rx: number, ry: number): Shape =>
  (x, y) =>
    ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1;
const box =
  (left: number, top: number, right: number, bottom: number): Shape =>
  (x, y) =>
    x >= left && x <= right && y >= top && y <= bottom;

/** Width over height, height in pixels from and to, and the parts that an object is made of. */
const LOOKS: Record<ObjectKind, { aspect: number; height: [number, number]; parts: Shape[] }> = {
  person: {
    aspect: 0.4,
    height: [60, 110],
    parts: [ellipse(0.5, 0.12, 0.28, 0.12), ellipse(0.5, 0.42, 0.42, 0.24), box(0.2, 0.5, 0.44, 1), box(0.56, 0.5, 0.8, 1)],
  },
  vehicle: {
    aspect: 2.2,
    height: [45, 70],
    parts: [box(0, 0.4, 1, 0.8), box(0.22, 0.05, 0.75, 0.45), ellipse(0.22, 0.82, 0.1, 0.18), ellipse(0.78, 0.82, 0.1, 0.18)],
  },
  animal: {
    aspect: 1.5,
    height: [32, 55],
    parts: [
      ellipse(0.45, 0.45, 0.36, 0.24),
      ellipse(0.86, 0.22, 0.14, 0.2),
      box(0.16, 0.5, 0.24, 1),
      box(0.34, 0.5, 0.42, 1),
      box(0.54, 0.5, 0.62, 1),
      box(0.7, 0.5, 0.78, 1),
    ],
  },
};

export class Scene {
  readonly #background = new Float32Array(WIDTH * HEIGHT);
  readonly #random: Random;

  constructor(camera: string, seed = '') {
    const ground = new Random(camera);
    const [horizon, sky, stripes] = [ground.between(45, 90), ground.between(120, 150), ground.between(9, 17)];
    for (let index = 0; index < this.#background.length; index++) {
      const [x, y] = [index % WIDTH, Math.floor(index / WIDTH)];
      const surface = y < horizon ? sky - y * 0.2 : 85 + 12 * Math.sin((x + y * 0.4) / stripes) + (y - horizon) * 0.12;
      this.#background[index] = surface + ground.between(-6, 6);
    }
    this.#random = new Random(`${camera} ${seed}`);
  }

  /** One image, with the object somewhere in it or with nothing. */
  draw(object?: ObjectKind): Frame {
    const pixels = new Uint8Array(WIDTH * HEIGHT);
    const contrast = object === undefined ? undefined : this.#place(object);
    for (let index = 0; index < pixels.length; index++) {
      const noise = this.#random.between(-NOISE, NOISE);
      const value = (this.#background[index] as number) + noise + (contrast?.[index] ?? 0);
      pixels[index] = Math.max(0, Math.min(255, Math.round(value)));
    }
    return { width: WIDTH, height: HEIGHT, pixels };
  }

  #place(object: ObjectKind): Float32Array {
    const random = this.#random;
    const { aspect, height: range, parts } = LOOKS[object];
    const height = Math.round(random.between(...range));
    const width = Math.round(height * aspect * random.between(0.85, 1.15));
    const [left, top] = [Math.floor(random.between(2, WIDTH - width - 2)), Math.floor(random.between(2, HEIGHT - height - 2))];
    const mirrored = random.next() < 0.5;
    const strength = random.between(60, 85) * random.oneOf([-1, 1]);
    const contrast = new Float32Array(WIDTH * HEIGHT);
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const x = (column + 0.5) / width;
        const at = mirrored ? 1 - x : x;
        if (parts.some((part) => part(at, (row + 0.5) / height))) contrast[(top + row) * WIDTH + left + column] = strength;
      }
    }
    return contrast;
  }
}
