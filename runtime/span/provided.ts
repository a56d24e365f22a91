// Recorded calls in an SDK set-up of the user's own. The user's provider starts each span, under the parent object that the
// context holds, and that span is the one in the context of the call. Spanwright adds the gate in front, the arguments, the errors
// and the entry in the table of open spans. Exceptions of the provider are logged (SPW010) and reach neither the program nor the
// counts.

import {
  type Context,
  type Span,
  type SpanContext,
  type SpanKind,
  type SpanOptions,
  type TimeInput,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { now, wallClock } from '../captured.js';
import { SPAN_KEY, SpanLayer } from '../context/layer.js';
import { NOTHING } from '../context/transparent.js';
import { reportFault } from '../fault.js';
import { abandoned } from '../open/abandoned.js';
import type { ConstantAttributes, Site } from '../site/site.js';
import { notice } from '../warnings.js';
import { applicationCode } from './callback.js';
import type { Scope } from './host.js';
import { ProvidedSpan, SPAN_FAULT, shownStart } from './provided-span.js';
import { isRecorded, type RecordedSpan } from './recorded.js';
import { Recorder, type SpanStart } from './recorder.js';
import type { SpanSink } from './sink.js';
import { anchorAt } from './time.js';
import { LocalTrace } from './trace.js';

/** Local bindings, because reading an imported one can be a call of a getter. */
const api = trace;
const application = applicationCode;
const faulty = abandoned;

/** The site whose span is being started by the user's provider. */
let starting: Site | undefined;

/** The site of the span that {@link ProviderRecorder} is starting; undefined for a span that other code starts. */
export function startingSite(): Site | undefined {
  return starting;
}

/** The sampler of createSampler(), and the attributes that it adds to the span that is being started. */
const asked: { sampler: object | undefined; attributes: ConstantAttributes | undefined } = {
  sampler: undefined,
  attributes: undefined,
};

/** @param sampler is called first, and returns the attributes that {@link takeAttributes} returns */
export function answersAttributes(sampler: object): void {
  asked.sampler = sampler;
}

/** Attributes that the sampler adds to the span, once; undefined where the tracer was given them. */
export function takeAttributes(): ConstantAttributes | undefined {
  const { attributes } = asked;
  asked.attributes = undefined;
  return attributes;
}

/** Spans of the provider are exported by the user's set-up. */
export class ProviderSink implements SpanSink {
  onStart(): void {}
  onEnd(): void {}
  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}

export class ProviderRecorder extends Recorder {
  /** The local trace of the last span, and those with open spans that another one has followed, by trace id. */
  #last: LocalTrace | undefined;
  readonly #traces = new Map<string, LocalTrace>();
  #provider: TracerProvider | undefined;
  #tracers = new WeakMap<Scope, Tracer>();
  /** The tracer of the last span, and its scope. */
  #tracer: Tracer | undefined;
  #scope: Scope | undefined;
  /** True: the tracer calls createSampler()'s sampler itself, so that nothing between them reads the attributes. */
  #asksOurs = false;
  /** Start of the span at which the clock was last read, in milliseconds since the epoch. */
  #anchoredMs = Number.NEGATIVE_INFINITY;
  #anchor = 0;

  override startChild(site: Site, parent: RecordedSpan, context: Context): RecordedSpan {
    return this.start(site, { context, parent });
  }

  override start(site: Site, start: SpanStart): RecordedSpan {
    const { context, parent, startTime, name = site.spanName, kind = site.kind, scope = this.scope } = start;
    const under = parentContext(context, parent);
    const provided = this.#startProvided(site, name, kind, scope, under, startTime);
    const parentSpanContext = isRecorded(parent) ? parent.spanContext() : parent;
    // where the provider failed, children of the call get the active span as parent
    const active = provided ?? (under.getValue(SPAN_KEY) as Span | undefined) ?? NOTHING;
    const shown = provided === undefined ? Number.NaN : shownStart(provided);
    const at = shown >= 0 ? Number.NaN : now();
    const startMs = shown >= 0 ? shown : anchorAt(at) + at;
    const local = this.#traceOf(active.spanContext().traceId, startMs);
    const parts = { site, trace: local, parentSpanContext, name, kind, instrumentationScope: scope, startMs };
    const span = new ProvidedSpan(parts, active);
    span.startedAt = at;
    try {
      if (provided?.isRecording()) this.enter(span);
      else span.ended = true; // its identity still is the parent of spans that the call starts
      this.#forget(local);
    } catch (fault) {
      // nothing is called here, because the stack may be full
      span.isAbandoned = true;
      faulty.any = true;
      throw fault;
    }
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
    const outer = starting;
    starting = site;
    const before = application.running;
    application.running = true;
    try {
      const tracer = this.#tracerOf(scope);
      const constant = this.constant(site);
      // the SDK copies given attributes twice, before and after it calls its sampler, and those of the sampler once
      const attributes = this.#asksOurs && site.ratio === 1 ? undefined : constant.attributes;
      asked.attributes = attributes === undefined ? constant : undefined;
      const options = startTime === undefined ? { kind, attributes } : { kind, attributes, startTime };
      return tracer.startSpan(name, options as SpanOptions, context);
    } catch (error) {
      reportFault(SPAN_FAULT, error);
      return undefined;
    } finally {
      application.running = before;
      starting = outer;
    }
  }

  /** The tracer of the provider that is registered now: it may be registered after createSampler(). */
  #tracerOf(scope: Scope): Tracer {
    const global = api.getTracerProvider() as TracerProvider & { getDelegate?(): TracerProvider };
    const provider = global.getDelegate?.() ?? global;
    if (provider !== this.#provider) {
      this.#provider = provider;
      if (provider.constructor?.name === 'NoopTracerProvider') reportNoProvider();
      this.#tracers = new WeakMap();
    } else if (this.#scope === scope && this.#tracer !== undefined) return this.#tracer;
    let tracer = this.#tracers.get(scope);
    if (tracer === undefined) {
      const { name, version, schemaUrl } = scope;
      tracer = provider.getTracer(name, version, schemaUrl === undefined ? {} : { schemaUrl });
      this.#tracers.set(scope, tracer);
    }
    this.#tracer = tracer;
    this.#scope = scope;
    const { sampler } = asked;
    this.#asksOurs = sampler !== undefined && (tracer as { _sampler?: unknown })._sampler === sampler;
    return tracer;
  }

  #traceOf(id: string, startMs: number): LocalTrace {
    const last = this.#last;
    if (last?.id === id && last.open > 0) return last;
    const anchor = this.#anchorAt(startMs);
    // successive calls under one span of the application
    if (last?.id === id && last.anchor === anchor) {
      last.forgetErrors();
      return last;
    }
    if (last !== undefined && last.open > 0) this.#traces.set(last.id, last);
    const local = this.#traces.get(id) ?? new LocalTrace(this, this.gate.traces.take(), anchor, id, undefined, undefined);
    this.#last = local;
    return local;
  }

  /** Milliseconds to add to the monotonic clock for the time of day: read again at most once a second. */
  #anchorAt(startMs: number): number {
    const since = startMs - this.#anchoredMs;
    if (!(since >= 0 && since <= 1000)) {
      this.#anchor = wallClock() - now();
      this.#anchoredMs = startMs;
    }
    return this.#anchor;
  }

  #forget(local: LocalTrace): void {
    if (local.open === 0) this.#traces.delete(local.id);
  }
}

/** The context whose span is the parent. If the caller's context holds the parent, its span object is kept. */
function parentContext(context: Context, parent: RecordedSpan | SpanContext | undefined): Context {
  const above = context.getValue(SPAN_KEY) as Span | undefined;
  if (parent === undefined) return above === undefined ? context : context.deleteValue(SPAN_KEY);
  if (isRecorded(parent)) return above === parent.active ? context : new SpanLayer(context, parent.active);
  return above?.spanContext().spanId === parent.spanId ? context : trace.setSpanContext(context, parent);
}

function reportNoProvider(): void {
  notice(
    'SPW035',
    'instrumented calls create no spans until one is registered. Start your SDK, or use startTracing() where there is none; with several copies of @opentelemetry/api, it may be registered at another copy',
  );
}
