// The model: a neural network with one hidden layer, over the crop of an object and the shape of its box. Small enough to be trained when
// the inference server first starts; the arithmetic is that of any other.

import { Random } from '../camera/random.js';
import { OBJECTS, type ObjectKind } from '../camera/scene.js';
import { CROP } from '../detector/blobs.js';

export const INPUTS = CROP * CROP + 2;
const HIDDEN = 16;
export const OUTPUTS = OBJECTS.length;

export interface Seen {
  readonly crop: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export interface Classified {
  readonly object: ObjectKind;
  /** From 0 to 1. */
  readonly confidence: number;
}

/** Input of the network: brightness from 0 to 1, then the aspect and the size of the box. */
export function inputsOf({ crop, width, height }: Seen): Float32Array {
  const inputs = new Float32Array(INPUTS);
  for (let cell = 0; cell < crop.length; cell++) inputs[cell] = (crop[cell] as number) / 255;
  inputs[INPUTS - 2] = width / (width + height);
  inputs[INPUTS - 1] = Math.sqrt(width * height) / 200;
  return inputs;
}

export class Network {
  private constructor(
    /** HIDDEN rows of INPUTS weights and a bias, then OUTPUTS rows of HIDDEN weights and a bias. */
    readonly weights: Float32Array,
  ) {}

  static readonly size = HIDDEN * (INPUTS + 1) + OUTPUTS * (HIDDEN + 1);

  static untrained(seed: string): Network {
    const random = new Random(seed);
    return new Network(Float32Array.from({ length: Network.size }, () => random.between(-0.15, 0.15)));
  }

  /** @throws Error when these are not the weights of this network. */
  static of(weights: Float32Array): Network {
    if (weights.length === Network.size && weights.every(Number.isFinite)) return new Network(weights);
    throw new Error(`${weights.length} weights; this network has ${Network.size} finite ones`);
  }

  classify(seen: readonly Seen[]): Classified[] {
    return seen.map((one) => {
      const { outputs } = this.#forward(inputsOf(one));
      const best = outputs.reduce((most, value, index) => (value > (outputs[most] as number) ? index : most), 0);
      return { object: OBJECTS[best] as ObjectKind, confidence: outputs[best] as number };
    });
  }

  /** One step of gradient descent on one example. */
  learn(inputs: Float32Array, expected: number, rate: number): void {
    const { weights } = this;
    const { hidden, outputs } = this.#forward(inputs);
    const second = HIDDEN * (INPUTS + 1);
    const errors = outputs.map((value, output) => value - (output === expected ? 1 : 0));
    const blamed = new Float32Array(HIDDEN);
    for (let output = 0; output < OUTPUTS; output++) {
      const row = second + output * (HIDDEN + 1);
      const step = rate * (errors[output] as number);
      for (let unit = 0; unit < HIDDEN; unit++) {
        blamed[unit] = (blamed[unit] as number) + (errors[output] as number) * (weights[row + unit] as number);
        weights[row + unit] = (weights[row + unit] as number) - step * (hidden[unit] as number);
      }
      weights[row + HIDDEN] = (weights[row + HIDDEN] as number) - step;
    }
    for (let unit = 0; unit < HIDDEN; unit++) {
      const row = unit * (INPUTS + 1);
      const step = rate * (blamed[unit] as number) * (1 - (hidden[unit] as number) ** 2);
      for (let input = 0; input < INPUTS; input++) {
        weights[row + input] = (weights[row + input] as number) - step * (inputs[input] as number);
      }
      weights[row + INPUTS] = (weights[row + INPUTS] as number) - step;
    }
  }

  #forward(inputs: Float32Array): { hidden: Float32Array; outputs: Float32Array } {
    const hidden = this.#layer(inputs, HIDDEN, 0).map(Math.tanh);
    const sums = this.#layer(hidden, OUTPUTS, HIDDEN * (INPUTS + 1));
    const largest = Math.max(...sums);
    const powers = sums.map((sum) => Math.exp(sum - largest));
    const total = powers.reduce((all, power) => all + power, 0);
    return { hidden, outputs: powers.map((power) => power / total) };
  }

  #layer(inputs: Float32Array, units: number, from: number): Float32Array {
    const sums = new Float32Array(units);
    for (let unit = 0; unit < units; unit++) {
      const row = from + unit * (inputs.length + 1);
      let sum = this.weights[row + inputs.length] as number;
      for (let input = 0; input < inputs.length; input++)
        sum += (this.weights[row + input] as number) * (inputs[input] as number);
      sums[unit] = sum;
    }
    return sums;
  }
}
