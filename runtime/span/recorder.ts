// Makes recorded spans and ends them. There is one recorder while tracing is built. It knows where ended spans go (OpenTelemetry
// span processors), what all spans share, and the table of open ones.

import {
  type Context,
  type SpanContext,
  type SpanKind,
  SpanStatusCode,
  type TimeInput,
  type TraceState,
} from '@opentelemetry/api';
import { freeze, keysOf, now } from '../captured.js';
import { METER_FAULT, reportFault } from '../fault.js';
import type { Gate } from '../gate/gate.js';
import type { LeaseMeter } from '../gate/lease.js';
import { abandoned } from '../open/abandoned.js';
import type { OpenTable } from '../open/table.js';
import type { Resource } from '../sdk/contracts.js';
import type { AnyFunction, ConstantAttributes, Site } from '../site/site.js';
import { type RecentErrors, SiteStatistics } from '../site/statistics.js';
import { cleanAttributes, type SpanLimits } from './attributes.js';
import { untraced } from './callback.js';
import { releaseErrors } from './events.js';
import type { Scope, SpanHost } from './host.js';
import { isRecorded, RecordedSpan } from './recorded.js';
import type { SpanSink } from './sink.js';
import { anchorAt, fromTimeInput } from './time.js';
import { LocalTrace } from './trace.js';

/** Local bindings, because reading an imported one can be a call of a getter, which costs and for which a full stack has no room. */
const faulty = abandoned;
const { ERROR } = SpanStatusCode;

interface RecorderParts {
  readonly gate: Gate;
  readonly open: OpenTable;
  readonly meter: LeaseMeter;
  readonly recentErrors: RecentErrors;
  readonly resource: Resource | undefined;
  /** Scope of the spans of instrumented code. */
  readonly scope: Scope;
  readonly limits: SpanLimits;
  readonly sink: SpanSink;
  /** True: the user's SDK decides the ratio, on the trace id that it draws, and whether a span under one of its own is recorded. */
  readonly defersRatio: boolean;
}

/** A span to start. The trace continues under `parent`, recorded here or remote, or starts. */
export interface SpanStart {
  readonly context: Context;
  readonly parent: RecordedSpan | SpanContext | undefined;
  /** Default the site's. */
  readonly name?: string | undefined;
  readonly kind?: SpanKind | undefined;
  /** Default: the scope of instrumented code. */
  readonly scope?: Scope | undefined;
  readonly startTime?: TimeInput | undefined;
  /** The id already drawn for a trace whose ratio was decided on it. */
  readonly traceId?: string | undefined;
  /** Flags of the upstream span whose trace this span joins without a parent. */
  readonly traceFlags?: number | undefined;
  readonly traceState?: TraceState | undefined;
}

export class Recorder implements SpanHost<RecordedSpan> {
  readonly gate: Gate;
  readonly open: OpenTable;
  readonly meter: LeaseMeter;
  readonly recentErrors: RecentErrors;
  readonly resource: Resource | undefined;
  readonly scope: Scope;
  readonly limits: SpanLimits;
  readonly defersRatio: boolean;
  /** Called with each ended call, while a meter provider is registered. */
  onDuration: ((span: Pick<RecordedSpan, 'site' | 'active'>, ms: number) => void) | undefined;
  /** The HTTP status of an exception, where a framework is known: below 500 the call has not failed. Never throws. */
  statusOf: ((error: unknown) => number | undefined) | undefined;
  readonly #sink: SpanSink;

  constructor(parts: RecorderParts) {
    this.gate = parts.gate;
    this.open = parts.open;
    this.meter = parts.meter;
    this.recentErrors = parts.recentErrors;
    this.resource = parts.resource;
    this.scope = parts.scope;
    this.limits = parts.limits;
    this.defersRatio = parts.defersRatio;
    this.#sink = parts.sink;
  }

  /** The fixed attributes of the site within the limits, hidden values replaced. */
  constant(site: Site): ConstantAttributes {
    const { constant } = site;
    if (constant !== undefined && constant.from === site.attributes && constant.limits === this.limits) return constant;
    site.constant = withinLimits(site, this.limits);
    return site.constant;
  }

  /**
   * False when `maxOpenSpans` are open, the namespace has its share, or as many recorded calls as `maxCallDepth` are on the stack: the caller stays
   * transparent. The refusal is counted.
   */
  hasRoom(site: Site, depth = 0): boolean {
    if (depth >= this.limits.callDepth) {
      this.open.tooDeep++;
      return false;
    }
    const room = this.open.hasRoom(site.namespace);
    if (!room) site.refused++;
    return room;
  }

  /** Starts a span under a recorded one, with the site's own name and kind: the common case, without a record to allocate. */
  startChild(site: Site, parent: RecordedSpan, context: Context): RecordedSpan {
    const { trace } = parent;
    const startMs = trace.anchor + now();
    const span = new RecordedSpan({
      site,
      trace,
      parentSpanContext: parent.spanContext(),
      name: site.spanName,
      kind: site.kind,
      instrumentationScope: this.scope,
      startMs,
    });
    this.#announce(span, context);
    return span;
  }

