// Recorded calls in an SDK set-up of the user's own. The user's provider starts each span, under the parent object that the
// context holds, and that span is the one in the context of the call. Ours are the gate in front, the arguments, the errors and the
// entry in the table of open spans. Exceptions of the provider are logged (SPW010) and reach neither the program nor the counts.

import {
  type Attributes,
  type AttributeValue,
  type Context,
  type Link,
  type Span,
  type SpanContext,
  type SpanKind,
  type SpanStatus,
  type TimeInput,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { now } from '../captured.js';
import { SPAN_KEY, SpanLayer } from '../context/layer.js';
import { NOTHING } from '../context/transparent.js';
import type { Site } from '../site/site.js';
import { notice } from '../warnings.js';
import { cleanValue, REDACTED } from './attributes.js';
import { stackOfThrown, type Thrown } from './errors.js';
import { isLink, limitedLink } from './event.js';
import { reportFault } from './fault.js';
import type { Scope } from './host.js';
import { isRecorded, RecordedSpan } from './recorded.js';
import { Recorder, type SpanStart } from './recorder.js';
import type { SpanSink } from './sink.js';
import { anchorAt } from './time.js';
import { LocalTrace } from './trace.js';

/** The site whose span is being started by the user's provider. */
let starting: Site | undefined;

/** The site of the span that {@link ProviderRecorder} is starting; undefined for a span that other code starts. */
export function startingSite(): Site | undefined {
  return starting;
}

const SPAN_FAULT = "a span of the application's SDK";

class ProvidedSpan extends RecordedSpan {
  readonly #provided: Span;
  #endTime: TimeInput | undefined;

  constructor(
    site: Site,
    local: LocalTrace,
    parent: SpanContext | undefined,
    name: string,
    kind: SpanKind,
    scope: Scope,
    startMs: number,
    provided: Span,
  ) {
    super(site, local, parent, name, kind, scope, startMs);
    this.#provided = provided;
  }

  override get active(): Span {
    return this.#provided;
  }

  /** What the provider's span shows of its attributes; some providers show none. */
  override get attributes(): Attributes {
    return (this.#provided as { attributes?: Attributes }).attributes ?? super.attributes;
  }

  override spanContext(): SpanContext {
    return this.#provided.spanContext();
  }

  override setAttribute(key: string, value: AttributeValue): this {
    if (this.ended || typeof key !== 'string' || key === '') return this;
    const { limits } = this.recorder;
    const clean = limits.hides?.(key) ? REDACTED : cleanValue(value, limits);
    if (clean !== undefined) this.#write((span) => span.setAttribute(key, clean));
    return this;
  }

  override addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    if (!this.ended && typeof name === 'string') this.#write((span) => span.addEvent(name, attributesOrTime, time));
    return this;
  }

  override addLink(link: Link): this {
    if (this.ended || !isLink(link)) return this;
    const { context, attributes = {} } = limitedLink(link, this.recorder.limits);
    this.#write((span) => span.addLink({ context, attributes }));
    return this;
  }

  override setStatus(status: SpanStatus): this {
    const before = this.status;
    super.setStatus(status);
    if (this.status !== before) this.#write((span) => span.setStatus(this.status));
    return this;
  }

  override updateName(name: string): this {
    super.updateName(name);
    if (!this.ended) this.#write((span) => span.updateName(this.name));
    return this;
  }

  override end(endTime?: TimeInput): void {
    this.#endTime = endTime;
    super.end(endTime);
  }

  /** The provider has no way to discard a span that it has started: a short one is kept. */
  override endOrDiscard(_minimum: number): void {
    this.end();
  }

  /** Ends the provider's span. Called once, when the call has left the table of open spans. */
  endProvided(): void {
    this.#write((span) => span.end(this.#endTime));
  }

  /** Through `recordException`, because some providers derive their own error fields there. */
  protected override writeException(thrown: Thrown, time: TimeInput | undefined): void {
    const stack = stackOfThrown(thrown);
    const exception = { name: thrown.type, message: thrown.message, ...(stack === undefined ? {} : { stack }) };
    this.#write((span) => span.recordException(exception, time));
  }

  #write(change: (span: Span) => void): void {
    try {
      change(this.#provided);
    } catch (error) {
      reportFault(SPAN_FAULT, error);
    }
  }
}

/** Ends the provider's span when its call has ended; everything else of its life is the user's set-up. */
export class ProviderSink implements SpanSink {
  onStart(): void {}
  onEnd(span: RecordedSpan): void {
    (span as ProvidedSpan).endProvided();
  }
  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}

export class ProviderRecorder extends Recorder {
  /** The local trace of the last span, and those with open spans that another one has followed, by trace id. */
  #last: LocalTrace | undefined;
  readonly #traces = new Map<string, LocalTrace>();
  #provider: TracerProvider | undefined;
  #tracers = new WeakMap<Scope, Tracer>();

  override startChild(site: Site, parent: RecordedSpan, context: Context): RecordedSpan {
    return this.start(site, { context, parent });
  }

  override start(site: Site, start: SpanStart): RecordedSpan {
    const { context, parent, startTime, name = site.spanName, kind = site.kind, scope = this.scope } = start;
    const under = parentContext(context, parent);
    const provided = this.#startProvided(site, name, kind, scope, under, startTime);
    const parentSpanContext = isRecorded(parent) ? parent.spanContext() : parent;
    // where the provider failed, what the call starts stays under what was active
    const active = provided ?? (under.getValue(SPAN_KEY) as Span | undefined) ?? NOTHING;
    const at = now();
    const local = this.#traceOf(active.spanContext().traceId, at);
    const span = new ProvidedSpan(site, local, parentSpanContext, name, kind, scope, local.anchor + at, active);
    if (provided?.isRecording()) this.enter(span);
    else span.ended = true; // its identity still is the parent of what the call starts
    this.#forget(local);
    return span;
  }

  override finish(span: RecordedSpan): void {
    super.finish(span);
    this.#forget(span.trace);
  }

  #startProvided(
    site: Site,
    name: string,
    kind: SpanKind,
    scope: Scope,
    context: Context,
    startTime: TimeInput | undefined,
  ): Span | undefined {
    const before = starting;
    starting = site;
    try {
      const { attributes } = this.constant(site);
      const options = startTime === undefined ? { kind, attributes } : { kind, attributes, startTime };
      return this.#tracer(scope).startSpan(name, options, context);
    } catch (error) {
      reportFault(SPAN_FAULT, error);
      return undefined;
    } finally {
      starting = before;
    }
  }

  /** The tracer of the provider that is registered now: it may be registered after createSampler(). */
  #tracer(scope: Scope): Tracer {
    const global = trace.getTracerProvider() as TracerProvider & { getDelegate?(): TracerProvider };
    const provider = global.getDelegate?.() ?? global;
    if (provider !== this.#provider) {
      this.#provider = provider;
      if (provider.constructor?.name === 'NoopTracerProvider') reportNoProvider();
      this.#tracers = new WeakMap();
    }
    let tracer = this.#tracers.get(scope);
    if (tracer === undefined) {
      const { name, version, schemaUrl } = scope;
      tracer = provider.getTracer(name, version, schemaUrl === undefined ? {} : { schemaUrl });
      this.#tracers.set(scope, tracer);
    }
    return tracer;
  }

  #traceOf(id: string, at: number): LocalTrace {
    const last = this.#last;
    if (last?.id === id && last.open > 0) return last;
    if (last !== undefined && last.open > 0) this.#traces.set(last.id, last);
    const local =
      (this.#traces.size > 0 ? this.#traces.get(id) : undefined) ??
      new LocalTrace(this, this.gate.traces.take(), anchorAt(at), id, undefined, undefined);
    this.#last = local;
    return local;
  }

  #forget(local: LocalTrace): void {
    if (local.open === 0 && this.#traces.size > 0) this.#traces.delete(local.id);
  }
}

/** The context whose span is the parent, with the span object that the caller's context holds wherever it holds it. */
function parentContext(context: Context, parent: RecordedSpan | SpanContext | undefined): Context {
  const above = context.getValue(SPAN_KEY) as Span | undefined;
  if (parent === undefined) return above === undefined ? context : context.deleteValue(SPAN_KEY);
  if (isRecorded(parent)) return above === parent.active ? context : new SpanLayer(context, parent.active);
  return above?.spanContext().spanId === parent.spanId ? context : trace.setSpanContext(context, parent);
}

function reportNoProvider(): void {
  notice(
    'SPW035',
    'instrumented calls make no spans until there is one. Start your SDK, or use startTracing() where there is none; with several copies of @opentelemetry/api, it may be registered at another',
  );
}
