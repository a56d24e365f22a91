// A span that is being recorded: OpenTelemetry's API Span and, for processors and exporters, the SDK's ReadableSpan in one object. The
// program writes to it and ends it; a fault of Spanwright in that is logged (SPW010), and the program goes on.
/// <reference lib="esnext.disposable" preserve="true" />

import {
  type Attributes,
  type AttributeValue,
  type Exception,
  type Link,
  type Span,
  type SpanStatus,
  SpanStatusCode,
  type TimeInput,
} from '@opentelemetry/api';
import { hasOwn, isArray, max } from '../captured.js';
import { runUnder } from '../context/active.js';
import { reportFault } from '../fault.js';
import { type AbandonedSpan, abandon, abandoned } from '../open/abandoned.js';
import type { OpenSpan } from '../open/table.js';
import { cleanValue, REDACTED } from './attributes.js';
import { describeThrown, exceptionAttributes, type Thrown } from './errors.js';
import { addLimitedLink, isLink, isTimeInput, limitedStatus, timedEvent } from './event.js';
import { SpanEvents } from './events.js';
import type { SpanHost } from './host.js';
import { NONE, SpanRecord } from './span-record.js';
import { toHrTime } from './time.js';

/** A local binding, because reading an imported one can be a call of a getter, for which a full stack has no room. */
const faulty = abandoned;
/** Marks recorded spans of every copy of the package, where `instanceof` knows only its own. */
const RECORDED = Symbol.for('spanwright.span.1');

export class RecordedSpan extends SpanRecord implements Span, OpenSpan, AbandonedSpan {
  declare readonly [RECORDED]: true;

  get recorder(): SpanHost<RecordedSpan> {
    return this.trace.recorder;
  }

  /** The span that contexts hold: this one, or that of the user's tracer provider. */
  get active(): Span {
    return this;
  }

  isRecording(): boolean {
    return !this.ended;
  }

  setAttribute(key: string, value: AttributeValue): this {
    if (this.ended || typeof key !== 'string' || key === '') return this;
    try {
      const { limits } = this.recorder;
      const clean = limits.hides?.(key) ? REDACTED : cleanValue(value, limits);
      if (clean === undefined) return this;
      this.ownAttributes ??= {};
      if (!hasOwn(this.ownAttributes, key) && (key === '__proto__' || !this.takes(key))) return this;
      this.ownAttributes[key] = clean;
      this.merged = undefined;
    } catch (fault) {
      this.reportWrite('attributes', fault);
    }
    return this;
  }

  /** Counts a new key. False beyond the limit; a key of the site replaces the site's value. */
  private takes(key: string): boolean {
    const { attributes, room } = this.recorder.constant(this.site);
    if (hasOwn(attributes, key)) return true;
    const takes = this.ownCount < room;
    if (takes) this.ownCount++;
    else this.ownDropped++;
    return takes;
  }

  setAttributes(attributes: Attributes): this {
    try {
      for (const key in attributes) if (hasOwn(attributes, key)) this.setAttribute(key, attributes[key] as AttributeValue);
    } catch (fault) {
      this.reportWrite('attributes', fault);
    }
    return this;
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    if (this.ended || typeof name !== 'string') return this;
    try {
      const timed = isTimeInput(attributesOrTime);
      const at = toHrTime(this.time(timed ? attributesOrTime : time));
      this.eventList ??= new SpanEvents(this.recorder.limits);
      this.eventList.add(timedEvent(name, timed ? undefined : attributesOrTime, at, this.recorder.limits));
    } catch (fault) {
      this.reportWrite('an event', fault);
    }
    return this;
  }

  /** A link to nothing is left out: exporters read both ids of its context. */
  addLink(link: Link): this {
    try {
      if (this.ended || !isLink(link)) return this;
      if (this.links === NONE) this.links = [];
      this.droppedLinksCount += addLimitedLink(this.links, link, this.recorder.limits);
    } catch (fault) {
      this.reportWrite('a link', fault);
    }
    return this;
  }

  addLinks(links: Link[]): this {
    try {
      if (isArray(links)) for (const link of links) this.addLink(link);
    } catch (fault) {
      this.reportWrite('links', fault);
    }
    return this;
  }

  /** As the specification requires: OK is final, UNSET is ignored, a message belongs to ERROR only. */
  setStatus(status: SpanStatus): this {
    const mayChange = !this.ended && this.status.code !== SpanStatusCode.OK;
    try {
      if (mayChange) this.status = limitedStatus(status, this.recorder.limits) ?? this.status;
    } catch (fault) {
      this.reportWrite('the status', fault);
    }
    return this;
  }

  updateName(name: string): this {
    if (!this.ended && typeof name === 'string') this.name = name;
    return this;
  }

  recordException(exception: Exception, time?: TimeInput): void {
    try {
      if (!this.ended) this.recordThrown(exception, describeThrown(exception), time);
    } catch (fault) {
      this.reportWrite('an exception', fault);
    }
  }

  /** Status, `error.type`, and the exception where this trace has not recorded the error yet. */
  recordFailure(error: unknown): void {
    try {
      this.writeFailure(error, describeThrown(error));
    } catch (fault) {
      this.reportWrite('a failure', fault);
    }
  }

  writeFailure(error: unknown, thrown: Thrown): void {
    this.setStatus({ code: SpanStatusCode.ERROR, message: thrown.message });
    this.setAttribute('error.type', thrown.type);
    this.recordThrown(error, thrown, undefined);
  }

  private recordThrown(error: unknown, thrown: Thrown, time: TimeInput | undefined): void {
    const isNew = this.trace.isNew(error);
    this.passedOn = !isNew && (this.passedOn ?? true);
    if (!isNew) return;
    const log = this.recorder.limits.exceptionLog;
    log?.emit(exceptionAttributes(thrown), this);
    if (log === undefined || log.alsoEvents) this.writeException(thrown, time);
  }

  protected writeException(thrown: Thrown, time: TimeInput | undefined): void {
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
      // marked first, because a full stack has no room for the call
      this.isAbandoned = true;
      faulty.any = true;
      abandon(this, `end of ${this.site.id}`, fault);
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

  /** Ends the span at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
  }

  /** Runs `work` with the span active. */
  run<Result>(work: () => Result): Result {
    return runUnder(this.active, work);
  }

  protected reportWrite(what: string, fault: unknown): void {
    reportFault(`${what} of ${this.site.id}`, fault);
  }
}

Object.defineProperty(RecordedSpan.prototype, RECORDED, { value: true });

/** True for a span recorded by any copy of the package. */
export function isRecorded(span: object | undefined): span is RecordedSpan {
  return (span as RecordedSpan | undefined)?.[RECORDED] === true;
}
