// Spans that ignore all writes. A transparent span is a stand-in for one that is not created: a third-party tracer that may not record gets
// a span with the identity of its nearest ancestor, so that children attach to that ancestor and what is sent downstream is unchanged.

import {
  type Attributes,
  type Exception,
  INVALID_SPAN_CONTEXT,
  type Link,
  type Span,
  type SpanContext,
  type SpanStatus,
  type TimeInput,
} from '@opentelemetry/api';

/** Marks transparent spans of every copy of the package, where `instanceof` knows only its own. */
const TRANSPARENT = Symbol.for('spanwright.transparent.1');

/** A span that records nothing. */
export abstract class SilentSpan implements Span {
  abstract spanContext(): SpanContext;
  isRecording(): boolean {
    return false;
  }
  setAttribute(_key: string, _value: unknown): this {
    return this;
  }
  setAttributes(_attributes: Attributes): this {
    return this;
  }
  addEvent(_name: string, _attributes?: Attributes | TimeInput, _time?: TimeInput): this {
    return this;
  }
  addLink(_link: Link): this {
    return this;
  }
  addLinks(_links: Link[]): this {
    return this;
  }
  setStatus(_status: SpanStatus): this {
    return this;
  }
  updateName(_name: string): this {
    return this;
  }
  end(_time?: TimeInput): void {}
  recordException(_exception: Exception, _time?: TimeInput): void {}
  recordFailure(_error: unknown): void {}
  run<Result>(work: () => Result): Result {
    return work();
  }
  [Symbol.dispose](): void {}
  async [Symbol.asyncDispose](): Promise<void> {}
}

export class TransparentSpan extends SilentSpan {
  declare readonly [TRANSPARENT]: true;

  /** @param ancestor the span of the context that the call was made in */
  constructor(readonly ancestor: Span | undefined) {
    super();
  }

  spanContext(): SpanContext {
    return this.ancestor === undefined ? INVALID_SPAN_CONTEXT : this.ancestor.spanContext();
  }
}

Object.defineProperty(TransparentSpan.prototype, TRANSPARENT, { value: true });

export function isTransparent(span: Span): span is TransparentSpan {
  return (span as TransparentSpan)[TRANSPARENT] === true;
}

/** Shared by all calls without an ancestor. */
export const NOTHING = new TransparentSpan(undefined);

/** The span that children get as parent. */
export function throughTransparent(span: Span | undefined): Span | undefined {
  return span !== undefined && isTransparent(span) ? span.ancestor : span;
}
