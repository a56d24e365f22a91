// The mark of a span that the sampler left out although its trace goes on: dropped, off by a rule, not a root, or asked for while
// the flag was off. An SDK's sampler cannot be transparent, because the SDK creates a non-recording span in any case. The trace
// state of that span is the only part that the sampler chooses, so it carries the nearest recorded ancestor.

import { createTraceState, type Span, type SpanContext, type TraceState } from '@opentelemetry/api';

/** Shared by all copies of this package. */
const ANCESTOR = Symbol.for('spanwright.skipped.1');

/** The trace state of the ancestor, or an empty one, with a reference to the ancestor itself. */
export class SkippedTraceState implements TraceState {
  readonly #shown: TraceState;

  /** @param ancestor undefined where the skipped span would have been a root */
  constructor(
    readonly ancestor: Span | undefined,
    shown: TraceState | undefined,
  ) {
    this.#shown = shown ?? createTraceState();
  }

  get [ANCESTOR](): true {
    return true;
  }
  set(key: string, value: string): TraceState {
    return this.#shown.set(key, value);
  }
  unset(key: string): TraceState {
    return this.#shown.unset(key);
  }
  get(key: string): string | undefined {
    return this.#shown.get(key);
  }
  serialize(): string {
    return this.#shown.serialize();
  }
}

/** The ancestor that a skipped span's context carries; undefined for any other context. */
export function skippedIn(context: SpanContext): { readonly ancestor: Span | undefined } | undefined {
  const state = context.traceState as (TraceState & { [ANCESTOR]?: true; ancestor?: Span }) | undefined;
  return state?.[ANCESTOR] === true ? { ancestor: state.ancestor } : undefined;
}

/** The span that children get as parent in an SDK set-up of the user's own. */
export function throughSkipped(span: Span | undefined): Span | undefined {
  if (span === undefined || span.isRecording()) return span;
  const skipped = skippedIn(span.spanContext());
  return skipped === undefined ? span : skipped.ancestor;
}
