// Where recorded spans go when the user has an SDK set-up of their own: each gets a twin from the user's tracer provider, with
// the same parent, times, attributes, links, events and status, so that the user's sampler, processors and exporters see it as
// theirs. What those throw is told, and reaches neither the program nor the accounting.

import { type Context, type Span, trace } from '@opentelemetry/api';
import { SPAN_KEY } from '../context/layer.js';
import type { RecordedSpan } from './recorded.js';
import { type SpanSink, tellFault } from './recorder.js';

let mirroring = false;

/** True while a twin is being started: whoever counts the SDK's spans must not count it again. */
export function isMirroring(): boolean {
  return mirroring;
}

export class MirrorSink implements SpanSink {
  readonly #twins = new WeakMap<RecordedSpan, Span>();

  onStart(span: never, context: Context): void {
    mirroring = true;
    try {
      this.#start(span as RecordedSpan, context);
    } catch (error) {
      tellFault('a span of the SDK', error);
    } finally {
      mirroring = false;
    }
  }

  onEnd(span: never): void {
    try {
      this.#end(span as RecordedSpan);
    } catch (error) {
      tellFault('the end of a span of the SDK', error);
    }
  }

  #start(span: RecordedSpan, context: Context): void {
    const { name, version, schemaUrl } = span.instrumentationScope;
    const tracer = trace.getTracerProvider().getTracer(name, version, schemaUrl === undefined ? {} : { schemaUrl });
    const parent = span.parentSpanContext;
    const under = parent === undefined ? context.deleteValue(SPAN_KEY) : trace.setSpanContext(context, parent);
    const options = { kind: span.kind, startTime: span.startMs, attributes: span.attributes };
    const twin = tracer.startSpan(span.name, options, under);
    this.#twins.set(span, twin);
    span.adopt(twin.spanContext());
  }

  #end(span: RecordedSpan): void {
    const twin = this.#twins.get(span);
    if (twin === undefined) return;
    twin.setAttributes(span.attributes);
    for (const event of span.events) twin.addEvent(event.name, event.attributes, event.time);
    twin.addLinks(span.links);
    twin.setStatus(span.status);
    twin.updateName(span.name);
    twin.end(span.endTime);
  }

  /** The user's own set-up flushes and shuts down. */
  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}
