// Values and receivers that notice every access, drawn by a random function: proxies, getters and methods that throw, values of
// another realm, promises and iterators that misbehave. `log` notes each trap, getter and method that runs. Compiled into the program of
// hostile-values.test.ts.

import { types } from 'node:util';
import { runInNewContext } from 'node:vm';

export type Random = () => number;

/** Names that a tracer may look at. */
const NAMES: readonly (string | symbol)[] = [
  ...[
    'then',
    'catch',
    'finally',
    'constructor',
    'toString',
    'valueOf',
    'toJSON',
    'name',
    'message',
    'stack',
    'cause',
    'errors',
    'code',
  ],
  ...[
    'status',
    'statusCode',
    'length',
    'next',
    'return',
    'throw',
    'subscribe',
    'on',
    'once',
    'pipe',
    'getReader',
    'exec',
    'call',
    'apply',
  ],
  ...[
    Symbol.toPrimitive,
    Symbol.toStringTag,
    Symbol.iterator,
    Symbol.asyncIterator,
    Symbol.species,
    Symbol.dispose,
    Symbol.asyncDispose,
  ],
].filter((name) => name !== undefined);
const TRAPS = [
  ...['get', 'set', 'has', 'deleteProperty', 'ownKeys', 'getOwnPropertyDescriptor', 'defineProperty', 'getPrototypeOf'],
  ...['setPrototypeOf', 'isExtensible', 'preventExtensions', 'apply', 'construct'],
] as const;

const WIDE = Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`field${at}`, at]));
const LONG = Array.from({ length: 1_000_000 }, (_, at) => at);
const DEEP = Array.from({ length: 100_000 }).reduce<object>((inner) => ({ inner }), {});
const TEXT = 'x'.repeat(5_000_000);
const ELSEWHERE = runInNewContext(
  `({ error: new RangeError('elsewhere'), list: [1, 2], map: new Map(), date: new Date(NaN), function: function () {}, nothing: Object.create(null),
      rejected: () => Promise.reject(new Error('elsewhere')), resolved: () => Promise.resolve(1), thenable: () => ({ then: (done) => done(1) }),
      generator: () => (function* () { yield 1; })() })`,
) as Record<string, never>;

const ignored = (): void => {};
/** A rejection that is compared, not raised. */
function handled(promise: Promise<unknown>): Promise<unknown> {
  Promise.prototype.then.call(promise, ignored, ignored);
  return promise;
}

function thenable(then: (done: (value: unknown) => void, fail: (value: unknown) => void) => void): object {
  const made = {};
  Reflect.set(made, 'then', then);
  return made;
}

export class World {
  constructor(
    readonly random: Random,
    readonly log: string[],
  ) {}

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** Any value. */
  any(): unknown {
    return this.of<() => unknown>([
      () => this.primitive(),
      () => this.shared(),
      () => this.shaped(this.target()),
      () => this.shaped(this.target()),
      () => this.proxy(this.target()),
      () => this.revoked(this.target()),
      () => this.promise(),
      () => this.elsewhere(),
    ])();
  }

  primitive(): unknown {
    return this.of([undefined, null, Number.NaN, -0, 1n, Symbol('s'), Symbol.iterator, '', '\ud800', TEXT, true]);
  }

  shared(): unknown {
    return this.of<unknown>([WIDE, LONG, DEEP, Object.freeze({ a: 1 }), new Uint8Array(1000), globalThis, process, Math]);
  }

  elsewhere(): unknown {
    const made = ELSEWHERE[this.of(Object.keys(ELSEWHERE))] as unknown;
    const value = typeof made === 'function' && made.name !== 'function' ? (made as () => unknown)() : made;
    return types.isPromise(value) ? handled(value) : value;
  }

  target(): object {
    const cyclic: Record<string, unknown> = { list: [] };
    cyclic.self = cyclic;
    (cyclic.list as unknown[]).push(cyclic);
    return this.of<() => object>([
      () => ({}),
      () => Object.create(null),
      () => [1, 'a'],
      () => new TypeError('hostile'),
      () => new AggregateError([new Error('inner')], 'several', { cause: new Error('cause') }),
      () =>
        function target(): number {
          return 1;
        },
      () => class Target {},
      () => new Map([[1, 2]]),
      () => new Date(0),
      () => cyclic,
      () => new Number(1),
      () =>
        new (class Stream {
          on(): this {
            return this;
          }
          pipe(): void {}
        })(),
      () => new WeakMap(),
    ])();
  }

  /** Getters or methods of some names note that they run, and throw or return something. */
  shaped(object: object): object {
    for (const name of NAMES) {
      if (this.random() < 0.6) continue;
      const note = this.noted(`${String(name)}`);
      const value = this.of<() => unknown>([() => 1, () => null, () => ({}), () => 'text'])();
      const throws = this.random() < 0.6;
      const run = (): unknown => {
        note();
        if (throws) throw new EvalError(`hands off ${String(name)}`);
        return value;
      };
      const descriptor = this.random() < 0.5 ? { get: run } : { value: run };
      try {
        Object.defineProperty(object, name, {
          ...descriptor,
          enumerable: this.random() < 0.5,
          configurable: this.random() < 0.5,
        });
      } catch {}
    }
    this.of([() => object, () => object, () => object, Object.freeze, Object.preventExtensions])(object);
    if (this.random() < 0.1) return Object.create(object);
    return object;
  }

  noted(name: string): () => void {
    return () => void this.log.push(name);
  }

  /** Traps that throw, or that note and forward. */
  proxy(target: object): object {
    const throws = this.random() < 0.5;
    const handler = Object.fromEntries(
      TRAPS.map((trap) => [
        trap,
        (...facts: unknown[]) => {
          this.log.push(`trap ${trap} ${trap === 'get' || trap === 'has' ? String(facts[1]) : ''}`);
          if (throws) throw new EvalError(`hands off: ${trap}`);
          return (Reflect[trap] as (...facts: unknown[]) => unknown)(...facts);
        },
      ]),
    );
    return new Proxy(target, handler as ProxyHandler<object>);
  }

  revoked(target: object): object {
    const { proxy, revoke } = Proxy.revocable(target, {});
    revoke();
    return proxy;
  }

  promise(): unknown {
    const inner = this.random() < 0.5 ? this.primitive() : this.target();
    const native = (): Promise<unknown> =>
      handled(this.random() < 0.5 ? Promise.reject(inner) : new Promise((resolve) => setImmediate(resolve, inner)));
    class Own extends Promise<unknown> {}
    return this.of<() => unknown>([
      native,
      native,
      () => Object.freeze(native()),
      () => Object.defineProperty(native(), 'constructor', { get: this.thrower('constructor') }),
      () => Object.assign(native(), { constructor: null }),
      () => handled(new Own((resolve) => resolve(inner))),
      () => Object.setPrototypeOf(native(), null),
      () =>
        thenable((done) => {
          done(inner);
          done(2);
        }),
      () => thenable((_, fail) => fail(inner)),
      () => thenable(this.thrower('then()')),
    ])();
  }

  thrower(name: string): () => never {
    return () => {
      this.log.push(name);
      throw new EvalError(`hands off ${name}`);
    };
  }
}
