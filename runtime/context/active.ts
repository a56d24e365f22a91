// The active context, read and set past the OpenTelemetry API where Spanwright's manager is registered. Everything that records a
// call, or runs code inside one, goes through here.

import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, context as contextApi, ROOT_CONTEXT, type Span } from '@opentelemetry/api';
import { apply } from '../captured.js';
import { attempt, reportFault } from '../fault.js';
import { SpanLayer } from './layer.js';

// biome-ignore lint/suspicious/noExplicitAny: a function of any signature
type Body = (this: any, ...args: any[]) => any;

/** One per process, however many copies of the package are loaded. */
interface ActiveContexts {
  readonly storage: AsyncLocalStorage<Context>;
  /** True while Spanwright's context manager is the registered one. */
  owned: boolean;
}

const KEY = Symbol.for('spanwright.contexts.1');
const holder = globalThis as { [KEY]?: ActiveContexts };
holder[KEY] ??= { storage: new AsyncLocalStorage<Context>(), owned: false };

export const contexts: ActiveContexts = holder[KEY];

/** Local bindings, because reading an imported one is a call of a getter in some builds. */
const root: Context = ROOT_CONTEXT;
const active = contexts;

/** Returns the active context. */
export function activeContext(): Context {
  return active.owned ? (active.storage.getStore() ?? root) : contextApi.active();
}

/** The active context, also where reading it fails: then the root context. */
export function knownContext(): Context {
  return attempt('the active context', activeContext, root);
}

/** Runs `body` with `context` active. */
export function withContext(context: Context, body: Body, self: unknown, args: ArrayLike<unknown>): unknown {
  return contexts.owned
    ? runStored(contexts.storage, context, body, self, args)
    : callManaged(context, () => apply(body, self, args));
}

/** Runs `work` with the span active. Where no context can be made for it, `work` runs in the caller's. */
export function runUnder<Result>(span: Span, work: () => Result): Result {
  const inside = attempt('the context of a span', () => new SpanLayer(activeContext(), span));
  return inside === undefined ? work() : (withContext(inside, work, undefined, []) as Result);
}

/** A call to be made once: a further `run` returns what the first one returned. It never throws. */
export interface RunOnce {
  /** Undefined from the first `run` on. */
  readonly call: object | undefined;
  readonly run: () => unknown;
}

/** Runs code in the context manager of the application, once, also where that throws, or calls it twice or not at all. */
export function runManaged(context: Context, once: RunOnce): void {
  try {
    contextApi.with(context, once.run);
  } catch (fault) {
    reportFault('the context manager of the application', fault);
  }
  if (once.call !== undefined) once.run();
}

function callManaged(context: Context, work: () => unknown): unknown {
  let value: unknown;
  let threw = false;
  const once: { call: typeof work | undefined; run(): unknown } = {
    call: work,
    run() {
      const { call } = once;
      if (call === undefined) return value;
      once.call = undefined;
      try {
        value = call();
      } catch (error) {
        threw = true;
        value = error;
      }
      return value;
    },
  };
  runManaged(context, once);
  if (threw) throw value;
  return value;
}

/** True whenever a body runs; false between the call of `storage.run()` and its body. */
let entered = true;

/**
 * Runs `body` with `context` in the storage, or without it where the storage throws: on Node 20 and 22 the storage writes to the
 * promise whose reaction runs, which throws when that is frozen.
 */
export function runStored<Stored>(
  storage: AsyncLocalStorage<Stored>,
  context: Stored,
  body: Body,
  self: unknown,
  args: ArrayLike<unknown>,
): unknown {
  entered = false;
  try {
    return storage.run(context, callEntered, body, self, args);
  } catch (error) {
    if (entered) throw error;
    return callEntered(body, self, args);
  }
}

function callEntered(body: Body, self: unknown, args: ArrayLike<unknown>): unknown {
  entered = true;
  return apply(body, self, args);
}
