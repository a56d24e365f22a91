// Limit on the time that a new connection takes, to the Collector or an OpAMP server, so that none holds the process.

import type { Socket } from 'node:net';
import { clearTimeout, setImmediate, setTimeout, unref } from '../captured.js';

/**
 * libuv counts a pending connect as an active request: it gets the time of two lost packets instead of the two minutes of the operating
 * system.
 */
const CONNECT_MS = 3000;

/** Destroys the socket with ETIMEDOUT if it `isPending` after three seconds. Returns the timer, which does not hold the process. */
export function limitConnect(socket: Socket, isPending: (socket: Socket) => boolean): NodeJS.Timeout {
  const refuse = (): void => {
    if (!isPending(socket)) return;
    const error = new Error(`no connection within ${CONNECT_MS} ms`);
    socket.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
  };
  // on a blocked event loop the timer is due before the answer that came meanwhile is seen
  return unref(setTimeout(() => setImmediate(refuse), CONNECT_MS));
}

/** Lets the process end although the connection is open, and limits the time to establish it. */
export function holdNothing(socket: Socket): void {
  socket.unref();
  if (!socket.connecting) return;
  const timer = limitConnect(socket, ({ connecting }) => connecting);
  const end = (): void => {
    clearTimeout(timer);
    socket.unref(); // connecting may have gone from one address to the next
  };
  socket.once('connect', end).once('close', end);
}
