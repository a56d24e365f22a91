// Records calls of async functions whose prologue awaits the body's promise itself (contract 2 of emitted.ts). Nothing is attached to that
// promise, because V8 follows a promise in async stack traces only while it has a single reaction.

import type { AnyFunction, Site } from '../site/site.js';
import { type Decision, recordCall, type Settle } from './run.js';
import { RecordedCall } from './settle.js';

/** A call of an async function whose prologue awaits `p` and passes its outcome through `ok` or `fail`. */
export interface AwaitedCall {
  readonly p: unknown;
  ok(value: unknown): unknown;
  fail(error: unknown): unknown;
}

export function recordAwaited(
  decision: Decision,
  site: Site,
  self: unknown,
  body: AnyFunction,
  args: ArrayLike<unknown>,
): AwaitedCall {
  const result = recordCall(decision, site, self, body, args, awaited);
  return result instanceof RecordedCall ? result : { p: result, ok: same, fail: same };
}

const awaited: Settle = (span, site, self, result, context) => new RecordedCall(span, site, self, context, result);

const same = <Value>(value: Value): Value => value;
