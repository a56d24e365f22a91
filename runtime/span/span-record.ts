// Content of a recorded span, as exporters read it: the fields, and the SDK's ReadableSpan over them. The spans of a site share attributes,
// scope and resource. Times as HrTime and merged attributes are made when they are read.

import {
  type Attributes,
  type HrTime,
  INVALID_SPAN_CONTEXT,
  type Link,
  type SpanContext,
  type SpanKind,
  type SpanStatus,
  SpanStatusCode,
  type TimeInput,
} from '@opentelemetry/api';
import { now } from '../captured.js';
import { reportFault } from '../fault.js';
import type { OpenEntry } from '../open/table.js';
import type { Resource } from '../sdk/contracts.js';
import type { Site } from '../site/site.js';
import type { TimedEvent } from './event.js';
import type { SpanEvents } from './events.js';
import type { Scope } from './host.js';
import { newSpanId } from './identity.js';
import { fromTimeInput, toHrTime } from './time.js';
import type { LocalTrace } from './trace.js';

export const NONE = Object.freeze([]) as unknown as never[];
/** A local binding, because an imported binding of the API is read by a call of a getter. */
const none: SpanContext = INVALID_SPAN_CONTEXT;
const UNSET: SpanStatus = Object.freeze({ code: SpanStatusCode.UNSET });

export type NewSpan = Pick<
  SpanRecord,
  'site' | 'trace' | 'parentSpanContext' | 'name' | 'kind' | 'instrumentationScope' | 'startMs'
>;

export abstract class SpanRecord implements OpenEntry {
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
  protected ownCount = 0;
  protected ownDropped = 0;
  protected merged: Attributes | undefined = undefined;
  protected identity: SpanContext | undefined = undefined;
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

  get resource(): Resource {
    return this.trace.recorder.resource as Resource;
  }

  /** Attributes of the site and of the span in one object; made when first read after a change. */
  get attributes(): Attributes {
    if (this.ownAttributes === undefined) return this.constantAttributes;
    this.merged ??= { ...this.constantAttributes, ...this.ownAttributes };
    return this.merged;
  }

  /** Attributes of the site; one object for all of its spans. Read by the encoder (export/encode.ts), with `ownAttributes`. */
  get constantAttributes(): Attributes {
    return this.trace.recorder.constant(this.site).attributes;
  }

  get droppedAttributesCount(): number {
    return this.ownDropped + this.trace.recorder.constant(this.site).dropped;
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
    if (this.identity !== undefined) return this.identity;
    try {
      const { id: traceId, flags: traceFlags, traceState } = this.trace;
      const spanId = newSpanId();
      // two literals: a spread costs more than the rest of a span
      this.identity = traceState === undefined ? { traceId, spanId, traceFlags } : { traceId, spanId, traceFlags, traceState };
      return this.identity;
    } catch (fault) {
      reportFault(`identity of a span of ${this.site.id}`, fault);
      return none;
    }
  }

  /** Milliseconds since the epoch, by the trace's clock. */
  nowMs(): number {
    return this.trace.anchor + now();
  }

  protected time(time: TimeInput | undefined): number {
    return time === undefined ? this.nowMs() : fromTimeInput(time, this.trace.anchor);
  }
}
