// The sink of exported events: an HTTP server that takes CloudEvents and remembers them. It refuses the first event of one node
// once, to show a retry.

import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CloudEvent } from '../event-exporter/sink.js';

const MAX_BODY_BYTES = 1024 * 1024;

export interface Delivery {
  events: CloudEvent[];
  headers: IncomingHttpHeaders;
}

export class SinkServer {
  readonly deliveries: Delivery[] = [];
  #refuse: string | undefined;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<SinkServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const sink = new SinkServer(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`);
    server.on('request', async (request, response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      for await (const chunk of request) {
        length += (chunk as Buffer).length;
        if (length > MAX_BODY_BYTES) return void request.destroy();
        chunks.push(chunk as Buffer);
      }
      const events = [JSON.parse(Buffer.concat(chunks).toString())].flat() as CloudEvent[];
      if (sink.#refuse !== undefined && events.some(({ subject }) => subject === sink.#refuse)) {
        sink.#refuse = undefined;
        response.writeHead(503).end();
        return;
      }
      sink.deliveries.push({ events, headers: request.headers });
      response.writeHead(204).end();
    });
    return sink;
  }

  /** The next event of this node is refused, once. */
  refuseOnce(nodeName: string): void {
    this.#refuse = nodeName;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
