// Baggage: values that travel with a request through every service below it. Everything here is scoped: set() and clear() hold
// inside the function that they run and nowhere else. A value that is not valid is refused and logged once; nothing throws into
// the program. Needs a context manager, which startTracing() registers in every state.

import { type Context, context as contextApi, type Baggage as Entries, propagation, type Span, trace } from '@opentelemetry/api';
import { activeContext, knownContext } from '../../context/active.js';
import { attempt } from '../../fault.js';
import { notice } from '../../warnings.js';
import { annotate, chooseAttribute } from './attributes.js';
import { acceptable, type BaggageKey, type ResolvedKey, resolveKey } from './key.js';
import {
  type FastifyPlugin,
  fastifyPlugin,
  type HonoMiddleware,
  honoMiddleware,
  listenerIn,
  type Middleware,
  middleware,
} from './middleware.js';
import { type FromRequest, type MiddlewareOptions, requestContext } from './request.js';

// biome-ignore lint/suspicious/noExplicitAny: keys of any type of value
type BaggageKeys = Record<string, BaggageKey<any>>;

type ValueOf<Key> = Key extends { values: readonly (infer Value extends string)[] } ? Value : string;
type Values<Keys extends BaggageKeys> = { [Name in keyof Keys]?: ValueOf<Keys[Name]> | undefined };

/** Part of the program in which a fault of reading or writing baggage is logged. */
const WHERE = 'baggage';

/** Runs `fn` with other entries; with those of the caller where they cannot be changed. */
function runWith<Result>(changed: () => Context | undefined, fn: () => Result): Result {
  const context = attempt(WHERE, changed);
  return context === undefined ? fn() : contextApi.with(context, fn);
}

/** A context whose baggage has these entries, undefined standing for no entry. */
function withEntries(context: Context, changes: Iterable<readonly [string, string | undefined]>): Context {
  let entries: Entries = propagation.getBaggage(context) ?? propagation.createBaggage();
  for (const [name, value] of changes) {
    entries = value === undefined ? entries.removeEntry(name) : entries.setEntry(name, { ...entries.getEntry(name), value });
  }
  return propagation.setBaggage(context, entries);
}

function withoutEntries(names: Iterable<string>): Context {
  return withEntries(
    activeContext(),
    Array.from(names, (name) => [name, undefined] as const),
  );
}

function reportInvalidEntry(name: string, expected: string): void {
  notice('SPW019', `${JSON.stringify(name.slice(0, 100))}; expected ${expected}`, name.slice(0, 100));
}

/** Baggage of declared keys. See `baggage.declare()`. */
export class DeclaredBaggage<Keys extends BaggageKeys> {
  readonly #keys: ReadonlyMap<string, ResolvedKey>;

