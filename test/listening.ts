// A started HTTP server of a test, its address, and its end on every path. Used by the tests that run web frameworks.

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Started {
  /** `http://127.0.0.1:<port>`. */
  readonly origin: string;
  close(): Promise<unknown>;
}

export async function listening(server: Server): Promise<Started> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return startedOf(server);
}

/** A server that listens already. */
export function startedOf(server: Server): Started {
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}
