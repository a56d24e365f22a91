// Trains the network on images that the cameras of the yard could have taken, seen through the same detector, and keeps the weights in the
// build folder, so that only the first start trains. `accuracyOf` measures it on images that it was not trained on.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../camera/random.js';
import { OBJECTS, Scene } from '../camera/scene.js';
import { Backgrounds } from '../detector/background.js';
import { findBlobs } from '../detector/blobs.js';
import { inputsOf, Network, type Seen } from './network.js';

const EXAMPLES = 360;
const HELD_OUT = 120;
const PASSES = 25;

export interface Model {
  readonly name: string;
  readonly network: Network;
}

interface Example extends Seen {
  readonly kind: number;
}

/** Images of yards that none of the sample's cameras looks at. */
export function examples(count: number, seed: string): Example[] {
  const list: Example[] = [];
  for (let yard = 0; list.length < count; yard++) {
    const camera = `${seed}-${yard}`;
    const [scene, backgrounds] = [new Scene(camera, seed), new Backgrounds()];
    for (let image = 0; image < 3; image++) backgrounds.learn(camera, scene.draw());
    for (const [kind, object] of [...OBJECTS, ...OBJECTS, ...OBJECTS].map(
      (one, index) => [index % OBJECTS.length, one] as const,
    )) {
      const frame = scene.draw(object);
      const blobs = findBlobs(backgrounds.difference(camera, frame) as Uint8Array, frame.width);
      for (const blob of blobs) list.push({ ...blob, kind });
    }
  }
  return list.slice(0, count);
}

export function train(): Model {
  const network = Network.untrained('weights');
  const order = new Random('order');
  const taught = examples(EXAMPLES, 'training').map((one) => ({ inputs: inputsOf(one), kind: one.kind }));
  for (let pass = 0; pass < PASSES; pass++) {
    for (let step = 0; step < taught.length; step++) {
      const { inputs, kind } = order.oneOf(taught);
      network.learn(inputs, kind, 0.05 * (1 - pass / PASSES));
    }
  }
  return { name: NAME, network };
}

export function accuracyOf(network: Network): number {
  const unseen = examples(HELD_OUT, 'held out');
  const named = network.classify(unseen);
  return unseen.filter(({ kind }, index) => named[index]?.object === OBJECTS[kind]).length / unseen.length;
}

const NAME = `yard-${Network.size}`;
const FILE = join(__dirname, '..', `${NAME}.json`);

export function loadModel(): Model {
  try {
    return { name: NAME, network: Network.of(Float32Array.from(JSON.parse(readFileSync(FILE, 'utf8')) as number[])) };
  } catch {
    const model = train();
    const part = `${FILE}.${process.pid}`;
    writeFileSync(part, JSON.stringify([...model.network.weights]));
    renameSync(part, FILE); // whole or not at all: another server may be reading
    return model;
  }
}
