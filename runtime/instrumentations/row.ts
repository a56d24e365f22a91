// Shape of one row of the table of instrumented packages, and of one call of a patched function.

import type { Attributes, AttributeValue } from '@opentelemetry/api';
import type { AnyFunction } from '../site/site.js';
import type { RecordedSpan } from '../span/recorded.js';

/** Spanwright's options beside the package's own, in camelCase. */
export interface OwnOptions {
  /** True if its spans may start traces. Default: those that receive work (kinds `server` and `consumer`) may. */
  readonly roots: boolean | undefined;
  /** SQL: a span for each query (`spans`), totals on the enclosing span (`totals`), or `both`. */
  readonly queries: 'spans' | 'totals' | 'both';
  /** HTTP server: ignored paths, including those below them. */
  readonly ignorePaths: readonly string[];
  /** HTTP server: requests whose `User-Agent` header starts with one of these are ignored. */
  readonly ignoreUserAgents: readonly string[];
}

export interface PackageRow {
  readonly package: string;
  /** The patched package, as an `import` names it. */
  readonly modules: readonly string[];
  /** True for a package that carries context between services: it is enabled without an endpoint too. */
  readonly carriesContext: boolean;
  /** The configuration of the package, from the user's options and Spanwright's. */
  adapt?(given: Record<string, unknown>, own: OwnOptions): Record<string, unknown>;
  /** Name and attributes in today's semantic conventions, where the package has older ones; the name given is the package's. */
  name?(name: string, attributes: Attributes): string;
  attributes?(attributes: Attributes, name: string): Attributes;
  /** An attribute that the package sets after the start; undefined leaves it out. */
  later?(key: string, value: AttributeValue, span: RecordedSpan): readonly [string, AttributeValue] | undefined;
  /** The code in an exception's text: the group `server` for an answer of the server, the group `client` for any other. */
  readonly failure?: RegExp;
  /** Attributes of the connection: read at the span's start, and again at its end if the remote address was unknown. */
  connection?(call: Call): Attributes | undefined;
  /** Patches what the package leaves out; called once with its instrumentation, before that is enabled. */
  extend?(instrumentation: object): void;
  /** Functions whose patched form is made here of the package's: by name. */
  readonly wraps?: Readonly<
    Record<string, (row: PackageRow, original: AnyFunction, wrapper: (original: AnyFunction) => AnyFunction) => AnyFunction>
  >;
  /** Called with the result of every patched function while something may be recorded; returns what the caller gets. */
  returned?(call: Call): unknown;
}

export interface Call {
  readonly row: PackageRow;
  readonly receiver: unknown;
  readonly args: ArrayLike<unknown>;
  /** Undefined until the function has returned. */
  result: unknown;
}
