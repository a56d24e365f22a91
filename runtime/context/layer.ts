// A context that adds one span to another context. OpenTelemetry's own copies a Map for every value; spans are the value that
// is set once per recorded call, so they get a layer of constant depth instead: a layer on a layer replaces it.

import { type Context, ROOT_CONTEXT, type Span } from '@opentelemetry/api';

/** The API derives the key from this description with Symbol.for, so that several copies of it agree. */
export const SPAN_KEY = Symbol.for('OpenTelemetry Context Key SPAN');
/** Set by exporters round their own calls (core, suppressTracing). */
export const SUPPRESS_KEY = Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/** The context of our own exports: nothing in it is recorded. One for all, so that it is known again. */
export const SILENCED = ROOT_CONTEXT.setValue(SUPPRESS_KEY, true);

export class SpanLayer implements Context {
  readonly base: Context;
  readonly suppressed: boolean;

  constructor(
    context: Context,
    readonly span: Span,
  ) {
    if (context instanceof SpanLayer) {
      this.base = context.base;
      this.suppressed = context.suppressed;
    } else {
      this.base = context;
      this.suppressed = context !== ROOT_CONTEXT && context.getValue(SUPPRESS_KEY) === true;
    }
  }

  getValue(key: symbol): unknown {
    return key === SPAN_KEY ? this.span : this.base.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return key === SPAN_KEY && value
      ? new SpanLayer(this, value as Span)
      : this.base.setValue(SPAN_KEY, this.span).setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return key === SPAN_KEY ? this.base.deleteValue(SPAN_KEY) : this.base.setValue(SPAN_KEY, this.span).deleteValue(key);
  }
}
