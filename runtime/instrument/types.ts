// The types of the decorator: legacy and TC39 forms, with options whose callbacks are checked against the decorated function.

import type { AnyFunction } from '../site/site.js';
import type { InstrumentOptions } from './options.js';

// biome-ignore lint/suspicious/noExplicitAny: a decorated function may take and return anything
type Any = any;

/** A function that the options' callbacks fit: it takes what they take, and may take more. */
export type Fitting<This, Args extends readonly unknown[], Result> = (
  this: This,
  ...args: [...Args, ...Any[]]
) => Result | Promise<Result> | Any;

/** What `instrument(options)` returns: a decorator for members and classes, in both kinds of decorators. */
export interface Decorator<This = Any, Args extends readonly unknown[] = [], Result = Any> {
  /** TC39: methods. */
  <T extends Fitting<This, Args, Result>>(value: T, context: ClassMethodDecoratorContext<Any, T>): T;
  /** TC39: getters, setters. */
  <T extends AnyFunction>(value: T, context: ClassGetterDecoratorContext | ClassSetterDecoratorContext): T;
  /** TC39: function-valued fields. */
  <T extends Fitting<This, Args, Result>>(value: undefined, context: ClassFieldDecoratorContext<Any, T>): (initial: T) => T;
  /** TC39 and legacy: classes. */
  <C extends abstract new (...args: Any) => Any>(value: C, context?: ClassDecoratorContext<C>): void;
  /** Legacy: methods and accessors. */
  <T>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<T> & Accepts<T, This, Args, Result>): void;
  /** Legacy: function-valued fields. */
  (target: object, key: string | symbol): void;
}

/** Anything for an accessor; for a method, one that the callbacks fit. */
type Accepts<T, This, Args extends readonly unknown[], Result> = T extends AnyFunction
  ? T extends Fitting<This, Args, Result>
    ? unknown
    : { readonly __callbacks_of_instrument_do_not_fit_this_method: never }
  : unknown;

/** The decorator and function wrapper. See {@link instrument}. */
export interface Instrument extends Decorator {
  <This = Any, Args extends readonly Any[] = [], Result = Any>(
    options: InstrumentOptions<This, Args, Result>,
  ): Decorator<This, Args, Result>;
  <F extends AnyFunction>(fn: F): F;
  <F extends AnyFunction>(options: InstrumentOptions<ThisParameterType<F>, Parameters<F>, ReturnType<F>>, fn: F): F;
  /** Leaves one method out of a class that is instrumented as a whole. */
  readonly skip: Decorator;
  /**
   * An object whose methods are instrumented, for objects that are not of the user's making: a database client, a store. The
   * object itself is not changed.
   */
  object<T extends object>(target: T, options: { namespace: string; name?: (method: string) => string }): T;
}

export type { InstrumentOptions } from './options.js';
