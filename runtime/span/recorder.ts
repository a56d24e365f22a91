// Makes recorded spans and takes them back when they end. There is one while tracing is built, none otherwise. It knows where
// ended spans go (OpenTelemetry span processors), what all spans share, and the table of open ones.

import {
  type Attributes,
  type Context,
  type SpanContext,
  type SpanKind,
  SpanStatusCode,
  type TimeInput,
  type TraceState,
} from '@opentelemetry/api';
import type { Gate } from '../gate/gate.js';
import type { LeaseMeter } from '../gate/lease.js';
import { type RecentErrors, SiteStatistics } from '../open/statistics.js';
import type { OpenTable } from '../open/table.js';
import type { Site } from '../site/site.js';
import { REDACTED, type SpanLimits } from './attributes.js';
import { RecordedSpan } from './recorded.js';
import { anchorAt, fromTimeInput } from './time.js';
import { LocalTrace } from './trace.js';

/** Instrumentation scope, as exporters read it. */
export interface Scope {
  readonly name: string;
  readonly version?: string;
  readonly schemaUrl?: string;
}

/** The part of OpenTelemetry's SpanProcessor that is called here; SDK 2.x and 3.x agree on it. */
export interface SpanSink {
  onStart(span: never, context: Context): void;
  onEnding?(span: never): void;
  onEnd(span: never): void;
  /** The span was taken back: it will not end. */
  onDiscard?(span: never): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

export class Recorder {
  /** Attributes of sites of which some are hidden, by what the site has. */
  readonly #shown = new WeakMap<Attributes, Attributes>();

  constructor(
    readonly gate: Gate,
    readonly open: OpenTable,
    readonly meter: LeaseMeter,
    readonly recentErrors: RecentErrors,
    readonly resource: unknown,
    /** Scope of the spans of instrumented code. */
    readonly scope: Scope,
    readonly limits: SpanLimits,
    /** Where spans go. It guards itself: it does not throw. */
    private readonly sink: SpanSink,
    /** True: the user's SDK decides the ratio, on the trace id that it draws, and whether a span under one of its own is recorded. */
    readonly defersRatio = false,
  ) {}

  /** The fixed attributes of the site as they may be seen. Where the code stands is never hidden. */
  shown(site: Site): Attributes {
    const { hides } = this.limits;
    if (hides === undefined) return site.attributes;
    let shown = this.#shown.get(site.attributes);
    if (shown === undefined) {
      const seen = (key: string) => key.startsWith('code.') || !hides(key);
      shown = Object.fromEntries(Object.entries(site.attributes).map(([key, value]) => [key, seen(key) ? value : REDACTED]));
      // the same object where nothing is hidden: the encoder keeps what it made of it
      if (Object.keys(shown).every((key) => shown?.[key] === site.attributes[key])) shown = site.attributes;
      this.#shown.set(site.attributes, Object.freeze(shown));
    }
    return shown;
  }

  /** False when `maxOpenSpans` are open, or the namespace has its share: the caller stays transparent. The refusal is counted. */
  hasRoom(site: Site): boolean {
    const room = this.open.hasRoom(site.namespace);
    if (!room) site.refused++;
    return room;
  }

  /**
   * Starts a span. The trace goes on under `parent`, recorded here or remote, or begins.
   * @param traceId the id already drawn for a trace whose ratio was decided on it
   */
  start(
    site: Site,
    name: string,
    kind: SpanKind,
    scope: Scope,
    context: Context,
    parent: RecordedSpan | SpanContext | undefined,
    startTime: TimeInput | undefined,
    traceId: string | undefined,
    traceState: TraceState | undefined,
  ): RecordedSpan {
    const now = performance.now();
    let trace: LocalTrace;
    let parentContext: SpanContext | undefined;
    if (parent instanceof RecordedSpan) {
      trace = parent.trace;
      parentContext = parent.spanContext();
    } else {
      parentContext = parent;
      const id = parent?.traceId ?? traceId;
      trace = new LocalTrace(this, this.gate.traces.take(), anchorAt(now), id, traceState ?? parent?.traceState);
    }
    const startMs = startTime === undefined ? trace.anchor + now : fromTimeInput(startTime, trace.anchor);
    const span = new RecordedSpan(site, trace, parentContext, name, kind, scope, startMs);
    this.enter(span);
    this.sink.onStart(span as never, context);
    return span;
  }

  protected enter(span: RecordedSpan): void {
    const { site } = span;
    this.open.enter(span);
    this.gate.underWay.enter(span.trace);
    if (this.gate.idle) this.gate.refresh(); // a caller's trace, taken up while the flag is off: what is below it records too
    site.open++;
    site.started++;
    if (this.meter.metered) this.meter.count(this.open.started, this.open.count);
  }

  /** Called by the span itself, once. */
  finish(span: RecordedSpan): void {
    this.sink.onEnding?.(span as never);
    this.#close(span);
    this.sink.onEnd(span as never);
  }

  /** Takes a span back that is not worth keeping: it was open, and nobody hears of it. */
  discard(span: RecordedSpan): void {
    this.#close(span);
    this.sink.onDiscard?.(span as never);
  }

  /** Takes a span back that should not have started. */
  forget(span: RecordedSpan): void {
    span.ended = true;
    this.open.retract(span);
    this.gate.underWay.leave(span.trace);
    span.site.open--;
    span.site.started--;
    this.sink.onDiscard?.(span as never);
  }

  #close(span: RecordedSpan): void {
    span.ended = true;
    this.open.leave(span);
    this.gate.underWay.leave(span.trace);
    const { site } = span;
    site.open--;
    const failed = span.status.code === SpanStatusCode.ERROR;
    if (failed) site.errors++;
    site.statistics ??= new SiteStatistics();
    const sample = site.statistics.count(span, span.durationMs, span.startMs + span.durationMs - span.trace.anchor, failed);
    if (failed && sample !== undefined) this.recentErrors.add(sample);
  }

  forceFlush(): Promise<void> {
    return this.sink.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.sink.shutdown();
  }
}

/** Tells nobody until start-up says whom. */
let reportFault: (where: string, error: unknown) => void = () => {};

/** Where faults of processors and callbacks are told; set by start-up to the one place that speaks. */
export function onFault(report: (where: string, error: unknown) => void): void {
  reportFault = report;
}

/** Tells a fault of a processor or of a callback of the user's: once per cause and minute, never into the program. */
export function tellFault(where: string, error: unknown): void {
  reportFault(where, error);
}
