// @record and @record('key'): a parameter decorator that names an argument to record, where decorators are legacy ones; TC39 has none for
// parameters. Parameter decorators run before those of their method, which then finds what they noted.

import { SpanwrightError } from '../errors.js';
import type { MarkedParameter } from '../site/options.js';
import { state } from '../state.js';

/** {@link record} as a decorator, and with a key. */
interface RecordDecorator extends ParameterDecorator {
  (key?: string): ParameterDecorator;
}

/**
 * Records an argument of an instrumented method or setter as an attribute. Says the same as the option `args`; `redact` covers both the
 * parameter's name and the key.
 *
 * @param key attribute key. Default the name of the parameter: `@record` and `@record()`
 * @throws SpanwrightError with code `MISUSE` for an empty key, on a parameter of a constructor, and where a parameter without a name has no key
 * @example
 * ```ts
 * class PowerService {
 *   @instrument
 *   async powerOn(@record('machine.id') machineId: string, @record action: Action, credentials: Credentials) { ... }
 * }
 * ```
 */
export const record: RecordDecorator = ((...given: [key?: unknown, method?: string | symbol, index?: number]) => {
  const [key, method, index] = given;
  if (given.length === 3) {
    note(key as object, method, index as number, undefined);
    return;
  }
  if (given.length > 0 && (typeof key !== 'string' || key === ''))
    throw new SpanwrightError('MISUSE', `@record: found ${JSON.stringify(key) ?? typeof key}; expected an attribute key.`);
  return (...target: Parameters<ParameterDecorator>) => note(...target, key as string | undefined);
}) as RecordDecorator;

/** Notes a parameter of a method of `target`. */
function note(target: object, method: string | symbol | undefined, index: number, key: string | undefined): void {
  const shown = key === undefined ? '@record' : `@record('${key}')`;
  if (method === undefined)
    throw new SpanwrightError('MISUSE', `${shown}: found a parameter of a constructor; expected one of a method.`);
  if (typeof index !== 'number')
    throw new SpanwrightError('MISUSE', `${shown}: found a property or a method; expected a parameter of a method.`);
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
}

/** Entries that `@record` noted for a method of `target` (a prototype, or a class for static methods). */
export function markedParameters(target: object, method: string | symbol): readonly MarkedParameter[] {
  return state.marked.get(target)?.get(method) ?? [];
}
