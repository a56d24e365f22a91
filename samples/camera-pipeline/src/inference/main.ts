// The inference server: the model behind HTTP on 127.0.0.1, in a process of its own, as model servers are run. For the pipeline it is a
// third-party service: it is not traced, and has neither database nor queue.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { failed, finished, ready, stopRequested } from '../pipeline/lifecycle.js';
import type { InferenceAnswer, InferenceRequest, ModelInfo } from './api.js';
import { INPUTS, OUTPUTS, type Seen } from './network.js';
import { accuracyOf, loadModel } from './training.js';

/** A batch of a hundred objects has some 50 kB. */
const MOST_BYTES = 4 * 1024 * 1024;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MOST_BYTES) throw new Error(`the request is longer than ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** @throws Error for a body that is not an {@link InferenceRequest}. */
function seenIn(body: string): Seen[] {
  const { objects } = JSON.parse(body) as InferenceRequest;
  return objects.map(({ crop, width, height }) => {
    const bytes = Uint8Array.from(Buffer.from(crop, 'base64'));
    if (bytes.length !== INPUTS - 2 || !(width > 0) || !(height > 0)) throw new Error('an object has no valid crop and size');
    return { crop: bytes, width, height };
  });
}

async function main(): Promise<void> {
  const { name, network, accuracy } = loadModel();
  const info: ModelInfo = { name, accuracy: accuracy ?? accuracyOf(network) };
  const infer = (seen: readonly Seen[]): InferenceAnswer => ({
    objects: network.classify(seen),
    usage: { inputs: INPUTS * seen.length, outputs: OUTPUTS * seen.length },
  });
  const answer = (response: ServerResponse, status: number, body: object): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const server = createServer(async (request, response) => {
    if (request.method === 'GET' && request.url === '/v1/model') return answer(response, 200, info);
    if (request.method !== 'POST' || request.url !== '/v1/infer')
      return answer(response, 404, { error: 'expected /v1/model or /v1/infer' });
    try {
      answer(response, 200, infer(seenIn(await bodyOf(request))));
    } catch (error) {
      answer(response, 400, { error: (error as Error).message });
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  ready({ service: 'inference', listening: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });

  await stopRequested();
  server.closeAllConnections();
  server.close();
  finished();
}

main().catch(failed);
