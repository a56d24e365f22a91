// Web streams to their end. Reading a readable one needs its lock, so Spanwright does not read it: the methods that lock it are
// shadowed on the stream by methods that do the same and observe the end of the reading. A writable one is followed by Node's own
// `finished`, which needs no lock; for a readable one it would settle with the source, and not with the stream that it is piped
// through.

import { finished } from 'node:stream';
import { apply, defineOrThrow, isExtensible } from '../../captured.js';
import { observeSteps } from '../steps.js';
import type { FollowedCall } from './followed.js';
import { endWhenUnused } from './followed.js';

type Method = (this: unknown, ...args: unknown[]) => unknown;

export function isWebStream(value: object): value is ReadableStream {
  return typeof ReadableStream === 'function' && value instanceof ReadableStream && isExtensible(value);
}

export function isWebSink(value: object): value is WritableStream {
  return typeof WritableStream === 'function' && value instanceof WritableStream;
}

export function observeWebSink(call: FollowedCall, sink: WritableStream): void {
  finished(sink as unknown as NodeJS.WritableStream, function ended(error) {
    if (error) call.fail(error);
    else call.succeed(sink);
  });
  endWhenUnused(sink, call.span);
}

/** The end of the whole reading, reported once for all ways of reading. */
interface Ending {
  succeed(): void;
  fail(error: unknown): void;
}

export function observeWebStream(call: FollowedCall, stream: ReadableStream): void {
  shadowAll(stream, { succeed: () => call.succeed(stream), fail: (error) => call.fail(error) });
  endWhenUnused(stream, call.span);
}

function shadowAll(stream: ReadableStream, ending: Ending): void {
  shadow(stream, 'getReader', (reader) => observeReader(reader as ReadableStreamDefaultReader, ending));
  shadow(stream, 'cancel', (done) => settleWith(done as Promise<void>, ending));
  shadow(stream, 'pipeTo', (done) => settleWith(done as Promise<void>, ending));
  // data that leaves the other side has left this one
  shadow(stream, 'pipeThrough', (readable) => shadowAll(readable as ReadableStream, ending));
  shadow(stream, 'tee', (branches) => observeBranches(branches as ReadableStream[], ending));
  for (const key of ['values', Symbol.asyncIterator])
    shadow(stream, key, (iterator) => observeIteration(iterator as object, ending));
}

/** Replaces a method by one that calls it, sees the result, and may return another result. */
function shadow(target: ReadableStream, key: string | symbol, look: (result: unknown) => unknown): void {
  const method = (target as unknown as Record<string | symbol, unknown>)[key];
  if (typeof method !== 'function') return;
  function shadowing(this: unknown, ...args: unknown[]): unknown {
    // a caller that is refused because of the lock has ended nothing
    const refused = target.locked;
    const result = apply(method as Method, this, args);
    return this === target && !refused ? (look(result) ?? result) : result;
  }
  defineOrThrow(shadowing, 'name', { value: (method as Method).name });
  defineOrThrow(target, key, { configurable: true, writable: true, value: shadowing });
}

/** `closed` is marked as handled by the specification (Streams, ReadableStreamReaderGenericInitialize), so looking takes nothing. */
function observeReader(reader: ReadableStreamDefaultReader, ending: Ending): void {
  let released = false;
  const release = reader.releaseLock;
  defineOrThrow(reader, 'releaseLock', {
    configurable: true,
    writable: true,
    value: {
      releaseLock(this: unknown): void {
        released = true;
        apply(release, this, []);
      },
    }.releaseLock,
  });
  reader.closed.then(
    () => ending.succeed(),
    (error: unknown) => {
      // releasing the lock does not end the stream: the next reader is observed too
      if (!released) ending.fail(error);
    },
  );
}

/** Ends the call with the outcome of the platform's promise, and passes that outcome on. */
function settleWith(done: Promise<void>, ending: Ending): Promise<void> {
  return done.then(
    () => ending.succeed(),
    (error: unknown) => {
      ending.fail(error);
      throw error;
    },
  );
}

function observeBranches(branches: readonly ReadableStream[], ending: Ending): void {
  let open = branches.length;
  const both: Ending = {
    succeed: () => {
      if (--open === 0) ending.succeed();
    },
    fail: (error) => ending.fail(error),
  };
  for (const branch of branches) shadowAll(branch, both);
}

function observeIteration(iterator: object, ending: Ending): void {
  observeSteps(iterator, {
    context: undefined,
    enter: () => true,
    finished: () => ending.succeed(),
    failed: (error) => ending.fail(error),
  });
}
