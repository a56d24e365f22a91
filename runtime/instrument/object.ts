// instrument.object(): the methods of an object that the user did not create, such as a database client. The object stays
// as it is; what is returned reads through to it and hands out instrumented methods, each made once.

import { apply } from '../captured.js';
import { SpanwrightError } from '../errors.js';
import type { AnyFunction } from '../site/site.js';
import { state } from '../state.js';
import { describeFound } from '../text/found.js';
import { isClass } from './introspect.js';
import { makeFunction, makeSite } from './make.js';

export function instrumentObject<T extends object>(
  target: T,
  options: { namespace: string; name?: (method: string) => string },
): T {
  if ((typeof target !== 'object' && typeof target !== 'function') || target === null) {
    throw new SpanwrightError('MISUSE', `instrument.object(): found ${describeFound(target)}; expected an object.`);
  }
  if (typeof options?.namespace !== 'string' || options.namespace === '') {
    throw new SpanwrightError(
      'MISUSE',
      'instrument.object(): option "namespace" is missing; expected a string such as "carbide::db".',
    );
  }
  const made = new Map<PropertyKey, { body: AnyFunction; fn: AnyFunction }>();

  function method(key: string, body: AnyFunction): AnyFunction {
    const known = made.get(key);
    if (known?.body === body) return known.fn;
    const record = { namespace: options.namespace, function: key, name: options.name?.(key) ?? key };
    // private members of the target's class are reached only through the target itself
    const bound: AnyFunction = function onTarget(this: unknown, ...args: unknown[]): unknown {
      return apply(body, this === facade ? target : this, args);
    };
    Object.defineProperty(bound, 'name', { value: body.name });
    Object.defineProperty(bound, 'length', { value: body.length, configurable: true });
    const fn = makeFunction(makeSite(record, {}, body), undefined, bound);
    made.set(key, { body, fn });
    return fn;
  }

  const facade = new Proxy(target, {
    get(object, key): unknown {
      const value = Reflect.get(object, key, object);
      if (
        typeof key === 'symbol' ||
        typeof value !== 'function' ||
        key === 'constructor' ||
        isClass(value as unknown as AnyFunction)
      )
        return value;
      const own = Object.getOwnPropertyDescriptor(object, key);
      // a proxy must return the real value of a constant property
      if (own !== undefined && !own.configurable && own.writable === false) return value;
      return state.made.has(value) ? value : method(key, value as unknown as AnyFunction);
    },
  });
  return facade;
}
