// Statistics of a site for a page of recent calls (as TraceZ does): their latency, and a few of the last calls and of the last failures.
// Rings of fixed size; samples are taken at most at intervals, so that an ended call costs a logarithm and an increment.

import type { Attributes, SpanContext, SpanStatus } from '@opentelemetry/api';
import { CapturedDate } from '../captured.js';
import { LatencyHistogram } from './latency.js';

const SAMPLES = 8;
const SAMPLE_EVERY_MS = 1000;
const RECENT_ERRORS = 100;

/** A recorded call, as the statistics of its site and `recentErrors()` keep it. */
export interface CallSample {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  readonly namespace: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** `error.type` of a failed call; unlike the message it holds no data of the service. */
  readonly errorType: string | null;
  readonly error: string | null;
}

/** The part of an ended span that is read here. */
interface EndedSpan {
  readonly name: string;
  readonly site: { readonly namespace: string };
  readonly attributes: Attributes;
  readonly ownAttributes: Attributes | undefined;
  readonly status: SpanStatus;
  readonly startMs: number;
  spanContext(): SpanContext;
}

/** A sample before its texts are composed. Text only: it keeps neither the span nor its context alive. */
interface Sample {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  readonly namespace: string;
  readonly startMs: number;
  readonly durationMs: number;
  readonly errorType: string | null;
  readonly message: string | undefined;
}

export class SiteStatistics {
  readonly latency = new LatencyHistogram();
  readonly #samples: Sample[] = [];
  readonly #failures: Sample[] = [];
  #sampledAt = Number.NEGATIVE_INFINITY;
  #nextSample = 0;
  #nextFailure = 0;

  get samples(): CallSample[] {
    return this.#samples.map(composed);
  }

  get failures(): CallSample[] {
    return this.#failures.map(composed);
  }

  /** @param endedAt monotonic milliseconds @returns the sample, where one was taken */
  count(span: EndedSpan, durationMs: number, endedAt: number, failed: boolean): Sample | undefined {
    this.latency.add(durationMs);
    if (!failed && endedAt - this.#sampledAt < SAMPLE_EVERY_MS) return undefined;
    const sample = sampleOf(span, durationMs);
    if (failed) {
      this.#failures[this.#nextFailure] = sample;
      this.#nextFailure = (this.#nextFailure + 1) % SAMPLES;
    } else {
      this.#sampledAt = endedAt;
      this.#samples[this.#nextSample] = sample;
      this.#nextSample = (this.#nextSample + 1) % SAMPLES;
    }
    return sample;
  }
}

/** The last failures of the process, newest first. */
export class RecentErrors {
  readonly #ring: Sample[] = [];
  #next = 0;

  add(sample: Sample): void {
    this.#ring[this.#next] = sample;
    this.#next = (this.#next + 1) % RECENT_ERRORS;
  }

  list(): CallSample[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)].reverse().map(composed);
  }
}

function sampleOf(span: EndedSpan, durationMs: number): Sample {
  const { traceId, spanId } = span.spanContext();
  // the attributes of the span alone need no merging with those of its site
  const type = span.ownAttributes?.['error.type'] ?? span.attributes['error.type'];
  const errorType = typeof type === 'string' ? type : null;
  const { name, site, startMs, status } = span;
  return { traceId, spanId, name, namespace: site.namespace, startMs, durationMs, errorType, message: status.message };
}

function composed({ startMs, errorType: type, message, ...sample }: Sample): CallSample {
  const errorType = type === null ? null : type.slice(0, 200);
  const error = message === undefined ? null : `${errorType === null ? '' : `${errorType}: `}${message}`.slice(0, 300);
  return { ...sample, startedAt: new CapturedDate(startMs).toISOString(), errorType, error };
}
