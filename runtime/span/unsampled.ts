// The span of a root that the ratio leaves out, with all spans below it. Its trace id is propagated without the sampled flag. The span id is
// drawn when something asks for it, because most requests of a service ask for none.

import type { SpanContext } from '@opentelemetry/api';
import { runUnder } from '../context/active.js';
import { SilentSpan } from '../context/transparent.js';
import { RANDOM } from '../propagation/traceparent.js';
import { newSpanId, withoutThreshold } from './identity.js';

export class UnsampledSpan extends SilentSpan {
  private context: SpanContext | undefined = undefined;

  /** @param remote the parent whose trace continues, and whose own decision is ignored */
  constructor(
    private readonly traceId: string,
    private readonly remote: SpanContext | undefined,
  ) {
    super();
  }

  spanContext(): SpanContext {
    this.context ??= this.identity();
    return this.context;
  }

  private identity(): SpanContext {
    const traceId = this.traceId;
    if (this.remote === undefined) return { traceId, spanId: newSpanId(), traceFlags: RANDOM };
    const { spanId, traceFlags, traceState } = this.remote;
    const passedOn = withoutThreshold(traceState);
    return { traceId, spanId, traceFlags: traceFlags & RANDOM, ...(passedOn && { traceState: passedOn }) };
  }

  /** Runs `work` with the span active, so that nothing in it starts a trace of its own. */
  override run<Result>(work: () => Result): Result {
    return runUnder(this, work);
  }
}
