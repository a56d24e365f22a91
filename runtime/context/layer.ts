// A context that adds one span to another context. OpenTelemetry's own copies a Map for every value; the span is set once per
// recorded call, so it gets a layer of constant depth instead: a layer on a layer replaces it.

import { type Context, ROOT_CONTEXT, type Span } from '@opentelemetry/api';

/** The API derives the key from this description with Symbol.for, so that several copies of it agree. */
export const SPAN_KEY = Symbol.for('OpenTelemetry Context Key SPAN');
/** Set by exporters round their own calls (core, suppressTracing). */
export const SUPPRESS_KEY = Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/** A local binding, because an imported binding of the API is read by a call of a getter. */
const root: Context = ROOT_CONTEXT;

/** The context of Spanwright's exports: nothing in it is recorded. One object, so that it is recognized by identity. */
export const SILENCED = ROOT_CONTEXT.setValue(SUPPRESS_KEY, true);

/**
 * Set on a context once it is known to be below an unsampled parent. Nothing below is recorded, and calls that share the context need no
 * further check.
 */
export const UNSAMPLED = Symbol.for('spanwright.unsampled.1');

/** Marks layers of every copy of the package, where `instanceof` knows only its own. */
const LAYER = Symbol.for('spanwright.layer.1');

export class SpanLayer implements Context {
  declare readonly [LAYER]: true;
  readonly base: Context;
  readonly suppressed: boolean;
  [UNSAMPLED]: boolean = false;

  constructor(
    context: Context,
    readonly span: Span,
  ) {
    if (isLayer(context)) {
      this.base = context.base;
      this.suppressed = context.suppressed;
    } else {
      this.base = context;
      this.suppressed = context !== root && context.getValue(SUPPRESS_KEY) === true;
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

Object.defineProperty(SpanLayer.prototype, LAYER, { value: true });

export function isLayer(context: Context): context is SpanLayer {
  return (context as SpanLayer)[LAYER] === true;
}
