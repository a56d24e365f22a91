// A span that is being recorded: OpenTelemetry's API Span and, for processors and exporters, the SDK's ReadableSpan in one object.
// One class: a derived one made a recorded call 8 % slower. HrTimes and merged attributes are made when they are read.
/// <reference lib="esnext.disposable" preserve="true" />

import {
  type Attributes,
  type AttributeValue,
  type Exception,
  type HrTime,
  INVALID_SPAN_CONTEXT,
  type Link,
  type Span,
  type SpanContext,
  type SpanKind,
  type SpanStatus,
  SpanStatusCode,
  type TimeInput,
} from '@opentelemetry/api';
import { hasOwn, isArray, max, now } from '../captured.js';
import { runUnder } from '../context/active.js';
import { reportFault } from '../fault.js';
import { type AbandonedSpan, abandon, abandoned } from '../open/abandoned.js';
import type { OpenEntry, OpenSpan } from '../open/table.js';
import type { Resource } from '../sdk/contracts.js';
import type { Site } from '../site/site.js';
import { describeThrown, type Thrown } from './errors.js';
import type { TimedEvent } from './event.js';
import { SpanEvents } from './events.js';
import type { Scope, SpanHost } from './host.js';
import { fromTimeInput, toHrTime } from './time.js';
import type { LocalTrace } from './trace.js';
import { reportWrite, writeAttribute, writeEvent, writeFailure, writeLink, writeStatus, writeThrown } from './write.js';

const NONE = Object.freeze([]) as unknown as never[];
const UNSET: SpanStatus = Object.freeze({ code: SpanStatusCode.UNSET });
/** Local bindings, because reading an imported one can be a call of a getter, for which a full stack has no room. */
const faulty = abandoned;
const none: SpanContext = INVALID_SPAN_CONTEXT;
/** Marks recorded spans of every copy of the package. */
const RECORDED = Symbol.for('spanwright.span.1');

export type NewSpan = Pick<
  RecordedSpan,
  'site' | 'trace' | 'parentSpanContext' | 'name' | 'kind' | 'instrumentationScope' | 'startMs'
>;

export class RecordedSpan implements Span, OpenSpan, AbandonedSpan {
  declare readonly [RECORDED]: true;
  before: OpenEntry | undefined = undefined;
  after: OpenEntry | undefined = undefined;
  listed = false;
  awaited: object | undefined = undefined;
  isAbandoned = false;
  attempts = 0;
  status: SpanStatus = UNSET;
  links: Link[] = NONE;
  ended = false;
  passedOn: boolean | undefined = undefined; // true: the error that failed it was recorded by a span below
  droppedLinksCount = 0;
  /** Attributes of this span alone. It has precedence over the same key of the site. */
  ownAttributes: Attributes | undefined = undefined;
  ownCount = 0;
  ownDropped = 0;
  merged: Attributes | undefined = undefined;
  private identity: SpanContext | undefined = undefined;
  endMs = 0; // 0 until its end
  eventList: SpanEvents | undefined = undefined;
  readonly site: Site;
  readonly trace: LocalTrace;
  parentSpanContext: SpanContext | undefined; // for a root, set if the flight recorder knows its caller
  name: string;
  readonly kind: SpanKind;
  readonly instrumentationScope: Scope;
  readonly startMs: number; // milliseconds since the epoch
  constructor({ site, trace, parentSpanContext, name, kind, instrumentationScope, startMs }: NewSpan) {
    this.site = site;
    this.trace = trace;
    this.parentSpanContext = parentSpanContext;
    this.name = name;
    this.kind = kind;
    this.instrumentationScope = instrumentationScope;
    this.startMs = startMs;
  }

  get recorder(): SpanHost<RecordedSpan> {
    return this.trace.recorder;
  }

  /** The span that contexts hold: this one, or that of the user's tracer provider. */
  get active(): Span {
    return this;
  }

  get resource(): Resource {
    return this.recorder.resource as Resource;
  }

  /** Attributes of the site and of the span in one object; made when first read after a change. */
  get attributes(): Attributes {
    if (this.ownAttributes === undefined) return this.constantAttributes;
    this.merged ??= { ...this.constantAttributes, ...this.ownAttributes };
    return this.merged;
  }

  /** Attributes of the site; one object for all of its spans. Read by the encoder (export/encode.ts), with `ownAttributes`. */
  get constantAttributes(): Attributes {
    return this.recorder.constant(this.site).attributes;
  }

  get droppedAttributesCount(): number {
    return this.ownDropped + this.recorder.constant(this.site).dropped;
  }

  /** In the order in which they were added. Reading them reads the stacks of errors. */
  get events(): TimedEvent[] {
    return this.eventList?.list() ?? NONE;
  }

  get droppedEventsCount(): number {
    return this.eventList?.dropped ?? 0;
  }

  get startTime(): HrTime {
    return toHrTime(this.startMs);
  }

  get endTime(): HrTime {
    return toHrTime(this.endMs);
  }

