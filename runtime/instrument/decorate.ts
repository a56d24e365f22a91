// Applies instrumentation to what a decorator was put on, in both kinds of decorators. Which kind it is shows in the arguments:
// TC39 passes a value and a context, legacy a target, a key and perhaps a descriptor.

import { SpanwrightError } from '../errors.js';
import type { MarkedParameter } from '../site/options.js';
import type { AnyFunction, ForwarderFactory, Site, SiteRecord } from '../site/site.js';
import { state } from '../state.js';
import { decorateLegacyField, fieldInitializer, namedField } from './field.js';
import { isClass, ownerName } from './introspect.js';
import { makeFunction, register } from './make.js';
import type { InstrumentOptions } from './options.js';
import { markedParameters } from './record.js';

/** One member of a class that is instrumented as a whole, as the transformer describes it. */
export interface MemberRecord {
  readonly key: string | symbol | number;
  readonly static: boolean;
  readonly kind: 'method' | 'getter' | 'setter';
  readonly record: SiteRecord;
  readonly factory: ForwarderFactory;
}

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
  const stand = (body: AnyFunction, prefix = '') => standIn(body, record, factory, options, undefined, `${prefix}${name}`);
  switch (context.kind) {
    case 'method':
    case 'getter':
    case 'setter': {
      const made = stand(value as AnyFunction);
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
  [target, written, descriptor]: readonly [object, string | symbol | number, PropertyDescriptor | undefined],
  record: SiteRecord | undefined,
  factory: ForwarderFactory | undefined,
  options: InstrumentOptions,
): unknown {
  const key = ownKey(written);
  const name = nameText(key);
  const owner = ownerName(target);
  if (descriptor === undefined) return decorateLegacyField(target, key, fieldInitializer(record, factory, options, name));
  if (typeof descriptor.value === 'function') {
    const marked = markedParameters(target, key);
    return { ...descriptor, value: standIn(descriptor.value, record, factory, options, owner, name, marked).fn };
  }
  // one decorator serves both halves of a legacy accessor; the transformer describes the half that it stands on: a setter has a parameter
  const setter = descriptor.get === undefined || (descriptor.set !== undefined && record?.parameters?.length === 1);
  const half = setter ? 'set' : 'get';
  const accessor = descriptor[half];
  if (accessor === undefined) throw misplaced(name, 'a property that is not a method');
  return { ...descriptor, [half]: standIn(accessor, record, factory, options, owner, name).fn };
}

/**
 * Instruments the methods of a class: those that the transformer lists, which may be none, or without it every one that is neither
 * skipped nor instrumented already.
 */
export function decorateWhole(
  target: readonly unknown[],
  members: readonly MemberRecord[] | undefined,
  options: InstrumentOptions,
): void {
  const owner = target[0] as AnyFunction;
  const find = (key: string | symbol, isStatic: boolean, kind: MemberRecord['kind']): MemberRecord | undefined =>
    members?.find((member) => ownKey(member.key) === key && member.static === isStatic && member.kind === kind);
  for (const [holder, isStatic] of [
    [owner.prototype, false],
    [owner, true],
  ] as const) {
    for (const key of Reflect.ownKeys(holder)) {
      if (key === 'constructor' || key === 'prototype') continue;
      const descriptor = Object.getOwnPropertyDescriptor(holder, key) as PropertyDescriptor;
      const { value } = descriptor;
      if (typeof value === 'function' && descriptor.configurable && !isClass(value)) {
        const member = find(key, isStatic, 'method');
        if (members !== undefined && member === undefined) continue;
        const marked = markedParameters(holder, key);
        const made = standIn(value, member?.record, member?.factory, options, owner.name, nameText(key), marked).fn;
        if (made !== value) Object.defineProperty(holder, key, { ...descriptor, value: made });
        continue;
      }
      decorateAccessors(holder, key, descriptor, (kind) => find(key, isStatic, kind), options);
    }
  }
}

/** Accessors of a whole class are instrumented only where the transformer found them worth it. */
function decorateAccessors(
  holder: object,
  key: string | symbol,
  descriptor: PropertyDescriptor,
  find: (kind: MemberRecord['kind']) => MemberRecord | undefined,
  options: InstrumentOptions,
): void {
  const changed = { ...descriptor };
  for (const [half, kind] of [
    ['get', 'getter'],
    ['set', 'setter'],
  ] as const) {
    const member = find(kind);
    const accessor = descriptor[half];
    if (member === undefined || accessor === undefined || !descriptor.configurable) continue;
    changed[half] = standIn(accessor, member.record, member.factory, options, undefined, nameText(key)).fn as never;
  }
  if (changed.get !== descriptor.get || changed.set !== descriptor.set) Object.defineProperty(holder, key, changed);
}

/** A function that records its calls. */
export function wrapFunction<F extends AnyFunction>(
  record: SiteRecord | undefined,
  factory: ForwarderFactory | undefined,
  options: InstrumentOptions,
  fn: F,
): F {
  if (typeof fn !== 'function') {
    throw new SpanwrightError(
      'MISUSE',
      `instrument(): found ${fn === null ? 'null' : `a ${typeof fn}`}; expected a function to instrument.`,
    );
  }
  return standIn(fn, record, factory, options, undefined, fn.name || options.name || 'anonymous').fn as F;
}

function standIn(
  body: AnyFunction,
  record: SiteRecord | undefined,
  factory: ForwarderFactory | undefined,
  options: InstrumentOptions,
  owner: string | undefined,
  name: string,
  marked: readonly MarkedParameter[] = [],
): { fn: AnyFunction; site: Site | undefined } {
  if (state.made.has(body) || state.skipped.has(body)) return { fn: body, site: undefined };
  const site = register(body, record, options, owner, name, marked);
  return { fn: makeFunction(site, factory, body), site };
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
  // another decorator further out may have put its own function in the place of ours: then the nearest class with that member
  let nearest: string | undefined;
  for (let holder = Object.getPrototypeOf(instance); holder !== null; holder = Object.getPrototypeOf(holder)) {
    const own = Object.getOwnPropertyDescriptor(holder, key);
    if (own === undefined) continue;
    if (own.value === fn || own.get === fn || own.set === fn) return holder.constructor?.name;
    nearest ??= holder.constructor?.name;
  }
  return nearest ?? (instance as object).constructor?.name;
}

/** Gives a site its class, and asks the gate again, since rules go by namespace. */
function rename(site: Site, owner: string): void {
  const derived = site.spanName === site.functionName;
  const unowned = site.namespace === '';
  if (unowned) site.namespace = owner;
  if (derived) site.spanName = `${owner}.${site.functionName}`;
  site.attributes = Object.freeze({
    ...site.attributes,
    'code.namespace': site.namespace,
    'code.function.name': `${site.namespace}::${site.functionName}`,
  });
  site.id = `${site.namespace}::${site.functionName}`;
  state.gate.judge(site);
}

/** The key that a member has: a number that it is written as, or that stands in an enum, is a text there. */
function ownKey(written: string | symbol | number): string | symbol {
  return typeof written === 'number' ? String(written) : written;
}

/** `describe()` for a symbol, the text itself else. */
function nameText(key: string | symbol): string {
  return typeof key === 'symbol' ? `[${key.description ?? ''}]` : key;
}

function misplaced(name: string, what: string): SpanwrightError {
  return new SpanwrightError(
    'MISUSE',
    `@instrument on ${name}: found ${what}; expected a method, a getter, a setter, a field that holds a function, or a class.`,
  );
}
