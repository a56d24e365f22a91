// `instrument`: the one name that users write. Its arguments decide what it does.

import { SpanwrightError } from '../errors.js';
import type { AnyFunction } from '../site/site.js';
import { state } from '../state.js';
import { describeFound } from '../text/found.js';
import { decorateMember, isStandard, wrapFunction } from './decorate.js';
import { isClass } from './introspect.js';
import { instrumentObject } from './object.js';
import type { AddedOptions, InstrumentOptions, SiteOptions } from './options.js';
import type { AddingDecorator, Decorator, Instrument } from './types.js';
import { decorateWhole } from './whole-class.js';

/** A legacy decorator receives the name of the member; a numeric key comes as a number, and with a descriptor behind it. */
function isLegacy([, key, ...rest]: readonly unknown[]): boolean {
  return typeof key === 'string' || typeof key === 'symbol' || (typeof key === 'number' && rest.length > 0);
}

function dispatch(...given: unknown[]): unknown {
  const [first, second] = given;
  if (given.length >= 2 && (isStandard(given) || isLegacy(given))) {
    return decorateMember(given, undefined, undefined, {});
  }
  if (typeof first === 'function') {
    return isClass(first as AnyFunction)
      ? decorateWhole(given, undefined, {})
      : wrapFunction(undefined, undefined, {}, first as AnyFunction);
  }
  if (typeof first !== 'object' || first === null) {
    throw new SpanwrightError(
      'MISUSE',
      given.length === 0
        ? 'instrument(): found no argument; expected options or a function. A decorator without options is written @instrument.'
        : `instrument(): found ${describeFound(first)}; expected options, a function, or use as a decorator on a method or class.`,
    );
  }
  const options = first as InstrumentOptions;
  if (given.length >= 2) return wrapFunction(undefined, undefined, options, second as AnyFunction);
  return function instrumentWith(...target: unknown[]): unknown {
    const whole = target.length === 1 || (isStandard(target) && target[1].kind === 'class');
    return whole ? decorateWhole(target, undefined, options) : decorateMember(target, undefined, undefined, options);
  };
}

/** `instrument.attributes`: as a decorator with or without options, and as a wrapper of a function. */
function attributes(...given: unknown[]): unknown {
  const [first, second] = given;
  if (given.length >= 2 && (isStandard(given) || isLegacy(given))) return addingMember(given, {});
  if (typeof first !== 'object' || first === null) {
    throw new SpanwrightError(
      'MISUSE',
      `instrument.attributes(): found ${describeFound(first)}; expected options, or use as a decorator on a method.`,
    );
  }
  const options: SiteOptions = { adds: first as AddedOptions };
  if (given.length >= 2) return wrapFunction(undefined, undefined, options, second as AnyFunction);
  return (...target: unknown[]) => addingMember(target, first as AddedOptions);
}

function addingMember(target: readonly unknown[], adds: AddedOptions): unknown {
  const options: SiteOptions = { adds };
  if (target.length > 1 && !(isStandard(target) && target[1].kind === 'class'))
    return decorateMember(target, undefined, undefined, options);
  throw new SpanwrightError('MISUSE', '@instrument.attributes: found a class; expected a method, an accessor or a field.');
}

function skip(...target: unknown[]): unknown {
  const value = isStandard(target) ? target[0] : (target[2] as PropertyDescriptor | undefined)?.value;
  if (typeof value === 'function') state.skipped.add(value);
  return undefined;
}

/**
 * Records calls as OpenTelemetry spans while tracing is on, and costs next to nothing while it is off. A decorator for methods,
 * accessors, function-valued fields and classes, with legacy and TC39 decorators alike; a wrapper for functions.
 *
 * @throws SpanwrightError with code `MISUSE` where it is put on something else or an option is wrong; never from a call.
 * @example
 * ```ts
 * class PowerService {
 *   @instrument({ attributes: { backend: 'nsm' }, args: ['machineId'] })
 *   async powerControl(machineId: string, action: Action) { ... }
 * }
 * export const plan = instrument({ name: 'plan' }, async (job: Job) => { ... });
 * ```
 */
export const instrument: Instrument = Object.assign(dispatch as unknown as Instrument, {
  attributes: attributes as unknown as AddingDecorator,
  skip: skip as unknown as Decorator,
  object: instrumentObject,
});
