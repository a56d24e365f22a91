// Hands a recorded call's result on and ends the span when the work ends. The promise of an async function is passed through one
// `then`, so that settlement, error and unhandled rejection stay the caller's; anything else is returned as the same object.

import { types } from 'node:util';
import type { Context } from '@opentelemetry/api';
import type { Site } from '../site/site.js';
import { RecordedCall } from './call.js';
import { observeEnd } from './end/observe.js';
import { fail, succeed } from './outcome.js';
import type { RecordedSpan } from './recorded.js';
import { tellFault } from './recorder.js';
import { observeThenable } from './thenable.js';

/** @param context the one that the body ran in */
export function settle(span: RecordedSpan, site: Site, self: unknown, result: unknown, context: Context): unknown {
  if ((typeof result !== 'object' && typeof result !== 'function') || result === null) {
    succeed(span, site, self, result);
    return result;
  }
  if (site.isAsync && isPromise(result)) return follow(span, site, self, result, context);
  if (!observes(span, site, self, result, context)) succeed(span, site, self, result);
  return result;
}

/** What comes of an async function is fresh: nobody else holds the promise, so that its successor can take its place. */
function isPromise(result: object): result is Promise<unknown> {
  return types.isPromise(result) && Object.getPrototypeOf(result) === Promise.prototype;
}

function follow(span: RecordedSpan, site: Site, self: unknown, promise: Promise<unknown>, context: Context): Promise<unknown> {
  return promise.then(
    function fulfilled(value) {
      if (site.options.untilEnd) new RecordedCall(span, site, self, context).fulfil(value);
      else succeed(span, site, self, value);
      return value;
    },
    function rejected(error) {
      fail(span, site, error);
      throw error;
    },
  );
}

/** True when the span will end with something that happens to the result. Whatever the result is, nothing is thrown. */
function observes(span: RecordedSpan, site: Site, self: unknown, result: object, context: Context): boolean {
  const { untilEnd } = site.options;
  try {
    if (untilEnd && observeEnd(new RecordedCall(span, site, self, context), result)) return true;
    return 'then' in result && observeThenable(new RecordedCall(span, site, self, context), result);
  } catch (error) {
    tellFault(`result of ${site.id}`, error);
    return span.ended;
  }
}
