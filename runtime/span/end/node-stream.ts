// Node streams to their end: readable ones until everything was read, writable ones until everything was written, or until they
// are destroyed. Nothing is consumed, and errors are seen through `errorMonitor`, so that an error that nobody handles still
// brings the process down as it would have.

import { EventEmitter } from 'node:events';
import type { FollowedCall } from './followed.js';
import { endWhenUnused } from './followed.js';

/** Properties that streams of all versions and packages share; old ones have none of the flags. */
interface NodeStream extends EventEmitter {
  readonly pipe?: unknown;
  readonly write?: unknown;
  readonly readable?: boolean;
  readonly writable?: boolean;
  readonly readableEnded?: boolean;
  readonly writableFinished?: boolean;
  readonly destroyed?: boolean;
  readonly errored?: Error | null;
}

export function isNodeStream(value: object): value is NodeStream {
  const stream = value as Partial<NodeStream>;
  return typeof stream.on === 'function' && (typeof stream.pipe === 'function' || typeof stream.write === 'function');
}

export function observeNodeStream(call: FollowedCall, stream: NodeStream): void {
  // a destroyed stream may still emit `close`, but does no more work
  if (stream.errored) call.fail(stream.errored);
  else if (stream.destroyed || sidesOpen(stream) === 0) call.succeed(stream);
  else observeOpen(call, stream);
}

/** The calls that have returned an open stream, oldest first: one set of listeners serves all calls that return the same socket. */
const givenOut = new WeakMap<NodeStream, FollowedCall[]>();

function observeOpen(call: FollowedCall, stream: NodeStream): void {
  endWhenUnused(stream, call.span);
  const known = givenOut.get(stream);
  if (known !== undefined) {
    while (known[0]?.span.ended) known.shift();
    known.push(call);
    return;
  }
  const calls = [call];
  givenOut.set(stream, calls);
  const remaining = { sides: sidesOpen(stream) };
  const sideEnded = (): void => {
    if (--remaining.sides === 0) closed();
  };
  const closed = (): void => finish((each) => each.succeed(stream));
  const failed = (error: unknown): void => finish((each) => each.fail(error));
  function finish(end: (each: FollowedCall) => void): void {
    givenOut.delete(stream);
    stream.removeListener('end', sideEnded);
    stream.removeListener('finish', sideEnded);
    stream.removeListener('close', closed);
    stream.removeListener(EventEmitter.errorMonitor, failed);
    for (const each of calls) end(each);
  }
  stream.once('end', sideEnded);
  stream.once('finish', sideEnded);
  stream.once('close', closed);
  stream.once(EventEmitter.errorMonitor, failed);
}

function sidesOpen(stream: NodeStream): number {
  const reads = stream.readable !== false && typeof stream.pipe === 'function' && stream.readableEnded === false;
  const writes = stream.writable !== false && typeof stream.write === 'function' && stream.writableFinished === false;
  return (reads ? 1 : 0) + (writes ? 1 : 0);
}
