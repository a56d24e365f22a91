// The context manager that startTracing registers: AsyncLocalStorage, as OpenTelemetry's own, in a form that the recording path
// can reach without going through the API. It also notifies the gate when a third-party sampled context becomes active.

import type { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { type Context, type ContextManager, ROOT_CONTEXT } from '@opentelemetry/api';
import { apply } from '../captured.js';
import { runStored } from '../context/active.js';
import { isLayer, SILENCED } from '../context/layer.js';
import { isLocal } from '../context/origin.js';
import { reportFault } from '../fault.js';
import type { Gate } from '../gate/gate.js';

/** A local binding, because an imported binding of the API is read by a call of a getter. */
const root: Context = ROOT_CONTEXT;

const ADDING = ['addListener', 'on', 'once', 'prependListener', 'prependOnceListener'] as const;
type Listener = (...args: unknown[]) => void;

/** True for the root context and for the suppressed-tracing context; neither carries a span or baggage. */
const isEmpty = (context: Context): boolean => context === root || context === SILENCED;

/** True for a context with nothing but one of Spanwright's spans. */
const isOurs = (context: Context): boolean => isLayer(context) && context.base === root && isLocal(context.span);

export class SpanwrightContextManager implements ContextManager {
  readonly #gate: Gate;
  readonly #bound = new WeakSet<EventEmitter>();
  /** True once a third-party context has been set: baggage, a remote parent, another library's values. */
  #holdsForeign = false;

  constructor(
    gate: Gate,
    readonly storage: AsyncLocalStorage<Context>,
  ) {
    this.#gate = gate;
  }

  active(): Context {
    return this.storage.getStore() ?? root;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    this.#inspect(context);
    // while idle, an empty context does not enable the storage again
    const result =
      this.#gate.idle && !this.#holdsForeign && isEmpty(context)
        ? apply(fn, thisArg, args)
        : runStored(this.storage, context, fn, thisArg, args);
    return result as ReturnType<F>;
  }

  /** API 1.10: sets the context for the rest of the current execution; `Symbol.dispose` or `dispose()` restores it. */
  attach(context: Context): { dispose(): void } {
    this.#inspect(context);
    const before = this.active();
    this.storage.enterWith(context);
    let attached = true;
    return {
      dispose: () => {
        if (attached) this.storage.enterWith(before);
        attached = false;
      },
    };
  }

  bind<T>(context: Context, target: T): T {
    if (target instanceof EventEmitter) return this.#bindEmitter(context, target) as T;
    if (typeof target !== 'function') return target;
    const manager = this;
    const bound = function (this: unknown, ...args: unknown[]): unknown {
      return manager.with(context, () => target.apply(this, args));
    };
    Object.defineProperty(bound, 'length', { configurable: true, value: target.length });
    return bound as T;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.storage.disable();
    return this;
  }

  /**
   * Called when nothing in the process can record. On Node 20 and 22 an AsyncLocalStorage in use slows every promise of the
   * process, so it is disabled until the next span if it has only held Spanwright's contexts. On Node 24 it costs nothing either way.
   */
  rest(): void {
    if (!this.#holdsForeign) this.storage.disable();
  }

  #inspect(context: Context): void {
    try {
      if (!this.#holdsForeign && !isEmpty(context) && !isOurs(context)) this.#holdsForeign = true;
      this.#gate.see(context);
    } catch (fault) {
      reportFault('a context that becomes active', fault);
    }
  }

  /** Listeners added from now on run in the context; each keeps its identity for removal through `listener`, as `once` does. */
  #bindEmitter(context: Context, emitter: EventEmitter): EventEmitter {
    if (this.#bound.has(emitter)) return emitter;
    this.#bound.add(emitter);
    const manager = this;
    for (const name of ADDING) {
      const add = emitter[name] as (event: string | symbol, listener: Listener) => EventEmitter;
      emitter[name] = function addBound(this: EventEmitter, event: string | symbol, listener: Listener) {
        // `once` calls `on` with its own wrapper, which carries the user's function already
        if ((listener as { listener?: Listener }).listener !== undefined) return add.call(this, event, listener);
        const bound = manager.bind(context, listener) as Listener & { listener?: Listener };
        if (name === 'once' || name === 'prependOnceListener') {
          const remove = () => this.removeListener(event, once);
          const once = function (this: unknown, ...args: unknown[]) {
            remove();
            return bound.apply(this, args);
          } as Listener & { listener?: Listener };
          once.listener = listener;
          return (name === 'once' ? this.on : this.prependListener).call(this, event, once);
        }
        bound.listener = listener;
        return add.call(this, event, bound);
      };
    }
    return emitter;
  }
}
