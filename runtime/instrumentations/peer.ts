// The other end of a client's socket, as `network.peer.address` and `network.peer.port`: where a host is configured by its name, only the
// socket knows which machine has answered. Read while a span records; Node asks the system once for each socket.

import { isIP } from 'node:net';
import type { Attributes } from '@opentelemetry/api';
import type { Call } from './row.js';

interface SocketLike {
  readonly remoteAddress?: unknown;
  readonly remotePort?: unknown;
}

/** A property of any value, or undefined: the fields of third-party clients are not typed. */
export function fieldOf(holder: unknown, name: string): unknown {
  return typeof holder === 'object' && holder !== null ? (holder as Record<string, unknown>)[name] : undefined;
}

/** The other end of the socket that the called client holds under this path of fields. */
export const socketAt =
  (...path: string[]) =>
  ({ receiver }: Call): Attributes | undefined =>
    peerOf(path.reduce(fieldOf, receiver));

/** Undefined until the socket is connected, and for a Unix socket. */
export function peerOf(socket: unknown): Attributes | undefined {
  if (typeof socket !== 'object' || socket === null) return undefined;
  const { remoteAddress, remotePort } = socket as SocketLike;
  return peer(remoteAddress, remotePort);
}

export function peer(address: unknown, port: unknown): Attributes | undefined {
  if (typeof address !== 'string' || isIP(address) === 0) return undefined;
  const known = typeof port === 'number' && Number.isInteger(port);
  return { 'network.peer.address': address, ...(known ? { 'network.peer.port': port } : {}) };
}

const TARGET = /^(?:ipv[46]:)?\[?([0-9a-fA-F.:]+?)\]?:(\d+)$/u;

/** A peer in the syntax of gRPC: `127.0.0.1:50051`, `[::1]:50051`, `ipv4:...`; not a host name. */
export function peerOfTarget(target: unknown): Attributes | undefined {
  const match = typeof target === 'string' && target.length < 100 ? TARGET.exec(target) : null;
  return match === null ? undefined : peer(match[1], Number(match[2]));
}
