// The inference server: the model behind HTTP on 127.0.0.1, in a process of its own, as model servers are run. For the pipeline it is a
// third-party service: it is not traced, and has neither database nor queue.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type NextFunction, type Request, type Response } from 'express';
import { failed, finished, ready, stopRequested } from '../pipeline/lifecycle.js';
import type { InferenceAnswer, InferenceRequest, ModelInfo } from './api.js';
import { INPUTS, OUTPUTS, type Seen } from './network.js';
import { accuracyOf, loadModel } from './training.js';

/** A batch of a hundred objects has some 50 kB. */
const MOST_BYTES = 4 * 1024 * 1024;

/** @throws Error for a body that is not an {@link InferenceRequest}. */
function seenIn({ objects }: InferenceRequest): Seen[] {
  return objects.map(({ crop, width, height }) => {
    const bytes = Uint8Array.from(Buffer.from(crop, 'base64'));
    if (bytes.length !== INPUTS - 2 || !(width > 0) || !(height > 0)) throw new Error('an object has no valid crop and size');
    return { crop: bytes, width, height };
  });
}

async function main(): Promise<void> {
  const { name, network } = loadModel();
  const info: ModelInfo = { name, accuracy: accuracyOf(network) };
  const infer = (seen: readonly Seen[]): InferenceAnswer => ({
    objects: network.classify(seen),
    usage: { inputs: INPUTS * seen.length, outputs: OUTPUTS * seen.length },
  });
  const app = express();
  app.get('/v1/model', (_, response) => void response.json(info));
  app.post('/v1/infer', express.json({ limit: MOST_BYTES }), ({ body }, response) => void response.json(infer(seenIn(body))));
  app.use((_, response) => void response.status(404).json({ error: 'expected /v1/model or /v1/infer' }));
  app.use(
    (error: Error, _: Request, response: Response, __: NextFunction) => void response.status(400).json({ error: error.message }),
  );
  const server = createServer(app);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  ready({ service: 'inference', listening: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });

  await stopRequested();
  server.closeAllConnections();
  server.close();
  finished();
}

main().catch(failed);
