// The span of a recorded call in an SDK set-up of the user's own: writes everything to the span that the user's provider started, which is
// the one in the context, and ends it. Exceptions of the provider are logged (SPW010) and reach neither the program nor the counts.

import type { Attributes, AttributeValue, HrTime, Link, Span, SpanContext, SpanStatus, TimeInput } from '@opentelemetry/api';
import { isArray, now } from '../captured.js';
import { reportFault } from '../fault.js';
import { abandon, abandoned } from '../open/abandoned.js';
import { cleanValue, REDACTED } from './attributes.js';
import { applicationCode } from './callback.js';
import { stackOfThrown, type Thrown } from './errors.js';
import { isLink, limitedLink } from './event.js';
import { type NewSpan, RecordedSpan } from './recorded.js';

/** Local bindings, because reading an imported one can be a call of a getter, for which a full stack has no room. */
const application = applicationCode;
const faulty = abandoned;

export const SPAN_FAULT = "a span of the application's SDK";

/** Times of an SDK's span; the duration is negative while it is open. */
interface ShownTimes {
  readonly startTime?: HrTime;
  readonly duration?: HrTime;
}

export class ProvidedSpan extends RecordedSpan {
  /** Start by the monotonic clock; NaN where the provider's span shows its times. */
  startedAt = Number.NaN;
  readonly #provided: Span;
  /** NaN until the provider's span has ended. */
  #durationMs = Number.NaN;
  #isEnding = false;

  constructor(parts: NewSpan, provided: Span) {
    super(parts);
    this.#provided = provided;
  }

  override get active(): Span {
    return this.#provided;
  }

  override get durationMs(): number {
    return this.#durationMs;
  }

  /** Attributes of the provider's span; some providers do not expose them. */
  override get attributes(): Attributes {
    return (this.#provided as { attributes?: Attributes }).attributes ?? super.attributes;
  }

  override spanContext(): SpanContext {
    return this.#provided.spanContext();
  }

  override setAttribute(key: string, value: AttributeValue): this {
    if (this.ended || typeof key !== 'string' || key === '') return this;
    this.#write((span) => {
      const { limits } = this.recorder;
      const clean = limits.hides?.(key) ? REDACTED : cleanValue(value, limits);
      if (clean !== undefined) span.setAttribute(key, clean);
    });
    return this;
  }

  override addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    if (!this.ended && typeof name === 'string') this.#write((span) => span.addEvent(name, attributesOrTime, time));
    return this;
  }

  override addLink(link: Link): this {
    if (this.ended) return this;
    this.#write((span) => {
      if (!isLink(link)) return;
      const { context, attributes = {} } = limitedLink(link, this.recorder.limits);
      span.addLink({ context, attributes });
    });
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

  /** The provider measures the time, so its span ends before it leaves the table. */
  override end(endTime?: TimeInput): void {
    if (this.ended || this.#isEnding) return;
    this.#isEnding = true;
    try {
      this.#endProvided(endTime);
      this.recorder.finish(this);
    } catch (fault) {
      faulty.any = true;
      try {
        this.isAbandoned = true; // before the call, for which a full stack may have no room
        abandon(this, `end of ${this.site.id}`, fault);
      } catch {} // the stack is full, or the application has frozen the span
    }
  }

  /** The provider has no way to discard a span that it has started: a short one is kept. */
  override endOrDiscard(_minimum: number): void {
    this.end();
  }

  override endAfterFault(): void {
    if (this.ended) return;
    if (Number.isNaN(this.#durationMs)) this.#endProvided(undefined);
    this.recorder.finish(this);
  }

  #endProvided(endTime: TimeInput | undefined): void {
    let duration = Number.NaN;
    const before = application.running;
    application.running = true;
    try {
      this.#provided.end(endTime);
      duration = shownMs((this.#provided as ShownTimes).duration);
    } catch (error) {
      reportFault(SPAN_FAULT, error);
    } finally {
      application.running = before;
    }
    this.#durationMs = (duration >= 0 ? duration : now() - this.startedAt) || 0;
  }

  /** Through `recordException`, because some providers derive their own error fields there. */
  override writeException(thrown: Thrown, time: TimeInput | undefined): void {
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

/** Milliseconds since the epoch; NaN where the span does not show both its times, or fails to. */
export function shownStart(provided: Span): number {
  try {
    const { startTime, duration } = provided as ShownTimes;
    return isArray(duration) ? shownMs(startTime) : Number.NaN;
  } catch {
    return Number.NaN;
  }
}

/** NaN where there is no such time. */
function shownMs(time: HrTime | undefined): number {
  return isArray(time) ? time[0] * 1000 + time[1] / 1e6 : Number.NaN;
}