  constructor(keys: Keys) {
    this.#keys = new Map(Object.entries(keys).map(([name, key]) => [name, resolveKey(name, key)]));
    for (const key of this.#keys.values()) chooseAttribute(key);
  }

  /** The value in the active context, else the default. A value that upstream sent and that is not valid counts as absent. */
  get<Name extends keyof Keys & string>(name: Name, context?: Context): ValueOf<Keys[Name]> | undefined {
    const value = attempt(WHERE, () => {
      const key = this.#keys.get(name);
      return key?.accept(propagation.getBaggage(context ?? activeContext())?.getEntry(name)?.value) ?? key?.default;
    });
    return value as ValueOf<Keys[Name]> | undefined;
  }

  /** The values that the active context has, without defaults. */
  all(context?: Context): Values<Keys> {
    const all: Record<string, string> = {};
    attempt(WHERE, () => {
      const entries = propagation.getBaggage(context ?? activeContext());
      for (const key of this.#keys.values()) {
        const value = key.accept(entries?.getEntry(key.name)?.value);
        if (value !== undefined) all[key.name] = value;
      }
    });
    return all as Values<Keys>;
  }

  /**
   * Runs `fn` with these values; undefined takes a key away. A value that is not valid is refused: the key stays as it was.
   * @example pipeline.set({ 'camera.id': 'front_door', 'event.priority': 'high' }, () => analyze(image));
   */
  set<Result>(values: Values<Keys>, fn: () => Result): Result {
    return runWith(() => withEntries(activeContext(), this.#accepted(values)), fn);
  }

  #accepted(values: Values<Keys>): [string, string | undefined][] {
    const changes: [string, string | undefined][] = [];
    for (const [name, value] of Object.entries(values)) {
      const accepted = value === undefined ? undefined : this.#keys.get(name)?.accept(value);
      if (value !== undefined && accepted === undefined) {
        reportInvalidEntry(
          name,
          this.#keys.has(name) ? 'a value that its declaration allows' : `one of the keys ${[...this.#keys.keys()].join(', ')}`,
        );
      } else if (this.#keys.has(name)) changes.push([name, accepted]);
    }
    return changes;
  }

  /** Runs `fn` without the given keys; without any declared key when none is given. */
  clear<Result>(fn: () => Result, names: readonly (keyof Keys & string)[] = [...this.#keys.keys()]): Result {
    return runWith(() => withoutEntries(names), fn);
  }

  /** The context of a request: the upstream baggage, merged with the values from the headers and paths of the keys. The active one where it cannot be read. */
  contextOf(request: FromRequest, options?: MiddlewareOptions): Context {
    const read = (): Context => {
      const context = requestContext([...this.#keys.values()], request, options);
      const span: Span | undefined = trace.getSpan(context);
      if (span?.isRecording()) annotate(span, context); // the span was started before its request was read
      return context;
    };
    return attempt(WHERE, read) ?? knownContext();
  }

  /** For Express, Nest (`app.use`), connect, and everything else that takes `(request, response, next)`. */
  middleware(options?: MiddlewareOptions): Middleware {
    return middleware((request) => this.contextOf(request, options));
  }

  /** For Fastify: `await app.register(pipeline.fastify())`. */
  fastify(options?: MiddlewareOptions): FastifyPlugin {
    return fastifyPlugin((request) => this.contextOf(request, options));
  }

  /** For Hono: `app.use(pipeline.hono())`. */
  hono(options?: MiddlewareOptions): HonoMiddleware {
    return honoMiddleware((request) => this.contextOf(request, options));
  }

  /** For a bare server: `createServer(pipeline.listener((request, response) => ...))`. */
  listener<Listener extends (request: never, response: never) => unknown>(
    listener: Listener,
    options?: MiddlewareOptions,
  ): Listener {
    return listenerIn((request) => this.contextOf(request, options), listener);
  }
}

/** Declares keys, and reads and sets baggage without declarations. */
export const baggage = {
  /**
   * Keys with their values, defaults and places in a request.
   * @throws SpanwrightError MISUSE when a declaration contradicts itself
   * @example
   * ```ts
   * const pipeline = baggage.declare({
   *   'camera.id': { pattern: /[\w-]{1,64}/, path: '/cameras/:id', attribute: true },
   *   'event.priority': { values: ['low', 'normal', 'high', 'critical'], default: 'normal' },
   * });
   * ```
   */
  declare<const Keys extends BaggageKeys>(keys: Keys): DeclaredBaggage<Keys> {
    return new DeclaredBaggage(keys);
  },

  /** The value of any key in the active context. */
  get(name: string, context?: Context): string | undefined {
    return attempt(WHERE, () => propagation.getBaggage(context ?? activeContext())?.getEntry(name)?.value);
  },

  /** Runs `fn` with one more value. A key or value that W3C Baggage cannot carry is refused. */
  set<Result>(name: string, value: string, fn: () => Result): Result {
    const changed = (): Context | undefined => {
      if (acceptable(name, value)) return withEntries(activeContext(), [[name, value]]);
      reportInvalidEntry(String(name), 'a token of HTTP as key, and text that takes at most 4096 bytes together with it');
      return undefined;
    };
    return runWith(changed, fn);
  },

  /** Runs `fn` without the given keys; without any baggage when none is given. */
  clear<Result>(fn: () => Result, names?: readonly string[]): Result {
    return runWith(() => (names === undefined ? propagation.deleteBaggage(activeContext()) : withoutEntries(names)), fn);
  },

  /** Every key and value of the active context. */
  all(context?: Context): Record<string, string> {
    const all: Record<string, string> = { __proto__: null } as never;
    attempt(WHERE, () => {
      for (const [name, { value }] of propagation.getBaggage(context ?? activeContext())?.getAllEntries() ?? [])
        all[name] = value;
    });
    return all;
  },
} as const;
