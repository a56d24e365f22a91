// The cluster as a process: a small Kubernetes-like API and the cloud behind it, over HTTP on the loopback interface. It is not
// traced, because it stands for existing infrastructure.

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { leave, stopRequested, tellReady } from '../process.js';
import { Cluster } from './cluster.js';
import { answer } from './routes.js';

const MAX_BODY_BYTES = 256 * 1024;

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length > MAX_BODY_BYTES) throw new Error('the body is too long');
    chunks.push(chunk as Buffer);
  }
  return length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString());
}

async function main(): Promise<void> {
  const cluster = new Cluster();
  const server = createServer(async (request, response) => {
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    try {
      const { status, body } = answer(
        cluster,
        request.method ?? '',
        new URL(request.url ?? '/', 'http://cluster'),
        await bodyOf(request),
      );
      send(status, body);
    } catch (error) {
      send(400, { message: String(error) });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  tellReady({ listening: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  await stopRequested();
  server.close();
  server.closeAllConnections();
  leave();
}

void main();
