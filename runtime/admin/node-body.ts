// The body of a Node request as a web stream, and the draining of an unwanted body. Node's own Readable.toWeb()
// destroys the socket when the stream is cancelled (seen in Node 20 and 22), so a refused body would lose its answer.

import type { IncomingMessage } from 'node:http';
import { clearTimeout, setTimeout, unref } from '../captured.js';

/** An unwanted body is read this far and this long, so that the client gets to read the answer instead of a reset. */
const DRAIN_BYTES = 256 * 1024;
const DRAIN_MILLISECONDS = 500;

/** The body as a stream with back pressure; cancelling it leaves the connection open. */
export function streamOf(request: IncomingMessage): ReadableStream<Uint8Array> {
  let over = false;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const finish = (end: () => void): void => {
        if (!over) end();
        over = true;
      };
      request.on('data', (part: Buffer) => {
        if (over) return;
        controller.enqueue(new Uint8Array(part));
        if ((controller.desiredSize ?? 0) <= 0) request.pause();
      });
      request.once('end', () => finish(() => controller.close()));
      request.once('error', (error) => finish(() => controller.error(error)));
      request.once('close', () => finish(() => controller.error(new Error('the connection was closed'))));
      request.pause();
    },
    pull() {
      request.resume();
    },
    cancel() {
      over = true;
      request.pause();
    },
  });
}

/** Reads on, for a bounded time and size, until the body is over. */
export function drained(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let size = 0;
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(done, DRAIN_MILLISECONDS);
    unref(timer);
    request.on('data', (part: Buffer) => {
      size += part.length;
      if (size > DRAIN_BYTES) done();
    });
    request.once('close', done).once('end', done).once('error', done).resume();
  });
}
