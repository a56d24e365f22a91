// Decorated fields that hold functions: each instance assigns or defines its own function, and gets a stand-in for it. Called by
// decorate.ts for both kinds of decorators.

import type { AnyFunction, ForwarderFactory, Shape, Site, SiteRecord } from '../site/site.js';
import { state } from '../state.js';
import { ownerName, shapeOfFunction } from './introspect.js';
import { makeFunction, register } from './make.js';
import type { InstrumentOptions } from './options.js';

type FieldInitializer = (this: unknown, initial: unknown) => unknown;

/**
 * Compilers that lower TC39 decorators lose the name that the language gives to a function in a field. The transformer writes the
 * name where the source text shows it; a computed key does not.
 */
export function namedField(initialize: FieldInitializer, name: string): FieldInitializer {
  return function instrumentField(this: unknown, initial: unknown): unknown {
    const made = initialize.call(this, initial);
    if (made !== initial && (made as AnyFunction).name === '') Object.defineProperty(made, 'name', { value: name });
    return made;
  };
}

/** Each instance gets its own function; functions of one shape share a site, which determines how their calls are followed. */
export function fieldInitializer(
  record: SiteRecord | undefined,
  factory: ForwarderFactory | undefined,
  options: InstrumentOptions,
  name: string,
): FieldInitializer {
  const sites = new Map<Shape, Site>();
  return function instrumentField(this: unknown, initial: unknown): unknown {
    if (typeof initial !== 'function') return initial;
    if (state.made.has(initial)) return initial;
    const body = initial as AnyFunction;
    const shape = shapeOfFunction(body);
    let site = sites.get(shape);
    if (site === undefined) {
      site = register({ body, record, options, owner: ownerName(this), name });
      sites.set(shape, site);
    }
    return makeFunction(site, factory, body);
  };
}

/**
 * A legacy decorator on a field sees no value. Where fields are assigned, an accessor on the prototype sees the assignment;
 * where they are defined (`useDefineForClassFields`), only the transformer can instrument it, and the field is unchanged. A static field
 * has its value by then.
 */
export function decorateLegacyField(target: object, key: string | symbol, initialize: FieldInitializer): void {
  const own = Object.getOwnPropertyDescriptor(target, key);
  if (own !== undefined) {
    if (own.configurable && 'value' in own)
      Object.defineProperty(target, key, { ...own, value: initialize.call(target, own.value) });
    return;
  }
  Object.defineProperty(target, key, {
    configurable: true,
    enumerable: false,
    get: () => undefined,
    set(this: object, value: unknown) {
      Object.defineProperty(this, key, {
        value: initialize.call(this, value),
        writable: true,
        enumerable: true,
        configurable: true,
      });
    },
  });
}

/** The descriptor of Babel for a field: it has the initializer in place of a value, and null where the field has none. */
export type BabelField = PropertyDescriptor & { readonly initializer: ((this: unknown) => unknown) | null };

/** Babel's legacy decorators see the initializer of a field, so that they record it as TC39 decorators do. */
export function decorateBabelField(descriptor: BabelField, initialize: FieldInitializer): PropertyDescriptor {
  const { initializer } = descriptor;
  return initializer
    ? ({
        ...descriptor,
        initializer(this: unknown) {
          return initialize.call(this, initializer.call(this));
        },
      } as BabelField)
    : descriptor;
}
