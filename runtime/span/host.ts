// Contract between a recorded span and the recorder that made it, below both.

import type { Resource } from '../sdk/contracts.js';
import type { ConstantAttributes, Site } from '../site/site.js';
import type { SpanLimits } from './attributes.js';

/** Instrumentation scope, as exporters read it. */
export interface Scope {
  readonly name: string;
  readonly version?: string;
  readonly schemaUrl?: string;
}

/** Services that a recorded span takes from its recorder. @typeParam Span the recorded span */
export interface SpanHost<Span> {
  readonly limits: SpanLimits;
  /** Undefined where another SDK exports the spans. */
  readonly resource: Resource | undefined;
  readonly statusOf?: ((error: unknown) => number | undefined) | undefined;
  constant(site: Site): ConstantAttributes;
  /** Ends the span. Called once, by the span itself. */
  finish(span: Span): void;
  /** Ends the span without exporting it. */
  discard(span: Span): void;
  /** Discards a span that should not have started. */
  forget(span: Span): void;
}
