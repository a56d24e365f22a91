// Options of a site: those of @instrument, their types inferred from the decorated function, and the
// one normal form in which the runtime keeps them.

import type { Attributes, AttributeValue, Context, Link, SpanContext, SpanKind } from '@opentelemetry/api';
import type { KindName } from '../site/kind.js';
import type { Level, RootMark } from '../site/marks.js';

// biome-ignore lint/suspicious/noExplicitAny: any function may be decorated; callbacks narrow these by what they name
type Any = any;

/** Result of a call: the value of its promise, or the return value of its generator. */
export type Settled<Result> = Result extends Generator<Any, infer Returned, Any> | AsyncGenerator<Any, infer Returned, Any>
  ? Returned
  : Awaited<Result>;

/** Options of {@link instrument}. `This`, `Args` and `Result` are those of the decorated function. */
export interface InstrumentOptions<This = Any, Args extends readonly Any[] = Any[], Result = Any> {
  /**
   * Span name, not empty. Default: `Class.method`, or the name of the function.
   * @example name: 'power'
   */
  name?: string;
  /**
   * Namespace that rules match; a literal. Default: by file and class with the transformer, else the class.
   * @example namespace: 'carbide::power'
   */
  namespace?: string;
  /**
   * Kind of the span. Default: `internal`.
   * @example kind: 'client'
   */
  kind?: KindName | SpanKind;
  /**
   * Constant attributes, or a function of `this` and the arguments that runs only when the call is recorded. Default: none.
   * @example attributes: (job: Job) => ({ 'job.id': job.id })
   */
  attributes?: Attributes | ((this: This, ...args: Args) => Attributes | undefined);
  /**
   * Parameters to record by name, or a map from parameter name to attribute key. Default: none; no argument is recorded unless named.
   * @example args: ['machineId']
   */
  args?: readonly string[] | Readonly<Record<string, string>>;
  /**
   * Attributes from the result (the value of a promise, what a generator returns); runs only when the call is recorded. Default: none.
   * @example result: (rows: string[]) => ({ rows: rows.length })
   */
  result?: (this: This, result: Settled<Result>) => Attributes | undefined;
  /**
   * A call without a parent: `'may'` (default) starts a trace where the `roots` of the configuration say so, `'never'` starts none, `'always'`
   * starts one outside of the namespaces of `roots` too. A lease with `only` names its roots itself; with `roots = "none"` nothing starts.
   * `true`: each call, also one with a parent, starts a new trace, linked to the current span.
   * @example root: 'never'
   */
  root?: RootMark | boolean;
  /**
   * How detailed the spans are. Default: `'info'`. `'debug'` and `'trace'` are recorded only where a rule asks for that level or a more
   * detailed one (`carbide::db=debug`); elsewhere the function is transparent.
   * @example level: 'debug'
   */
  level?: Level;
  /**
   * Parent from the arguments: a context, a span context, or a carrier with `traceparent`. Default: the current span.
   * @example parent: (job: Job) => job.headers
   */
  parent?: (this: This, ...args: Args) => Context | SpanContext | Readonly<Record<string, unknown>> | object | undefined;
  /**
   * `'same-trace'`: the span is no child of the upstream span (the one that `parent` gives, else the current one) but is in
   * the same trace and links to it: for work that goes on after an asynchronous hop. Default: a child of it.
   * @example link: 'same-trace'
   */
  link?: 'same-trace';
  /**
   * Links from the arguments. Default: none.
   * @example links: (batch: Message[]) => linksTo(batch)
   */
  links?: (this: This, ...args: Args) => readonly Link[] | undefined;
  /**
   * Errors that do not mark the span as failed: classes, or a predicate. Default: none.
   * @example expectedErrors: [NotFound]
   */
  expectedErrors?: readonly (abstract new (...args: never) => unknown)[] | ((error: unknown) => boolean);
  /**
   * `true`: the span may be open longer than `maxSpanAge`. Default: `false`.
   * @example longRunning: true
   */
  longRunning?: boolean;
  /**
   * `'end'`: the span lasts until what the function returned (or its promise brought) has ended: a Node or web stream, an
   * observable, an iterator. Default: until the function has returned or its promise has settled.
   * @example until: 'end'
   */
  until?: 'end';
  /**
   * Keep the span only when it took at least this long: milliseconds, or text with a unit (`ms`, `s`, `m`, `h`). Default: `0`.
   * @example minDuration: '50ms'
   */
  minDuration?: number | string;
}

/** Options of {@link Instrument.attributes}: what is added to the span in which the function is called. */
export type AddedOptions<This = Any, Args extends readonly Any[] = Any[]> = Pick<
  InstrumentOptions<This, Args>,
  'args' | 'attributes' | 'level' | 'namespace'
>;

/** Options of a site as decorators and compiled code pass them on. `adds`: it has no span of its own, and these are its options. */
export interface SiteOptions extends InstrumentOptions {
  adds?: AddedOptions;
}

/** Every option name of `instrument.attributes`. */
export const ADDED_NAMES = ['args', 'attributes', 'level', 'namespace'] as const satisfies readonly (keyof AddedOptions)[];

/** Every option name; unknown ones are an error, named with the nearest of these. */
export const OPTION_NAMES = [
  'name',
  'namespace',
  'kind',
  'attributes',
  'args',
  'result',
  'root',
  'level',
  'parent',
  'link',
  'links',
  'expectedErrors',
  'longRunning',
  'until',
  'minDuration',
] as const satisfies readonly (keyof InstrumentOptions)[];

export type { AttributeValue };
