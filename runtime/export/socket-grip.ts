// Tracks the sockets of a client that offers no access to them, so that they never keep the process alive and can be closed at
// once. Used for @grpc/grpc-js (grpc-carrier.ts): its connections are referenced while a call is under way, a pending connection
// has no limit, and close() does not reach either. Public API of Node only: `net.client.socket` of diagnostics_channel, and
// AsyncLocalStorage to know which sockets are ours.

import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { clearInterval, clearTimeout, setInterval, unref } from '../captured.js';
import { limitConnect } from './connect-limit.js';

const CHANNEL = 'net.client.socket';
/** grpc-js takes references again with each call; the timer that drops them does not hold the process either. */
const RELEASE_MS = 25;

const opening = new AsyncLocalStorage<SocketGrip>();
/** Grips with work under way. On Node 20 an AsyncLocalStorage in use slows every promise of the process. */
let working = 0;

function takeSocket(message: unknown): void {
  opening.getStore()?.take((message as { socket: Socket }).socket);
}

/** True if the runtime publishes its sockets: Bun and Deno do not. */
export const CAN_GRIP = process.versions.bun === undefined && process.versions.deno === undefined;

export class SocketGrip {
  readonly #sockets = new Set<Socket>();
  #ended = false;

  /** True if a connection is open on which the server has answered. */
  get connected(): boolean {
    for (const socket of this.#sockets) if (!isSilent(socket)) return true;
    return false;
  }

  /** Runs `work` until its promise settles; sockets that it opens meanwhile are held. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    if (working++ === 0) subscribe(CHANNEL, takeSocket);
    const timer = unref(setInterval(() => this.#release(), RELEASE_MS));
    try {
      return await opening.run(this, work);
    } finally {
      clearInterval(timer);
      if (--working === 0) {
        unsubscribe(CHANNEL, takeSocket);
        opening.disable();
      }
    }
  }

  /** Ends every connection now, and those that are opened later. */
  end(): void {
    this.#ended = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  take(socket: Socket): void {
    this.#sockets.add(socket);
    socket.unref();
    const timer = limitConnect(socket, isSilent);
    socket.once('close', () => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
    });
    if (this.#ended) process.nextTick(() => socket.destroy(new Error('the exporter is shut down')));
  }

  #release(): void {
    for (const socket of this.#sockets) socket.unref();
  }
}

/** An HTTP/2 server sends the first frame. */
function isSilent(socket: Socket): boolean {
  return socket.connecting || socket.bytesRead === 0;
}
