// State shared by the spans of one local trace: the id, the clock's anchor, the errors recorded so far, and the lifetime token
// that keeps the gate from becoming idle while any of them can still be a parent.

import { type SpanContext, TraceFlags, type TraceState } from '@opentelemetry/api';
import { isSame } from '../captured.js';
import { LOCAL_TRACE } from '../context/origin.js';
import type { LifetimeToken } from '../gate/lifetime-tokens.js';
import type { TraceLife } from '../gate/under-way.js';
import { RANDOM } from '../propagation/traceparent.js';
import type { SpanHost } from './host.js';
import { newSpanId, newTraceId } from './identity.js';

/** A local binding, because an imported binding of the API is read by a call of a getter. */
const { SAMPLED } = TraceFlags;

export class LocalTrace implements TraceLife {
  declare readonly [LOCAL_TRACE]: true;
  readonly id: string;
  /** Trace flags of its spans: sampled, and random where the id is. */
  readonly flags: number;
  open = 0;
  endedAt = 0;
  /** Errors that some span of this trace has recorded as an exception, held weakly: a trace may live for days. */
  #errors: WeakSet<object> | undefined;
  /** The last primitive that was thrown; a primitive has no identity, so a second one of the same value counts as the same. */
  #primitive: { readonly value: unknown } | undefined;

  constructor(
    // biome-ignore lint/suspicious/noExplicitAny: the type of the spans, which are above this file
    readonly recorder: SpanHost<any>,
    readonly token: LifetimeToken,
    /** Milliseconds to add to `performance.now()` for the time of day: one for the local trace, so that its spans agree. */
    readonly anchor: number,
    id: string | undefined,
    readonly traceState: TraceState | undefined,
    /** Flags of the span that gave the id; undefined: the id is drawn here, at random. */
    upstreamFlags: number | undefined,
  ) {
    this.id = id ?? newTraceId();
    this.flags = SAMPLED | (upstreamFlags === undefined ? RANDOM : upstreamFlags & RANDOM);
  }

  /** Identity of a further span. */
  newIdentity(): SpanContext {
    const { id: traceId, flags: traceFlags, traceState } = this;
    const spanId = newSpanId();
    // two literals: a spread costs more than the rest of a span
    return traceState === undefined ? { traceId, spanId, traceFlags } : { traceId, spanId, traceFlags, traceState };
  }

  /** True the first time that an error is seen in this trace. */
  isNew(error: unknown): boolean {
    if ((typeof error !== 'object' && typeof error !== 'function') || error === null) {
      if (this.#primitive !== undefined && isSame(this.#primitive.value, error)) return false;
      this.#primitive = { value: error };
      return true;
    }
    this.#errors ??= new WeakSet();
    if (this.#errors.has(error)) return false;
    this.#errors.add(error);
    return true;
  }

  /** The next error is new, for a trace that is used again. */
  forgetErrors(): void {
    this.#errors = undefined;
    this.#primitive = undefined;
  }
}

Object.defineProperty(LocalTrace.prototype, LOCAL_TRACE, { value: true });