  get duration(): HrTime {
    return this.ended ? toHrTime(this.endMs - this.startMs) : [-1, -1];
  }

  get durationMs(): number {
    return this.endMs - this.startMs;
  }

  /** Milliseconds since the start, by the monotonic clock unless the caller gave the start time. */
  ageMs(): number {
    return this.nowMs() - this.startMs;
  }

  spanContext(): SpanContext {
    try {
      this.identity ??= this.trace.newIdentity();
      return this.identity;
    } catch (fault) {
      reportFault(`identity of a span of ${this.site.id}`, fault);
      return none;
    }
  }

  isRecording(): boolean {
    return !this.ended;
  }

  setAttribute(key: string, value: AttributeValue): this {
    try {
      if (!this.ended && typeof key === 'string' && key !== '') writeAttribute(this, key, value);
    } catch (fault) {
      reportWrite(this, 'attributes', fault);
    }
    return this;
  }

  setAttributes(attributes: Attributes): this {
    try {
      for (const key in attributes) if (hasOwn(attributes, key)) this.setAttribute(key, attributes[key] as AttributeValue);
    } catch (fault) {
      reportWrite(this, 'attributes', fault);
    }
    return this;
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    try {
      if (!this.ended && typeof name === 'string') writeEvent(this, name, attributesOrTime, time);
    } catch (fault) {
      reportWrite(this, 'an event', fault);
    }
    return this;
  }

  /** A link to nothing is left out: exporters read both ids of its context. */
  addLink(link: Link): this {
    try {
      if (!this.ended) writeLink(this, link);
    } catch (fault) {
      reportWrite(this, 'a link', fault);
    }
    return this;
  }

  addLinks(links: Link[]): this {
    try {
      if (isArray(links)) for (const link of links) this.addLink(link);
    } catch (fault) {
      reportWrite(this, 'links', fault);
    }
    return this;
  }

  /** As the specification requires: OK is final, UNSET is ignored, a message belongs to ERROR only. */
  setStatus(status: SpanStatus): this {
    try {
      if (!this.ended && this.status.code !== SpanStatusCode.OK) writeStatus(this, status);
    } catch (fault) {
      reportWrite(this, 'the status', fault);
    }
    return this;
  }

  updateName(name: string): this {
    try {
      if (!this.ended && typeof name === 'string') this.name = name;
    } catch {} // the application has frozen the span
    return this;
  }

  recordException(exception: Exception, time?: TimeInput): void {
    try {
      if (!this.ended) writeThrown(this, exception, describeThrown(exception), time);
    } catch (fault) {
      reportWrite(this, 'an exception', fault);
    }
  }

  /** Status, `error.type`, and the exception where this trace has not recorded the error yet. */
  recordFailure(error: unknown, thrown?: Thrown): void {
    try {
      writeFailure(this, error, thrown ?? describeThrown(error));
    } catch (fault) {
      reportWrite(this, 'a failure', fault);
    }
  }

  writeException(thrown: Thrown, time: TimeInput | undefined): void {
    this.eventList ??= new SpanEvents(this.recorder.limits);
    this.eventList.addException(thrown, toHrTime(this.time(time)));
  }

  /** Ends once; a later call changes nothing, nor does one of a processor that is notified of the end. */
  end(endTime?: TimeInput): void {
    if (this.ended || this.endMs !== 0) return;
    try {
      this.endMs = max(this.time(endTime), this.startMs);
      this.recorder.finish(this);
    } catch (fault) {
      faulty.any = true;
      try {
        this.isAbandoned = true; // before the call, for which a full stack may have no room
        abandon(this, `end of ${this.site.id}`, fault);
      } catch {} // the stack is full, or the application has frozen the span
    }
  }

  /** Ends the span, or discards it below `minimum` ms, unless a child, a carrier or a log line has asked for its identity. */
  endOrDiscard(minimum: number): void {
    if (this.ended || this.endMs !== 0) return;
    this.endMs = max(this.nowMs(), this.startMs);
    if (this.durationMs < minimum && this.identity === undefined) this.recorder.discard(this);
    else this.recorder.finish(this);
  }

  /** Ends the span after an end that failed half-way. */
  endAfterFault(): void {
    if (this.ended) return;
    if (this.endMs === 0) this.endMs = max(this.nowMs(), this.startMs);
    this.recorder.finish(this);
  }

  [Symbol.dispose](): void {
    this.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
  }

  run<Result>(work: () => Result): Result {
    return runUnder(this.active, work);
  }

  /** Milliseconds since the epoch, by the trace's clock. */
  nowMs(): number {
    return this.trace.anchor + now();
  }

  time(time: TimeInput | undefined): number {
    return time === undefined ? this.nowMs() : fromTimeInput(time, this.trace.anchor);
  }
}

Object.defineProperty(RecordedSpan.prototype, RECORDED, { value: true });

/** True for a span recorded by any copy of the package. */
export function isRecorded(span: object | undefined): span is RecordedSpan {
  return (span as RecordedSpan | undefined)?.[RECORDED] === true;
}