  /** Starts a span. */
  start(site: Site, start: SpanStart): RecordedSpan {
    const { context, parent, startTime } = start;
    const at = now();
    const recorded = isRecorded(parent);
    const trace = recorded ? parent.trace : this.#traceUnder(parent, start, at);
    const startMs = startTime === undefined ? trace.anchor + at : fromTimeInput(startTime, trace.anchor);
    const { name = site.spanName, kind = site.kind, scope: instrumentationScope = this.scope } = start;
    const parentSpanContext = recorded ? parent.spanContext() : parent;
    const span = new RecordedSpan({ site, trace, parentSpanContext, name, kind, instrumentationScope, startMs });
    this.#announce(span, context);
    return span;
  }

  #traceUnder(parent: SpanContext | undefined, start: SpanStart, at: number): LocalTrace {
    const id = parent?.traceId ?? start.traceId;
    const flags = parent?.traceFlags ?? start.traceFlags;
    return new LocalTrace(this, this.gate.traces.take(), anchorAt(at), id, start.traceState ?? parent?.traceState, flags);
  }

  #announce(span: RecordedSpan, context: Context): void {
    try {
      this.enter(span);
      this.#sink.onStart(span, context);
    } catch (fault) {
      // nothing is called here, because the stack may be full
      span.isAbandoned = true;
      faulty.any = true;
      throw fault;
    }
  }

  /** Counts the span as open. */
  protected enter(span: RecordedSpan): void {
    const { site, trace } = span;
    this.gate.underWay.enter(trace);
    site.open++;
    site.started++;
    try {
      this.open.enter(span);
    } catch (fault) {
      if (!span.listed) {
        site.open--;
        site.started--;
        this.gate.underWay.leave(trace);
      }
      throw fault;
    }
    if (this.gate.idle) this.gate.refresh(); // a remote caller's trace, continued while the flag is off: calls below it record too
    if (this.meter.metered) this.meter.count(this.open.started, this.open.count);
  }

  #retract(span: RecordedSpan): void {
    span.ended = true;
    this.open.retract(span);
    this.gate.underWay.leave(span.trace);
    span.site.open--;
    span.site.started--;
  }

  /** Called by the span itself, once. */
  finish(span: RecordedSpan): void {
    this.#sink.onEnding?.(span);
    this.#close(span);
    this.#sink.onEnd(span);
  }

  /** Discards an ended span without exporting it (see `minDuration`). */
  discard(span: RecordedSpan): void {
    this.#close(span);
    releaseErrors(span);
    this.#sink.onDiscard?.(span);
  }

  /** Discards a span that should not have started. */
  forget(span: RecordedSpan): void {
    this.#retract(span);
    this.#sink.onDiscard?.(span);
  }

  #close(span: RecordedSpan): void {
    const { site } = span;
    this.open.leave(span);
    span.ended = true;
    span.awaited = undefined;
    site.open--;
    this.gate.underWay.leave(span.trace);
    const failed = span.status.code === ERROR;
    if (failed) site.errors++;
    site.statistics ??= new SiteStatistics();
    const { durationMs } = span;
    const sample = site.statistics.count(span, durationMs, span.startMs + durationMs - span.trace.anchor, failed);
    // one row per failure; callers that pass it on add none
    if (failed && sample !== undefined && !span.passedOn) this.recentErrors.add(sample);
    if (this.onDuration !== undefined) this.#measure(this.onDuration, span, durationMs);
  }

  /** A meter that fails costs the measurement, not the span. */
  #measure(measure: AnyFunction, span: RecordedSpan, durationMs: number): void {
    try {
      untraced(measure, undefined, [span, durationMs]);
    } catch (fault) {
      reportFault(METER_FAULT, fault);
    }
  }

  forceFlush(limitMillis?: number): Promise<void> {
    return this.#sink.forceFlush(limitMillis);
  }

  shutdown(): Promise<void> {
    return this.#sink.shutdown();
  }
}

/** The fixed attributes of a site within the limits, hidden values replaced. The place in the code is never hidden. */
export function withinLimits(site: Site, limits: SpanLimits): ConstantAttributes {
  const { hides, attributeCount, attributeLength } = limits;
  const visible = hides === undefined ? undefined : (key: string) => !key.startsWith('code.') && hides(key);
  const { kept, dropped } = cleanAttributes(site.attributes, attributeCount, { attributeLength, hides: visible });
  const keys = keysOf(kept);
  // returns the same object if nothing changes, because the encoder keeps the bytes of an object
  const whole = keys.length === keysOf(site.attributes).length;
  const same = whole && keys.every((key) => String(kept[key]) === String(site.attributes[key]));
  const attributes = same ? site.attributes : freeze(kept);
  return { from: site.attributes, limits, attributes, room: attributeCount - keys.length, dropped, answer: undefined };
}
