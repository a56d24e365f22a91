// Local tail sampling: `keep`. A head sampler cannot see an error that comes later, so the spans of a local trace wait until its
// local root has ended, and are then sent or forgotten as a whole. Memory is bounded by spans and traces; the oldest trace is
// decided early when a bound is reached.

import { type Context, SpanStatusCode } from '@opentelemetry/api';
import type { Keep } from '../config/tables.js';
import { isSampled } from '../context/origin.js';
import { releaseErrors } from '../span/events.js';
import { traceRandomness } from '../span/identity.js';
import type { RecordedSpan } from '../span/recorded.js';
import type { SpanSink } from '../span/sink.js';
import type { LocalTrace } from '../span/trace.js';
import { state } from '../state.js';

interface KeepCounts {
  /** Spans of traces that were forgotten. */
  forgotten: number;
  /** Traces decided before their root had ended, because a bound was reached. */
  decidedEarly: number;
}

interface Waiting {
  readonly root: RecordedSpan;
  spans: RecordedSpan[];
  failed: boolean;
}

type SamplingOutcome = 'sent' | 'forgotten';

export class KeepSink implements SpanSink {
  readonly counts: KeepCounts = { forgotten: 0, decidedEarly: 0 };
  /** Undecided traces, oldest first. */
  readonly #waiting = new Map<LocalTrace, Waiting>();
  /** What became of traces that may still have open spans. */
  readonly #outcomes = new WeakMap<LocalTrace, SamplingOutcome>();
  #held = 0;

  constructor(
    private readonly inner: SpanSink,
    private readonly policy: Keep,
  ) {}

  onStart(span: RecordedSpan, context: Context): void {
    this.inner.onStart(span, context);
    this.#begin(span, context);
  }

  onEnding(span: RecordedSpan): void {
    this.inner.onEnding?.(span);
  }

  onEnd(span: RecordedSpan): void {
    this.#end(span);
  }

  /** A root that is taken back: what is below it is decided without it. */
  onDiscard(span: RecordedSpan): void {
    const { trace } = span;
    const waiting = this.#waiting.get(trace);
    if (waiting?.root === span) this.#decide(trace, waiting);
  }

  forceFlush(limitMillis?: number): Promise<void> {
    return this.inner.forceFlush(limitMillis);
  }

  shutdown(): Promise<void> {
    for (const [trace, waiting] of this.#waiting) this.#decide(trace, waiting);
    return this.inner.shutdown();
  }

  #begin(span: RecordedSpan, context: Context): void {
    const { trace } = span;
    if (this.#waiting.has(trace) || this.#outcomes.has(trace)) return;
    const parent = span.parentSpanContext;
    // who sampled upstream, or signed the request, expects to find all of it; a session is to be seen while it runs
    const isAsked = (parent !== undefined && isSampled(parent)) || state.gate.signedRequests.hasAdmitted(context);
    if (isAsked || span.site.shownEarly) {
      this.#outcomes.set(trace, 'sent');
      return;
    }
    this.#waiting.set(trace, { root: span, spans: [], failed: false });
    if (this.#waiting.size > this.policy.maxTraces) this.#decideOldest();
  }

  #end(span: RecordedSpan): void {
    const { trace } = span;
    const failed = span.status.code === SpanStatusCode.ERROR;
    const waiting = this.#waiting.get(trace);
    if (waiting === undefined) {
      // ended after its root: it shares the outcome of the root
      this.#pass(span, this.#outcomes.get(trace) ?? 'sent');
      return;
    }
    waiting.spans.push(span);
    this.#held++;
    waiting.failed ||= failed;
    if (span === waiting.root || (failed && this.policy.errors)) this.#decide(trace, waiting);
    else if (this.#held > this.policy.maxSpans) this.#decideOldest();
  }

  #decideOldest(): void {
    const [oldest] = this.#waiting;
    if (oldest === undefined) return;
    this.counts.decidedEarly++;
    this.#decide(...oldest);
  }

  #decide(trace: LocalTrace, waiting: Waiting): void {
    this.#waiting.delete(trace);
    this.#held -= waiting.spans.length;
    const outcome: SamplingOutcome = this.#isKept(waiting) ? 'sent' : 'forgotten';
    this.#outcomes.set(trace, outcome);
    for (const span of waiting.spans) this.#pass(span, outcome);
  }

  #isKept({ root, failed }: Waiting): boolean {
    const { errors, slowerThan, ratio } = this.policy;
    if (errors && failed) return true;
    if (slowerThan !== null && (root.ended ? root.durationMs : root.ageMs()) >= slowerThan) return true;
    return ratio > 0 && traceRandomness(root.spanContext().traceId) >= 1 - ratio;
  }

  #pass(span: RecordedSpan, outcome: SamplingOutcome): void {
    if (outcome === 'sent') this.inner.onEnd(span);
    else {
      releaseErrors(span);
      this.counts.forgotten++;
    }
  }
}
