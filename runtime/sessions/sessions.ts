// `sessions`, the API for users. Without a recorded start there is no session, and passes run without one.

import type { Attributes } from '@opentelemetry/api';
import { withContext } from '../context/active.js';
import { SpanwrightError } from '../errors.js';
import { attempt } from '../fault.js';
import { inject } from '../propagation/carrier.js';
import type { AnyFunction } from '../site/site.js';
import { state } from '../state.js';
import type { SessionOptions } from './begin.js';

/**
 * Starts the session `key`, or leaves it as it is when it runs already.
 * @returns true when the session is recorded: the flag is on (or the context is recorded) and there is room
 * @throws SpanwrightError MISUSE for a key that is not a string, or empty
 * @example
 * sessions.start(event.id, { name: 'node_drainer.drain_session', namespace: 'nvsentinel::node-drainer' });
 */
function startSession(key: string, options: SessionOptions = {}): boolean {
  if (typeof key !== 'string' || key === '') {
    throw new SpanwrightError(
      'MISUSE',
      `sessions.start(): found ${JSON.stringify(key) ?? typeof key} as key; expected a string that is not empty.`,
    );
  }
  return attempt('sessions.start()', () => (require('./begin.js') as typeof import('./begin.js')).begin(key, options), false);
}

/** Runs one pass: spans recorded in `fn` are children of the session. Without such a session `fn` just runs. */
function runInSession<Result>(key: string, fn: () => Result): Result {
  const session = attempt('sessions.run()', () => state.sessions.get(key));
  return session === undefined ? fn() : (withContext(session.context, fn as AnyFunction, undefined, []) as Result);
}

/** Ends the session. False without an open one: ending twice is harmless. With an error the span is marked as failed. */
function end(key: string, error?: unknown): boolean {
  const ended = (): boolean => {
    const session = state.sessions.get(key);
    if (session === undefined) return false;
    if (error !== undefined) session.span.recordFailure(error);
    return state.sessions.end(key, 'ended');
  };
  return attempt('sessions.end()', ended, false);
}

/** Attributes that become known later. */
function annotate(key: string, attributes: Attributes): void {
  attempt('sessions.annotate()', () => state.sessions.get(key)?.span.setAttributes(attributes));
}

/** Trace context of the session, to be stored with its work item, so that it can be resumed after a restart. */
function carrier(key: string): Record<string, string> {
  const session = attempt('sessions.carrier()', () => state.sessions.get(key));
  return session === undefined ? {} : inject({}, undefined, session.context);
}

/** Sessions that run, oldest first. */
function list(): { key: string; traceId: string; spanId: string; ageMs: number }[] {
  const listed = () =>
    state.sessions.list().map(({ key, spanContext, ageMs }) => ({
      key,
      traceId: spanContext.traceId,
      spanId: spanContext.spanId,
      ageMs,
    }));
  return attempt('sessions.list()', listed, []);
}

/** Long-lived spans by key, over many passes of a program. */
export const sessions = { start: startSession, run: runInSession, end, annotate, carrier, list } as const;
