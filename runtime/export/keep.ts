// Local tail sampling: `keep`. A head sampler cannot see an error that comes later, so the spans of a local trace wait until its
// local root has ended, and are then sent or discarded as a whole. Memory is bounded by spans and traces; the oldest trace is
// decided early when a bound is reached.

import { type Context, type SpanContext, SpanStatusCode, type TraceState } from '@opentelemetry/api';
import type { Keep } from '../config/tables.js';
import { isSampled } from '../context/origin.js';
import { releaseErrors } from '../span/events.js';
import { NO_CALL } from '../span/flight-ring.js';
import { isWithinRatio, withRaisedThreshold } from '../span/identity.js';
import type { RecordedSpan } from '../span/recorded.js';
import type { SpanSink } from '../span/sink.js';
import type { LocalTrace } from '../span/trace.js';
import { state } from '../state.js';
import { notice } from '../warnings.js';

interface KeepCounts {
  /** Spans of finished traces that `keep` did not select. */
  sampledOut: number;
}

/** A trace that is kept late, and where the ring of the flight recorder was when it began. */
export interface KeptLate {
  readonly root: RecordedSpan;
  /** Number of the ring's call in which the root was started, or none. */
  readonly caller: number;
  /** Number of the first call since then. */
  readonly from: number;
}

interface Waiting extends KeptLate {
  spans: RecordedSpan[];
  failed: boolean;
}

/** A tracestate: kept by the ratio, which its threshold shows. */
type SamplingOutcome = 'sent' | 'sampled out' | TraceState;

/** True for a caller whose decision counts here. */
const isSampledBy = (parent: SpanContext | undefined): boolean =>
  parent !== undefined && isSampled(parent) && !(parent.isRemote === true && state.gate.ignoresRemote);

export class KeepSink implements SpanSink {
  readonly counts: KeepCounts = { sampledOut: 0 };
  /** Undecided traces, oldest first. */
  readonly #waiting = new Map<LocalTrace, Waiting>();
  /** Outcomes of traces that may still have open spans. */
  readonly #outcomes = new WeakMap<LocalTrace, SamplingOutcome>();
  #held = 0;
  /** Traces kept for an error while their root is open. */
  readonly #late = new WeakMap<LocalTrace, { readonly kept: KeptLate; readonly cause: string }>();

  constructor(
    private readonly inner: SpanSink,
    private readonly policy: Keep,
    /** Adds what the flight recorder holds of a trace; called before its root is sent. */
    private readonly complete: (kept: KeptLate, cause: string) => void = () => {},
  ) {}

  /** Spans of traces that are not decided. */
  get waiting(): number {
    return this.#held;
  }

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

  /** A root that is discarded: its children are decided without it. */
  onDiscard(span: RecordedSpan): void {
    const { trace } = span;
    const waiting = this.#waiting.get(trace);
    if (waiting?.root === span) this.#decide(trace, waiting);
  }

  forceFlush(limitMillis?: number): Promise<void> {
    return this.inner.forceFlush(limitMillis);
  }

  shutdown(): Promise<void> {
    this.decideAll();
    return this.inner.shutdown();
  }

  /** Decides the traces that wait by what is known of them. */
  decideAll(): void {
    for (const [trace, waiting] of this.#waiting) this.#decide(trace, waiting);
  }

  #begin(span: RecordedSpan, context: Context): void {
    const { trace } = span;
    if (this.#waiting.has(trace) || this.#outcomes.has(trace)) return;
    // a caller that sampled the trace or signed the request expects all of it; a session must be visible while it runs
    const isAsked = isSampledBy(span.parentSpanContext) || state.gate.signedRequests.hasAdmitted(context);
    if (isAsked || span.site.shownEarly) {
      this.#outcomes.set(trace, 'sent');
      return;
    }
    const { flight } = state;
    const caller = flight.flight === undefined ? NO_CALL : flight.caller(span.site);
    this.#waiting.set(trace, { root: span, caller, from: flight.flight?.ring.next ?? 0, spans: [], failed: false });
    if (this.#waiting.size > this.policy.maxTraces) this.#decideOldest('max_traces', this.policy.maxTraces);
  }

  #end(span: RecordedSpan): void {
    const { trace } = span;
    const failed = span.status.code === SpanStatusCode.ERROR;
    const waiting = this.#waiting.get(trace);
    if (waiting === undefined) {
      const late = this.#late.get(trace);
      if (late?.kept.root === span) {
        this.#late.delete(trace);
        this.complete(late.kept, late.cause);
      }
      // the trace is decided already: the span shares the outcome
      this.#pass(span, this.#outcomes.get(trace) ?? 'sent');
      return;
    }
    waiting.spans.push(span);
    this.#held++;
    waiting.failed ||= failed;
    if (span === waiting.root || (failed && this.policy.errors)) this.#decide(trace, waiting);
    else if (this.#held > this.policy.maxSpans) this.#decideOldest('max_spans', this.policy.maxSpans);
  }

  #decideOldest(bound: string, most: number): void {
    const [oldest] = this.#waiting;
    notice('SPW043', `${bound} is ${most}; a later error or slow end no longer keeps the oldest trace that waits`, bound);
    if (oldest !== undefined) this.#decide(...oldest);
  }

  #decide(trace: LocalTrace, waiting: Waiting): void {
    this.#waiting.delete(trace);
    this.#held -= waiting.spans.length;
    const late = this.#keptFor(waiting);
    const outcome = late === undefined ? this.#byRatio(waiting.root.spanContext()) : 'sent';
    this.#outcomes.set(trace, outcome);
    if (late !== undefined && waiting.root.ended) this.complete(waiting, late);
    else if (late !== undefined) this.#late.set(trace, { kept: waiting, cause: late });
    for (const span of waiting.spans) this.#pass(span, outcome);
  }

  #byRatio({ traceId, traceState }: SpanContext): SamplingOutcome {
    const { ratio } = this.policy;
    return ratio > 0 && isWithinRatio(traceId, traceState, ratio) ? withRaisedThreshold(traceState, ratio) : 'sampled out';
  }

  #keptFor({ root, failed }: Waiting): 'kept: error' | 'kept: slow' | undefined {
    const { errors, slowerThan } = this.policy;
    if (errors && failed) return 'kept: error';
    const slow = slowerThan !== null && (root.ended ? root.durationMs : root.ageMs()) >= slowerThan;
    return slow ? 'kept: slow' : undefined;
  }

  #pass(span: RecordedSpan, outcome: SamplingOutcome): void {
    if (outcome === 'sampled out') {
      releaseErrors(span);
      this.counts.sampledOut++;
      return;
    }
    if (outcome !== 'sent') span.spanContext().traceState = outcome;
    this.inner.onEnd(span);
  }
}
