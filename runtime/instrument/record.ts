// @record('key'): a parameter decorator that names an argument to record, where decorators are legacy ones; TC39 has none for
// parameters. Parameter decorators run before those of their method, which then finds what they noted.

import { SpanwrightError } from '../errors.js';
import type { MarkedParameter } from '../site/options.js';
import { state } from '../state.js';

/**
 * Records an argument of an instrumented method as an attribute. Says the same as the option `args`.
 *
 * @param key attribute key
 * @throws SpanwrightError with code `MISUSE` for an empty key, or on a parameter of a constructor
 * @example
 * ```ts
 * class PowerService {
 *   @instrument
 *   async powerOn(@record('machine.id') machineId: string, credentials: Credentials) { ... }
 * }
 * ```
 */
export function record(key: string): ParameterDecorator {
  if (typeof key !== 'string' || key === '')
    throw new SpanwrightError('MISUSE', `@record: found ${JSON.stringify(key) ?? typeof key}; expected an attribute key.`);
  return function recordParameter(target, method, index) {
    if (method === undefined)
      throw new SpanwrightError('MISUSE', `@record('${key}'): found a parameter of a constructor; expected one of a method.`);
    let methods = state.marked.get(target);
    if (methods === undefined) {
      methods = new Map();
      state.marked.set(target, methods);
    }
    // a numeric name comes as a number
    const name = typeof method === 'symbol' ? method : String(method);
    const marked = methods.get(name) ?? [];
    methods.set(
      name,
      [...marked, { index, key }].sort((a, b) => a.index - b.index),
    );
  };
}

/** What `@record` noted of a method of `target` (a prototype, or a class for static methods). */
export function markedParameters(target: object, method: string | symbol): readonly MarkedParameter[] {
  return state.marked.get(target)?.get(method) ?? [];
}
