// What compiled code imports as `spanwright/emitted`. Not for people: the transformer writes the calls. The first argument is
// the number of the contract, so that code compiled by a newer transformer fails with a sentence and not with a riddle.

import { SpanwrightError } from './errors.js';
import { decorateMember, isStandard, wrapFunction } from './instrument/decorate.js';
import { ownKey } from './instrument/introspect.js';
import { describeIn, describeMember, describeMembers } from './instrument/metadata.js';
import { Module } from './instrument/module.js';
import type { Decorator, InstrumentOptions } from './instrument/types.js';
import { decorateWhole, type MemberRecord } from './instrument/whole-class.js';
import type { AnyFunction, ForwarderFactory, SiteRecord } from './site/site.js';
import type { ModuleTable } from './site/tables.js';
import { state } from './state.js';

/** The contract that this runtime understands. */
export const contract = 2;

/** Stands for `@instrument` or `@instrument(options)` on a member. */
export function decorate(number: number, record: SiteRecord, factory: ForwarderFactory, options?: InstrumentOptions): Decorator {
  check(number);
  return ((...target: unknown[]) => decorateMember(target, record, factory, options ?? {})) as Decorator;
}

/** Stands for `instrument(fn)` and `instrument(options, fn)`. */
export function wrap<F extends AnyFunction>(
  number: number,
  record: SiteRecord,
  factory: ForwarderFactory,
  options: InstrumentOptions | undefined,
  fn: F,
): F {
  check(number);
  return wrapFunction(record, factory, options ?? {}, fn);
}

/** Stands for `@instrument` on a class. */
export function decorateClass(number: number, members: readonly MemberRecord[], options?: InstrumentOptions): Decorator {
  check(number);
  return ((...target: unknown[]) => decorateWhole(target, members, options ?? {})) as Decorator;
}

/** The table of a module whose functions have a prologue. @param text one row per site, see the transformer's print/prologue.ts */
export function module(
  number: number,
  set: ModuleTable['set'],
  namespace: string,
  file: string,
  text: string,
  separator?: string,
): Module {
  check(number);
  const made = new Module(set, namespace, file, text, separator);
  state.tables.add(made);
  return made;
}

/** Stands at the head of a file that a development server compiled, which it may load again after an edit. See SiteRegistry. */
export function fileLoaded(namespace: string, file: string, places: string): void {
  state.sites.fileLoaded(namespace, file, places);
}

/** Registers a function that has a prologue: in the static block of its class, or at the head of the module. */
export function put(table: Module, index: number, fn: unknown, options?: InstrumentOptions): void {
  table.register(index, fn, options);
}

/** Registers methods of a class that share the options of the class. @param pairs index and function by turns */
export function putAll(table: Module, options: InstrumentOptions, ...pairs: unknown[]): void {
  for (let at = 0; at < pairs.length; at += 2) table.register(pairs[at] as number, pairs[at + 1], options);
}

export function putGetter(table: Module, index: number, holder: object, key: string, options?: InstrumentOptions): void {
  table.register(index, Object.getOwnPropertyDescriptor(holder, key)?.get, options);
}

export function putSetter(table: Module, index: number, holder: object, key: string, options?: InstrumentOptions): void {
  table.register(index, Object.getOwnPropertyDescriptor(holder, key)?.set, options);
}

/** Called behind the registrations of a class. Costs two look-ups where nothing reads metadata. */
export function describe(owner: AnyFunction): void {
  describeMembers(owner);
}

/** Stands for `@instrument` on a member that has a prologue, where the decorator has to stay: it registers and replaces nothing. */
export function inside(table: Module, index: number, options?: InstrumentOptions): Decorator {
  return ((...target: unknown[]) => {
    if (isStandard(target)) {
      const [fn, { metadata, name, static: isStatic = false }] = target;
      table.register(index, fn, options);
      if (metadata && name !== undefined) describeIn(metadata, name, isStatic, fn as AnyFunction);
      return;
    }
    const [holder, key, descriptor] = target as [object, string | symbol | number, PropertyDescriptor];
    const { value, get, set } = descriptor;
    const setter = get === undefined || (set !== undefined && table.record(index).record.parameters?.length === 1);
    const marked = [holder, ownKey(key)] as const;
    const fn = value ?? (setter ? set : get);
    table.register(index, fn, options, value === undefined ? undefined : marked);
    describeMember(...marked, fn);
  }) as Decorator;
}

/** Stands for `instrument(fn)` and `instrument(options, fn)` of a function that is written out there, and has a prologue. */
export function own<F extends AnyFunction>(table: Module, index: number, options: InstrumentOptions | undefined, fn: F): F {
  table.register(index, fn, options);
  return fn;
}

function check(number: number): void {
  if (number === contract) return;
  throw new SpanwrightError(
    'EMITTED_CONTRACT',
    `This code was compiled by a Spanwright transformer of contract ${number}; the runtime that is loaded knows contract ${contract}. ` +
      'Install the same version of spanwright for building and running, and build again.',
  );
}
