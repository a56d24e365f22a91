// Ends recorded calls. A plain value ends the span at once. The promise of an async function passes through one `then`, so that
// settlement, error and unhandled rejection stay the caller's. Any other result is returned as the same object, and where it can
// settle or finish later, the span ends with it. Nothing here throws: a fault is logged, and the caller gets the body's own result.

import { types } from 'node:util';
import type { Context } from '@opentelemetry/api';
import { apply, getPrototypeOf, hasOwn, promisePrototype, promiseThen } from '../captured.js';
import { withContext } from '../context/active.js';
import { reportFault } from '../fault.js';
import { abandon } from '../open/abandoned.js';
import type { AnyFunction, Site } from '../site/site.js';
import { AwaitedCall } from '../site/tables.js';
import { callback, captureAttributes } from './callback.js';
import { captureResult } from './captured-values.js';
import type { FollowedCall } from './end/followed.js';
import { observeEnd } from './end/observe.js';
import { describeThrown, isCancellation } from './errors.js';
import type { RecordedSpan } from './recorded.js';
import { observeThenable } from './thenable.js';

/** Ends the span of a call that returned `value`, or whose promise was fulfilled with it. */
export function succeed(span: RecordedSpan, site: Site, self: unknown, value: unknown): void {
  if (span.ended) return;
  try {
    const { result, minDuration } = site.options;
    if (result !== undefined) captureAttributes(span, 'result', site, callback('result', site, result, self, [value]));
    if (site.capture?.result) captureResult(span, site, value);
    if (minDuration > 0) span.endOrDiscard(minDuration);
    else span.end();
  } catch (fault) {
    abandon(span, `end of ${site.id}`, fault);
  }
}

/** Ends the span of a call that threw `error`, or whose promise was rejected with it. */
export function fail(span: RecordedSpan, site: Site, error: unknown): void {
  if (span.ended) return;
  try {
    const thrown = describeThrown(error);
    if (isCancellation(thrown)) span.setAttribute('spanwright.cancelled', true);
    else if (!noteStatus(span, error) && !isExpected(site, error)) span.recordFailure(error, thrown);
    span.end();
  } catch (fault) {
    abandon(span, `end of ${site.id}`, fault);
  }
}

/** Records the HTTP status of an exception. @returns true for a client error (4xx) */
function noteStatus(span: RecordedSpan, error: unknown): boolean {
  const status = span.recorder.statusOf?.(error);
  if (status === undefined) return false;
  span.setAttribute('http.response.status_code', status);
  return isClientFault(status);
}

/** True for the HTTP status of an exception for which the client is at fault. */
export function isClientFault(status: number | undefined): boolean {
  return status !== undefined && status < 500;
}

export function isExpected(site: Site, error: unknown): boolean {
  const { expected } = site.options;
  return expected !== undefined && Boolean(callback('expectedErrors', site, expected, undefined, [error]));
}

/** A recorded call whose end comes after its return. Allocated for such calls only. */
class RecordedCall implements FollowedCall {
  constructor(
    readonly span: RecordedSpan,
    readonly site: Site,
    readonly self: unknown,
    readonly context: Context,
  ) {}

  succeed(value: unknown): void {
    succeed(this.span, this.site, this.self, value);
  }

  fulfil(value: unknown): void {
    if (!this.site.options.untilEnd || !observeEnd(this, value)) this.succeed(value);
  }

  /** Ends the span as failed. @returns the error, to throw it again */
  fail(error: unknown): unknown {
    try {
      fail(this.span, this.site, error);
    } catch (fault) {
      abandon(this.span, `end of ${this.site.id}`, fault);
    }
    return error;
  }

  inside(work: AnyFunction, self: unknown, args: ArrayLike<unknown>): unknown {
    return withContext(this.context, work, self, args);
  }
}

/**
 * Follows the result of a call.
 * @param context the one that the body ran in
 * @param awaits the caller takes an AwaitedCall in place of a promise, and ends it
 * @returns what the caller gets
 */
export function settle(
  span: RecordedSpan,
  site: Site,
  self: unknown,
  result: unknown,
  context: Context,
  awaits = false,
): unknown {
  if ((typeof result !== 'object' && typeof result !== 'function') || result === null) {
    succeed(span, site, self, result);
    return result;
  }
  if (site.isAsync && isNewPromise(result)) {
    span.awaited = result;
    const call = new SettlingCall(span, site, self, context, result);
    return awaits ? call : followPromise(call, result);
  }
  if (!follows(span, site, self, result, context)) succeed(span, site, self, result);
  return result;
}

/** True for the promise of an async function: nothing else holds it, so that a derived promise can take its place. */
export function isNewPromise(result: object): result is Promise<unknown> {
  return types.isPromise(result) && getPrototypeOf(result) === promisePrototype;
}

/** The recorded call of an async function, which ends with its promise. */
class SettlingCall extends AwaitedCall {
  constructor(
    private readonly span: RecordedSpan,
    private readonly site: Site,
    private readonly self: unknown,
    private readonly context: Context,
    promise: Promise<unknown>,
  ) {
    super(promise);
  }

  override v(value: unknown): unknown {
    const { span, site, self } = this;
    try {
      if (site.options.untilEnd) new RecordedCall(span, site, self, this.context).fulfil(value);
      else succeed(span, site, self, value);
    } catch (fault) {
      abandon(span, `end of ${site.id}`, fault);
    }
    return value;
  }

  override x(error: unknown): unknown {
    const { span, site } = this;
    try {
      fail(span, site, error);
    } catch (fault) {
      abandon(span, `end of ${site.id}`, fault);
    }
    return error;
  }
}

/** A promise that settles as `promise` does, after the call has ended. */
export function followPromise(call: AwaitedCall, promise: Promise<unknown>): unknown {
  return apply(promiseThen, promise, [
    (value: unknown) => call.v(value),
    (error: unknown) => {
      throw call.x(error);
    },
  ]);
}

/** True when the span ends with a later event of the result. A proxy is not touched, because every access would run a trap. */
function follows(span: RecordedSpan, site: Site, self: unknown, result: object, context: Context): boolean {
  try {
    if (!mayFollow(result, site.options.untilEnd)) return false;
    const call = new RecordedCall(span, site, self, context);
    if (site.options.untilEnd && observeEnd(call, result)) return true;
    return observeThenable(call, result);
  } catch (fault) {
    reportFault(`result of ${site.id}`, fault);
    return false;
  }
}

const { prototype: plain } = Object;

/** False for proxies, also in the prototype chain, and, without `until: 'end'`, for objects without `then`. */
function mayFollow(result: object, anyKind: boolean): boolean {
  let then = anyKind;
  for (let holder: object | null = result; holder !== null && holder !== plain; holder = getPrototypeOf(holder)) {
    if (types.isProxy(holder)) return false;
    then ||= hasOwn(holder, 'then');
  }
  return then;
}
