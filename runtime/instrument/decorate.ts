// Applies instrumentation to what a decorator was put on, in both kinds of decorators. The arguments show the kind: TC39 passes a
// value and a context, legacy a target, a key and perhaps a descriptor.

import { SpanwrightError } from '../errors.js';
import type { AnyFunction, ForwarderFactory, Site, SiteRecord } from '../site/site.js';
import { state } from '../state.js';
import { describeFound } from '../text/found.js';
import { type BabelField, decorateBabelField, decorateLegacyField, fieldInitializer, namedField } from './field.js';
import { nameText, ownerName, ownKey } from './introspect.js';
import { wrapperFor } from './make.js';
import { describeIn, describeMember } from './metadata.js';
import type { InstrumentOptions } from './options.js';
import { markedParameters } from './record.js';
import { decorateWhole } from './whole-class.js';

type StandardContext = DecoratorContext & { readonly static?: boolean; readonly private?: boolean };

/** True for the arguments of a TC39 decorator. */
export function isStandard(target: readonly unknown[]): target is [unknown, StandardContext] {
  const context = target[1];
  return target.length === 2 && typeof context === 'object' && context !== null && 'kind' in context && 'name' in context;
}

/** Decorates a method, an accessor or a function-valued field. Returns what the decorator returns. */
export function decorateMember(
  target: readonly unknown[],
  record: SiteRecord | undefined,
  factory: ForwarderFactory | undefined,
  options: InstrumentOptions,
): unknown {
  return isStandard(target)
    ? decorateStandard(target[0], target[1], record, factory, options)
    : decorateLegacy(
        target as readonly [object, string | symbol | number, PropertyDescriptor | undefined],
        record,
        factory,
        options,
      );
}

function decorateStandard(
  value: unknown,
  context: StandardContext,
  record: SiteRecord | undefined,
  factory: ForwarderFactory | undefined,
  options: InstrumentOptions,
): unknown {
  const name = nameText(context.name as string | symbol);
  const wrapped = (body: AnyFunction, prefix = '') => wrapperFor({ body, record, factory, options, name: `${prefix}${name}` });
  switch (context.kind) {
    case 'method':
    case 'getter':
    case 'setter': {
      const made = wrapped(value as AnyFunction);
      if (context.metadata) describeIn(context.metadata, context.name, context.static, made.fn);
      if (made.site !== undefined && record === undefined) nameByOwner(made.site, context, made.fn);
      return made.fn;
    }
    case 'field': {
      const initialize = fieldInitializer(record, factory, options, name);
      return record?.function === name ? initialize : namedField(initialize, name);
    }
    case 'class':
      return decorateWhole([value, context], undefined, options);
    default:
      throw misplaced(name, `an ${context.kind}`);
  }
}

function decorateLegacy(
  [target, written, given]: readonly [object, string | symbol | number, PropertyDescriptor | undefined],
  record: SiteRecord | undefined,
  factory: ForwarderFactory | undefined,
  options: InstrumentOptions,
): unknown {
  const key = ownKey(written);
  const name = nameText(key);
  const owner = ownerName(target);
  // jiti without reflect-metadata passes the target once more
  const descriptor = given === target ? (Object.getOwnPropertyDescriptor(target, key) ?? given) : given;
  if (descriptor === undefined || 'initializer' in descriptor) {
    const field = fieldInitializer(record, factory, options, name);
    return descriptor
      ? decorateBabelField(descriptor as BabelField, namedField(field, name))
      : decorateLegacyField(target, key, field);
  }
  if (typeof descriptor.value === 'function') {
    const marked = markedParameters(target, key);
    const { fn } = wrapperFor({ body: descriptor.value, record, factory, options, owner, name, marked });
    describeMember(target, key, fn);
    return { ...descriptor, value: fn };
  }
  // one decorator serves both halves of a legacy accessor; the transformer describes the half that carries it: a setter has a parameter
  const setter = descriptor.get === undefined || (descriptor.set !== undefined && record?.parameters?.length === 1);
  const half = setter ? 'set' : 'get';
  const accessor = descriptor[half];
  if (accessor === undefined) throw misplaced(name, 'a property that is not a method');
  const marked = setter ? markedParameters(target, key) : [];
  const { fn } = wrapperFor({ body: accessor, record, factory, options, owner, name, marked });
  describeMember(target, key, fn);
  return { ...descriptor, [half]: fn };
}

/** A function that records its calls. */
export function wrapFunction<F extends AnyFunction>(
  record: SiteRecord | undefined,
  factory: ForwarderFactory | undefined,
  options: InstrumentOptions,
  fn: F,
): F {
  if (typeof fn !== 'function') {
    throw new SpanwrightError('MISUSE', `instrument(): found ${describeFound(fn)}; expected a function to instrument.`);
  }
  return wrapperFor({ body: fn, record, factory, options, name: fn.name || options.name || 'anonymous' }).fn as F;
}

/**
 * A TC39 decorator runs before its class has a name. A static member learns it when the class is defined; for the others the
 * site is named by the function alone until then.
 */
function nameByOwner(site: Site, context: StandardContext, fn: AnyFunction): void {
  if (!('addInitializer' in context) || typeof context.addInitializer !== 'function') return;
  let named = false;
  (context.addInitializer as (initializer: (this: unknown) => void) => void)(function learnOwner(this: unknown) {
    if (named) return;
    named = true;
    const owner = context.static ? (this as AnyFunction).name : definingClass(this, fn, context.name as string | symbol);
    if (owner !== undefined && owner !== '') rename(site, owner);
  });
}

function definingClass(instance: unknown, fn: AnyFunction, key: string | symbol): string | undefined {
  // another decorator further out may have replaced Spanwright's function with its own: then the nearest class with that member
  let nearest: string | undefined;
  for (let holder = Object.getPrototypeOf(instance); holder !== null; holder = Object.getPrototypeOf(holder)) {
    const own = Object.getOwnPropertyDescriptor(holder, key);
    if (own === undefined) continue;
    if (own.value === fn || own.get === fn || own.set === fn) return holder.constructor?.name;
    nearest ??= holder.constructor?.name;
  }
  return nearest ?? (instance as object).constructor?.name;
}

/** Gives a site its class, and has the gate judge it again, because rules match namespaces. */
function rename(site: Site, owner: string): void {
  const derived = site.spanName === site.functionName;
  const unowned = site.namespace === '';
  if (unowned) site.namespace = owner;
  if (derived) site.spanName = `${owner}.${site.functionName}`;
  site.id = `${site.namespace}::${site.functionName}`;
  site.qualified = site.id;
  site.attributes = Object.freeze({ ...site.attributes, 'code.namespace': site.namespace, 'code.function.name': site.id });
  state.gate.judge(site);
}

function misplaced(name: string, what: string): SpanwrightError {
  return new SpanwrightError(
    'MISUSE',
    `@instrument on ${name}: found ${what}; expected a method, a getter, a setter, a field that holds a function, or a class.`,
  );
}
