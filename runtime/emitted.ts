// Exports that compiled code imports as `spanwright/emitted`. Not for people: the transformer writes the calls. The first argument is
// the number of the contract, so that code compiled by a newer transformer fails with a clear error.

import { SpanwrightError } from './errors.js';
import { decorateMember, isStandard, wrapFunction } from './instrument/decorate.js';
import { ownKey } from './instrument/introspect.js';
import { describeIn, describeMember, describeMembers } from './instrument/metadata.js';
import { Module } from './instrument/module.js';
import type { Decorator, InstrumentOptions } from './instrument/types.js';
import { decorateWhole, type MemberRecord } from './instrument/whole-class.js';
import type { AnyFunction, ForwarderFactory } from './site/site.js';
import type { InlineCall, ModuleTable } from './site/tables.js';
import { failInline } from './span/inline.js';
import { state } from './state.js';

/** The contract that this runtime understands. */
export const contract = 5;

/** One member of a class that is instrumented as a whole. */
interface MemberRow extends Omit<MemberRecord, 'record'> {
  readonly row: number;
}

/** The table of a module, as its functions call it. */
export interface EmittedTable {
  /** Takes the answer of the recorded call that has just returned: its result, or an AwaitedCall for an asynchronous function. */
  (): unknown;
  /** Marks the call of a function that is recorded inline as failed, and throws the error again. */
  x(error: unknown, call: InlineCall | undefined): never;
  /** Registers the members of a class that the table says are found by their keys. @param row of the first of them */
  of(owner: AnyFunction, row: number): void;
  put(row: number, fn: unknown, options?: InstrumentOptions): void;
  /** Called after the other registrations of a class. Costs two look-ups where nothing reads metadata. */
  describe(owner: AnyFunction): void;
  /** Registers methods of a class that share the options of the class. @param pairs row and function by turns */
  putAll(options: InstrumentOptions, ...pairs: unknown[]): void;
  putGetter(row: number, holder: object, key: string, options?: InstrumentOptions): void;
  putSetter(row: number, holder: object, key: string, options?: InstrumentOptions): void;
  /** Stands for `@instrument` on a member that has a prologue, where the decorator has to stay: it registers and replaces nothing. */
  inside(row: number, options?: InstrumentOptions): Decorator;
  /** Stands for `instrument(fn)` and `instrument(options, fn)` of a function that is written out there, and has a prologue. */
  own<F extends AnyFunction>(row: number, options: InstrumentOptions | undefined, fn: F): F;
  /** Stands for `@instrument` or `@instrument(options)` on a member that gets a forwarder. */
  decorate(row: number, factory: ForwarderFactory, options?: InstrumentOptions): Decorator;
  /** Stands for `instrument(fn)` and `instrument(options, fn)` of a function that gets a forwarder. */
  wrap<F extends AnyFunction>(row: number, factory: ForwarderFactory, options: InstrumentOptions | undefined, fn: F): F;
  /** Stands for `@instrument` on a class, for the members that get forwarders. */
  decorateClass(members: readonly MemberRow[], options?: InstrumentOptions): Decorator;
}

/**
 * Makes the table of a module whose functions are recorded from inside.
 * @param text one row for each function, see the transformer's print/table.ts
 * @param separator between the parts of a namespace, `::` by default
 * @param qualified `1` where span names are qualified
 */
export function module(
  number: number,
  set: ModuleTable['set'],
  namespace: string,
  file: string,
  text: string,
  separator = '::',
  qualified = '',
): EmittedTable {
  check(number);
  const made = new Module(set, { namespace, file, text, separator, qualified: qualified === '1' });
  state.tables.add(made);
  const { tables } = state;
  function takeAnswer(): unknown {
    const { answer } = tables;
    tables.answer = undefined;
    return answer;
  }
  return Object.assign(takeAnswer, operationsOf(made));
}

/** Comes first in a file that a development server compiled, which it may load again after an edit. See SiteRegistry. */
export function fileLoaded(namespace: string, file: string, places: string): void {
  state.sites.fileLoaded(namespace, file, places);
}

function operationsOf(made: Module): { [Name in keyof EmittedTable]: EmittedTable[Name] } {
  return {
    x: failInline,
    of(owner, row) {
      made.registerClass(owner, row);
      describeMembers(owner);
    },
    describe: describeMembers,
    put: (row, fn, options) => made.register(row, fn, options),
    putAll(options, ...pairs) {
      for (let at = 0; at < pairs.length; at += 2) made.register(pairs[at] as number, pairs[at + 1], options);
    },
    putGetter: (row, holder, key, options) => made.register(row, Object.getOwnPropertyDescriptor(holder, key)?.get, options),
    putSetter: (row, holder, key, options) => made.register(row, Object.getOwnPropertyDescriptor(holder, key)?.set, options),
    inside: (row, options) =>
      ((...target: unknown[]) => {
        if (isStandard(target)) {
          const [fn, { metadata, name, static: isStatic = false }] = target;
          made.register(row, fn, options);
          if (metadata && name !== undefined) describeIn(metadata, name, isStatic, fn as AnyFunction);
          return;
        }
        const [holder, key, descriptor] = target as [object, string | symbol | number, PropertyDescriptor];
        const { value, get, set } = descriptor;
        const setter = get === undefined || (set !== undefined && made.row(row).arity === 1);
        const marked = [holder, ownKey(key)] as const;
        const fn = value ?? (setter ? set : get);
        made.register(row, fn, options, value === undefined && !setter ? undefined : marked);
        describeMember(...marked, fn);
      }) as Decorator,
    own(row, options, fn) {
      made.register(row, fn, options);
      return fn;
    },
    decorate(row, factory, options = {}) {
      const { record } = made.row(row);
      return ((...target: unknown[]) => decorateMember(target, record, factory, options)) as Decorator;
    },
    wrap: (row, factory, options, fn) => wrapFunction(made.row(row).record, factory, options ?? {}, fn),
    decorateClass(members, options = {}) {
      const records = members.map(({ row, ...member }) => ({ ...member, record: made.row(row).record }));
      return ((...target: unknown[]) => decorateWhole(target, records, options)) as Decorator;
    },
  };
}

/** Code of contracts 1 to 4 calls these, perhaps before anything else: they refuse it. */
export { check as decorate, check as decorateClass, check as wrap };

function check(number: number): void {
  if (number === contract) return;
  throw new SpanwrightError(
    'EMITTED_CONTRACT',
    `This code was compiled by a Spanwright transformer of contract ${number}; the runtime that is loaded knows contract ${contract}. ` +
      'Install the same version of spanwright for building and running, and build again.',
  );
}
