// What compiled code imports as `spanwright/emitted`. Not for people: the transformer writes the calls. The first argument is
// the number of the contract, so that code compiled by a newer transformer fails with a sentence and not with a riddle.

import { SpanwrightError } from './errors.js';
import { decorateMember, wrapFunction } from './instrument/decorate.js';
import type { Decorator, InstrumentOptions } from './instrument/types.js';
import { decorateWhole, type MemberRecord } from './instrument/whole-class.js';
import type { AnyFunction, ForwarderFactory, SiteRecord } from './site/site.js';

/** The contract that this runtime understands. */
export const contract = 1;

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

function check(number: number): void {
  if (number === contract) return;
  throw new SpanwrightError(
    'EMITTED_CONTRACT',
    `This code was compiled by a Spanwright transformer of contract ${number}; the runtime that is loaded knows contract ${contract}. ` +
      'Install the same version of spanwright for building and running, and build again.',
  );
}
