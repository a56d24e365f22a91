// HTTP server of both services of the desk: JSON in and out on 127.0.0.1, and an orderly end.

import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Handle = (query: URLSearchParams, headers: IncomingHttpHeaders) => Promise<unknown>;

/** Prints one line of JSON with its address when it is ready; resolves when a signal ends it. */
export async function serve(handle: Handle): Promise<void> {
  const server: Server = createServer(async (request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const [status, body] = await handle(searchParams, request.headers).then(
      (answer): [number, unknown] => [200, answer],
      (error: Error): [number, unknown] => [502, { error: error.message }],
    );
    response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  process.stdout.write(`${JSON.stringify({ listening: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })}\n`);
  await new Promise<void>((stop) => {
    for (const event of ['SIGTERM', 'SIGINT', ...(process.connected ? ['disconnect'] : [])]) process.once(event, () => stop());
  });
  await new Promise((closed) => {
    server.close(closed);
    server.closeIdleConnections();
  });
}
