// The connections of the hook's own server, bounded so that those who only hold connections, or guess, do not keep others out: beyond the bound
// the oldest of them are closed. A connection that is answered counts apart, so that they cannot close it either.

import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { now } from '../captured.js';

/** Of connections with an answer, and of those without one. */
const MOST = 100;
/** Milliseconds in which a new connection can be read and answered, also while many others come. */
const GRACE_MS = 250;
/** With those that are in their first milliseconds. */
const MOST_AT_ONCE = 500;
/** Statuses of a request whose token is missing, wrong, or one of many wrong ones. */
const REFUSED = new Set([401, 403, 429]);

/** Bounds the connections of a server. They do not keep the process alive. */
export function boundConnections(server: Server): void {
  /** By the time of their start, the oldest first. */
  const strangers = new Map<Socket, number>();
  /** The one whose last answer is the longest ago comes first. */
  const answered = new Set<Socket>();

  function makeRoom(): void {
    const before = now() - GRACE_MS;
    for (const [socket, since] of strangers) {
      if (strangers.size <= MOST || (since > before && strangers.size <= MOST_AT_ONCE)) break;
      strangers.delete(socket);
      socket.destroy();
    }
  }

  server.on('connection', (socket: Socket) => {
    socket.unref();
    strangers.set(socket, now());
    makeRoom();
    socket.once('close', () => {
      strangers.delete(socket);
      answered.delete(socket);
    });
  });
  server.on('request', ({ socket }, response: ServerResponse) => {
    response.once('finish', () => {
      if (socket.destroyed) return;
      if (REFUSED.has(response.statusCode)) {
        if (answered.delete(socket)) strangers.set(socket, now());
        return;
      }
      strangers.delete(socket);
      answered.delete(socket);
      answered.add(socket);
      if (answered.size <= MOST) return;
      const [oldest] = answered as unknown as [Socket];
      answered.delete(oldest);
      oldest.destroy();
    });
  });
}
