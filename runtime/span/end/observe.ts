// Results that go on after the call has returned (`until: 'end'`): Node and web streams, observables, iterators. One row for
// each kind; the first that fits follows the result to its end. The result is returned as the same object.

import { Readable } from 'node:stream';
import { reportFault } from '../../fault.js';
import { isIterator } from '../steps.js';
import type { FollowedCall } from './followed.js';
import { isAsyncIterable, observeAsyncIterable, observeIterator } from './iterable.js';
import { isNodeStream, observeNodeStream } from './node-stream.js';
import { isObservable, observeObservable } from './observable.js';
import { isWebSink, isWebStream, observeWebSink, observeWebStream } from './web-stream.js';

interface Kind {
  readonly is: (value: object) => boolean;
  readonly observe: (call: FollowedCall, value: never) => void;
}

const KINDS: readonly Kind[] = [
  { is: iteratesApart, observe: observeBoth },
  { is: isNodeStream, observe: observeNodeStream },
  { is: isWebStream, observe: observeWebStream },
  { is: isWebSink, observe: observeWebSink },
  { is: isObservable, observe: observeObservable },
  { is: isIterator, observe: observeIterator },
  { is: isAsyncIterable, observe: observeAsyncIterable },
];

/** True for a stream whose iteration does not read it as a stream, such as a cursor of mongoose. */
function iteratesApart(value: object): value is Readable {
  return (
    isNodeStream(value) && isAsyncIterable(value) && value[Symbol.asyncIterator] !== Readable.prototype[Symbol.asyncIterator]
  );
}

function observeBoth(call: FollowedCall, stream: Readable): void {
  observeNodeStream(call, stream);
  observeAsyncIterable(call, stream);
}

/** True when the span will end with the result; false when the result is of no such kind. */
export function observeEnd(call: FollowedCall, value: unknown): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  try {
    const kind = KINDS.find(({ is }) => is(value));
    kind?.observe(call, value as never);
    return kind !== undefined;
  } catch (error) {
    reportFault(`until: 'end' of ${call.site.id}`, error);
    return false;
  }
}
