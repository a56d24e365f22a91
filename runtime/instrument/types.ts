// The types of the decorator: legacy and TC39 forms, with options whose callbacks are checked against the decorated function. A
// callback may take fewer parameters than the function, and wider ones; what does not fit is an error at the decorator.

import type { Attributes } from '@opentelemetry/api';
import type { AnyFunction } from '../site/site.js';
import type { AddedOptions, InstrumentOptions, Settled } from './options.js';

// biome-ignore lint/suspicious/noExplicitAny: a decorated function may take and return anything
type Any = any;

type AnyClass = abstract new (...args: Any) => Any;

/** Options whose callbacks each name the parameters that they look at. */
interface DecoratorOptions<This, Args extends Any[], ParentArgs extends Any[], LinksArgs extends Any[], Result>
  extends InstrumentOptions {
  attributes?: Attributes | ((this: This, ...args: Args) => Attributes | undefined);
  parent?: (this: This, ...args: ParentArgs) => ReturnType<NonNullable<InstrumentOptions['parent']>>;
  links?: (this: This, ...args: LinksArgs) => ReturnType<NonNullable<InstrumentOptions['links']>>;
  result?: (this: This, result: Result) => Attributes | undefined;
}

interface AddingOptions<This, Args extends Any[]> extends AddedOptions {
  attributes?: Attributes | ((this: This, ...args: Args) => Attributes | undefined);
}

/** Parameters of the callbacks of a decorator's options. */
interface Callbacks {
  readonly this: unknown;
  readonly args: readonly (readonly Any[])[];
  readonly result: unknown;
}

interface NoCallbacks extends Callbacks {
  readonly this: Any;
  readonly args: [[]];
  readonly result: Any;
}

/** True when a callback with parameters `Args` can be called with `Given`. */
type Takes<Args extends readonly Any[], Given extends readonly Any[]> = ((...args: Args) => void) extends (...args: Given) => void
  ? true
  : false;

/** False among the answers when one callback cannot. A type of its own, so that a list is mapped item by item. */
type TakesEach<All extends readonly (readonly Any[])[], Given extends readonly Any[]> = {
  [Index in keyof All]: Takes<All[Index], Given>;
}[number];

/** `unknown`, which adds nothing to a type, when all callbacks fit the function; else a type that nothing has. */
type Fits<Fn, C extends Callbacks> = Fn extends (...args: infer Given extends Any[]) => infer Returned
  ? false extends TakesEach<C['args'], Given>
    ? { readonly 'a callback of @instrument takes other parameters than the method': never }
    : [Settled<Returned>] extends [C['result']]
      ? unknown
      : { readonly 'the callback `result` of @instrument takes another type than the method returns': never }
  : unknown;

/**
 * Decorator of members, in both kinds of decorators. The compiler reports why the last form of a kind does not fit, so the most common
 * form comes last.
 */
interface MemberDecorator<C extends Callbacks = NoCallbacks> {
  /** Legacy: function-valued fields. */
  (target: object, key: string | symbol, descriptor?: never): void;
  /** TC39: function-valued fields. */
  <This extends C['this'], Fn extends AnyFunction>(
    value: undefined,
    context: ClassFieldDecoratorContext<This, Fn> & Fits<Fn, C>,
  ): (initial: Fn) => Fn;
  /** TC39: getters. */
  <This extends C['this'], Fn extends AnyFunction>(value: Fn, context: ClassGetterDecoratorContext<This, Any> & Fits<Fn, C>): Fn;
  /** TC39: setters. */
  <This extends C['this'], Fn extends AnyFunction>(value: Fn, context: ClassSetterDecoratorContext<This, Any> & Fits<Fn, C>): Fn;
  /** TC39: methods. */
  <This extends C['this'], Fn extends AnyFunction>(value: Fn, context: ClassMethodDecoratorContext<This, Fn> & Fits<Fn, C>): Fn;
  /** Legacy: methods and accessors. */
  <Target extends C['this'] & object, Value>(
    target: Target,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<Value> & Fits<Value, C>,
  ): void;
}

/** Return type of `instrument(options)`: a decorator of classes and of their members. */
export interface Decorator<C extends Callbacks = NoCallbacks> extends ClassDecorator, MemberDecorator<C> {}

/**
 * Two properties of these forms are for a wrong option of `instrument(options)`. Where at least four forms take one argument, the compiler
 * reports the last one alone, at the option; so `context` is optional. It goes on with the first form, whose `any` causes no second error.
 */
interface ClassDecorator {
  /** Legacy: classes. */
  <Class extends AnyClass>(value: Class): Any;
  /** TC39: classes. */
  <Class extends AnyClass>(value: Class, context?: ClassDecoratorContext<Class>): Any;
}

/** See {@link Instrument.attributes}. */
export interface AddingDecorator extends MemberDecorator, AddingFunction {
  <This = Any, Args extends Any[] = []>(
    options: AddingOptions<This, Args>,
  ): MemberDecorator<{ this: This; args: [Args]; result: Any }>;
}

type AddingFunction = <F extends AnyFunction>(options: AddedOptions<ThisParameterType<F>, Parameters<F>>, fn: F) => F;

/** Calls of `instrument` that are no decoration. Forms with the options come last, so that the compiler reports a wrong option by them. */
interface InstrumentFunction {
  <F extends AnyFunction>(fn: F): F;
  <F extends AnyFunction>(options: InstrumentOptions<ThisParameterType<F>, Parameters<F>, ReturnType<F>>, fn: F): F;
  <This = Any, Args extends Any[] = [], ParentArgs extends Any[] = [], LinksArgs extends Any[] = [], Result = Any>(
    options: DecoratorOptions<This, Args, ParentArgs, LinksArgs, Result>,
  ): Decorator<{ this: This; args: [Args, ParentArgs, LinksArgs]; result: Result }>;
}

/** The decorator and function wrapper. See {@link instrument}. */
export interface Instrument extends Decorator, InstrumentFunction {
  /**
   * Adds attributes to the span in which the method or function is called, without a span of its own: `args`, `attributes`, and parameters
   * with `@record`. Where nothing records there, nothing happens. Rules and `level` hold for it as for any other function.
   *
   * @throws SpanwrightError with code `MISUSE` on a class, for other options, and where nothing is named
   * @example
   * ```ts
   * class PowerService {
   *   @instrument.attributes({ args: ['rackId'], attributes: { backend: 'nsm' } })
   *   #select(rackId: string) { ... }
   * }
   * ```
   */
  readonly attributes: AddingDecorator;
  /** Leaves one method out of a class that is instrumented as a whole. */
  readonly skip: Decorator;
  /**
   * An object whose methods are instrumented, for objects that are not of the user's making: a database client, a store. The
   * object itself is not changed.
   */
  object<T extends object>(target: T, options: { namespace: string; name?: (method: string) => string }): T;
}

export type { InstrumentOptions } from './options.js';
