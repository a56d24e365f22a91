// Hands a recorded call's result on and ends the span when the work ends. A plain promise is passed through one `then`, so that
// settlement, error and unhandled rejection stay the caller's; anything else that can be awaited is returned as the same object.

import { types } from 'node:util';
import type { Site } from '../site/site.js';
import { fail, succeed } from './outcome.js';
import type { RecordedSpan } from './recorded.js';
import { observeThenable } from './thenable.js';

export function settle(span: RecordedSpan, site: Site, self: unknown, result: unknown): unknown {
  if ((typeof result !== 'object' && typeof result !== 'function') || result === null) {
    succeed(span, site, self, result);
    return result;
  }
  if (site.shape === 'async' || isPlainPromise(result)) return follow(span, site, self, result as Promise<unknown>);
  if (observeThenable(span, site, self, result)) return result;
  succeed(span, site, self, result);
  return result;
}

function follow(span: RecordedSpan, site: Site, self: unknown, promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    function fulfilled(value) {
      succeed(span, site, self, value);
      return value;
    },
    function rejected(error) {
      fail(span, site, error);
      throw error;
    },
  );
}

/** A native promise of this realm that nobody has extended: replacing it by its successor cannot be told. */
function isPlainPromise(value: object): value is Promise<unknown> {
  return (
    value instanceof Promise &&
    types.isPromise(value) &&
    Object.getPrototypeOf(value) === Promise.prototype &&
    Reflect.ownKeys(value).length === 0
  );
}
