// Instruments the methods of a class that is decorated as a whole. A class decorator below `@instrument` may have replaced the class that has the
// methods: a subclass, a Proxy, a constructor function. Called by the decorator and by compiled code.

import type { AnyFunction, ForwarderFactory, SiteRecord } from '../site/site.js';
import { notice } from '../warnings.js';
import { isClass, nameText, ownKey } from './introspect.js';
import { wrapperFor } from './make.js';
import { describeMembers } from './metadata.js';
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

interface ClassContext {
  readonly name?: string | undefined;
  readonly metadata?: object;
}

/**
 * Instruments the methods of a class: those that the transformer lists, which may be none, or without it every one that is neither
 * skipped nor instrumented already. Logs SPW037 where none is found, or none can be replaced.
 *
 * @param target what the decorator was called with: the class, and under TC39 a context with the name that the class is written with
 */
export function decorateWhole(
  target: readonly unknown[],
  members: readonly MemberRecord[] | undefined,
  options: InstrumentOptions,
): void {
  const given = target[0] as AnyFunction;
  if (members?.length === 0) return;
  const context = target[1] as ClassContext | undefined;
  const owner = members === undefined ? classWritten(given, context) : classWith(given, members);
  if (owner !== undefined && instrumentMethods(owner, members, options)) {
    describeMembers(owner, context?.metadata);
    return;
  }
  const name = context?.name ?? members?.[0]?.record.name.split('.')[0] ?? given.name;
  notice('SPW037', describeInert(name), name);
}

function describeInert(name: string): string {
  const of = name === '' ? 'an anonymous class' : `class ${name}`;
  return `${of}: found no method that can be replaced. Put @instrument directly above the class, below its other decorators, or on each method.`;
}

/** Candidates for the class as it was written: the decorated class, what it wraps, and what it extends. */
function* classesBehind(given: AnyFunction): Generator<AnyFunction> {
  for (let one: unknown = given; typeof one === 'function' && one !== Function.prototype; one = Object.getPrototypeOf(one)) {
    // The class behind a Proxy, or behind a constructor function that was given its prototype.
    const original: unknown = one.prototype?.constructor;
    if (typeof original === 'function' && original !== one) yield original as AnyFunction;
    yield one as AnyFunction;
  }
}

function holdersOf(owner: AnyFunction): [holder: object, isStatic: boolean][] {
  return [
    [owner.prototype ?? {}, false],
    [owner, true],
  ];
}

/** The nearest class that has most of the listed members itself; undefined when none has any. */
function classWith(given: AnyFunction, members: readonly MemberRecord[]): AnyFunction | undefined {
  let found: AnyFunction | undefined;
  let most = 0;
  for (const one of classesBehind(given)) {
    const holders = holdersOf(one);
    const count = members.filter((member) =>
      holders.some(([holder, isStatic]) => isStatic === member.static && Object.hasOwn(holder, ownKey(member.key))),
    ).length;
    if (count <= most) continue;
    found = one;
    most = count;
  }
  return found;
}

/**
 * Used where the transformer lists no members. TC39 passes the name that the class is written with. Legacy decorators do not, but a class
 * that is written has a name there, so that an anonymous one in front of it has replaced it.
 */
function classWritten(given: AnyFunction, context: ClassContext | undefined): AnyFunction | undefined {
  const classes = [...classesBehind(given)].filter((one) => !hasNoSource(one));
  const written = context === undefined ? classes.find(({ name }) => name !== '') : classes.find(isWritten);
  return [written, given].find((one) => one !== undefined && hasMethods(one));

  function isWritten(one: AnyFunction): boolean {
    return one.name === context?.name && hasMethods(one);
  }
}

/** True for a function of the engine, and for a Proxy, which is in the list beside its target. */
function hasNoSource(owner: AnyFunction): boolean {
  return Function.prototype.toString.call(owner).endsWith('[native code] }');
}

function hasMethods(owner: AnyFunction): boolean {
  return holdersOf(owner).some(([holder]) => methodsOf(holder).length > 0);
}

function methodsOf(holder: object): [key: string | symbol, descriptor: PropertyDescriptor][] {
  return Reflect.ownKeys(holder).flatMap((key): [string | symbol, PropertyDescriptor][] => {
    if (key === 'constructor' || key === 'prototype') return [];
    const descriptor = Object.getOwnPropertyDescriptor(holder, key);
    return typeof descriptor?.value === 'function' && !isClass(descriptor.value) ? [[key, descriptor]] : [];
  });
}

/** False when no method was found or none could be replaced. */
function instrumentMethods(
  owner: AnyFunction,
  members: readonly MemberRecord[] | undefined,
  options: InstrumentOptions,
): boolean {
  let instrumented = false;
  for (const [holder, isStatic] of holdersOf(owner)) {
    const find = (key: string | symbol, kind: MemberRecord['kind']): MemberRecord | undefined =>
      members?.find((member) => ownKey(member.key) === key && member.static === isStatic && member.kind === kind);
    for (const [key, descriptor] of methodsOf(holder)) {
      const member = find(key, 'method');
      if (members !== undefined && member === undefined) continue;
      if (!descriptor.configurable && !descriptor.writable) continue;
      const { value } = descriptor;
      const marked = markedParameters(holder, key);
      const made = wrapperFor({
        body: value,
        record: member?.record,
        factory: member?.factory,
        options,
        owner: owner.name,
        name: nameText(key),
        marked,
      }).fn;
      if (made === value || Reflect.defineProperty(holder, key, { ...descriptor, value: made })) instrumented = true;
    }
    if (members !== undefined && instrumentAccessors(holder, find, options)) instrumented = true;
  }
  return instrumented;
}

/** Accessors of a whole class are instrumented only where the transformer lists them. */
function instrumentAccessors(
  holder: object,
  find: (key: string | symbol, kind: MemberRecord['kind']) => MemberRecord | undefined,
  options: InstrumentOptions,
): boolean {
  let instrumented = false;
  for (const key of Reflect.ownKeys(holder)) {
    const descriptor = Object.getOwnPropertyDescriptor(holder, key) as PropertyDescriptor;
    const changed = { ...descriptor };
    for (const [half, kind] of HALVES) {
      const member = find(key, kind);
      const accessor = descriptor[half];
      if (member === undefined || accessor === undefined || !descriptor.configurable) continue;
      changed[half] = wrapperFor({
        body: accessor,
        record: member.record,
        factory: member.factory,
        options,
        name: nameText(key),
        marked: half === 'set' ? markedParameters(holder, key) : [],
      }).fn as never;
      instrumented = true;
    }
    if (changed.get !== descriptor.get || changed.set !== descriptor.set) Object.defineProperty(holder, key, changed);
  }
  return instrumented;
}

const HALVES = [
  ['get', 'getter'],
  ['set', 'setter'],
] as const;
