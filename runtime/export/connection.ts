// What both transports ask of a connection to a collector: that it never holds the process. Used by otlp-grpc.ts and otlp-http.ts.

import type { Socket } from 'node:net';

/**
 * A connection that is being made holds the process whatever is unref'd, because libuv counts the request: it gets so long, which is
 * two lost packets, instead of the two minutes of the operating system. (A look-up of a name holds it too and cannot be cancelled.)
 */
const CONNECT_MS = 3000;

export function holdNothing(socket: Socket): void {
  socket.unref();
  if (!socket.connecting) return;
  const timer = setTimeout(() => {
    const error = new Error(`no connection within ${CONNECT_MS} ms`);
    socket.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
  }, CONNECT_MS).unref();
  const end = (): void => {
    clearTimeout(timer);
    socket.unref(); // connecting may have gone from one address to the next
  };
  socket.once('connect', end).once('close', end);
}
