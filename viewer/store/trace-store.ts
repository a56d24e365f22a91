// All traces that the viewer holds, in bounded memory: when there are too many, or they take too many bytes, the least recently
// updated traces are released and counted. Filled by the receivers and by imports; read by the API.

import type { ReceivedSpan } from '../receiver/decode.js';
import { holdsSpan, packSpans, type SpanOutline, unpackOutlines, unpackSpan, unpackSpans } from './pack.js';
import { addToSummary, emptySummary, marksOf, releaseSummary, type TraceSummary } from './summary.js';
import { type TraceWords, Words } from './words.js';

export interface StoreLimits {
  /** Default 50,000. */
  readonly traces?: number;
  /** Bytes of packed spans. Default 512 MB. */
  readonly bytes?: number;
  /** Spans of one trace; further ones are counted, not kept. Default 100,000. */
  readonly spansOfTrace?: number;
}

interface Chunk {
  readonly resource: ReceivedSpan['resource'];
  readonly bytes: Buffer;
}

export interface StoredTrace {
  readonly summary: TraceSummary;
  readonly chunks: Chunk[];
  /** Last digits of the span ids, by which a span that arrives again is noticed. */
  readonly marks: Set<number>;
  /** Revision of the store at the last change of this trace. */
  revision: number;
  bytes: number;
}

interface StoreCounts {
  received: number;
  /** Traces and spans released to make room. */
  releasedTraces: number;
  releasedSpans: number;
  /** Spans beyond the limit of their trace, without valid ids, or that have arrived before: an exporter that got no answer repeats. */
  refusedSpans: number;
}

const VALID_TRACE = /^(?!0+$)[0-9a-f]{32}$/;
const VALID_SPAN = /^(?!0+$)[0-9a-f]{16}$/;
/** Resources seen last; a service sends the same one in each request. */
const SHARED_RESOURCES = 1000;

interface SharedResource {
  readonly resource: ReceivedSpan['resource'];
  readonly marks: readonly number[];
}

export class TraceStore {
  readonly words: TraceWords = { services: new Words(), names: new Words(), namespaces: new Words() };
  readonly counts: StoreCounts = { received: 0, releasedTraces: 0, releasedSpans: 0, refusedSpans: 0 };
  /** Grows with each change. */
  revision = 0;
  bytes = 0;
  /** Called with each batch that was kept, for persistence. */
  onKept: ((traceId: string, resource: ReceivedSpan['resource'], bytes: Buffer) => void) | undefined;
  /** Called with the ids of traces that were released to make room. */
  onReleased: ((traceIds: readonly string[]) => void) | undefined;
  /** Called after each batch. */
  onChange: (() => void) | undefined;
  readonly #limits: Required<StoreLimits>;
  readonly #traces = new Map<string, StoredTrace>();
  readonly #resources = new Map<string, SharedResource>();
  /** Keyed by object, because the spans of one request share theirs. */
  #resourceOf = new WeakMap<object, SharedResource>();

  constructor({ traces = 50_000, bytes = 512 * 1024 * 1024, spansOfTrace = 100_000 }: StoreLimits = {}) {
    this.#limits = { traces, bytes, spansOfTrace };
  }

  get size(): number {
    return this.#traces.size;
  }

  get(id: string): StoredTrace | undefined {
    return this.#traces.get(id);
  }

  /** Traces in order of the last change, the oldest first. */
  all(): IterableIterator<StoredTrace> {
    return this.#traces.values();
  }

  spansOf({ summary, chunks }: StoredTrace): ReceivedSpan[] {
    return chunks.flatMap(({ resource, bytes }) => unpackSpans(bytes, summary.id, resource));
  }

  outlinesOf({ chunks }: StoredTrace): SpanOutline[] {
    return chunks.flatMap(({ resource, bytes }) => unpackOutlines(bytes, resource));
  }

  spanOf({ summary, chunks }: StoredTrace, spanId: string): ReceivedSpan | undefined {
    for (const { resource, bytes } of chunks) {
      const span = unpackSpan(bytes, { traceId: summary.id, spanId }, resource);
      if (span !== undefined) return span;
    }
    return undefined;
  }

  add(spans: readonly ReceivedSpan[]): void {
    this.counts.received += spans.length;
    for (const [id, group] of groupsOf(spans)) {
      if (!VALID_TRACE.test(id)) this.counts.refusedSpans += group.length;
      else this.#addToTrace(id, group);
    }
    this.#release();
    this.onChange?.();
  }

  #addToTrace(id: string, group: readonly ReceivedSpan[]): void {
    const trace = this.#traces.get(id) ?? emptyTrace(id);
    const room = this.#limits.spansOfTrace - trace.summary.spans;
    const valid = newSpans(trace, group).slice(0, Math.max(0, room));
    this.counts.refusedSpans += group.length - valid.length;
    if (valid.length === 0) return;
    const shared = this.#shared((valid[0] as ReceivedSpan).resource);
    this.#keep(trace, shared, valid, packSpans(valid));
  }

  /** Adds packed spans of an earlier run; they are neither counted as received nor announced by `onKept`. */
  restore(id: string, resource: ReceivedSpan['resource'], bytes: Buffer): void {
    const trace = this.#traces.get(id) ?? emptyTrace(id);
    this.#keep(trace, this.#shared(resource), unpackSpans(bytes, id, resource), bytes);
    this.#release();
  }

  #keep(trace: StoredTrace, shared: SharedResource, spans: readonly ReceivedSpan[], bytes: Buffer): void {
    const { id } = trace.summary;
    for (const span of spans) {
      addToSummary(trace.summary, span, this.words, shared.marks);
      trace.marks.add(markOfId(span.spanId));
    }
    trace.chunks.push({ resource: shared.resource, bytes });
    trace.bytes += bytes.length;
    this.bytes += bytes.length;
    this.revision += 1;
    trace.revision = this.revision;
    this.#traces.delete(id); // moves to the end
    this.#traces.set(id, trace);
    this.onKept?.(id, shared.resource, bytes);
  }

  #shared(resource: ReceivedSpan['resource']): SharedResource {
    const known = this.#resourceOf.get(resource);
    if (known !== undefined) return known;
    const key = JSON.stringify(resource.attributes);
    const shared = this.#resources.get(key) ?? { resource, marks: marksOf(resource.attributes) };
    this.#resources.delete(key);
    this.#resources.set(key, shared);
    for (const oldest of this.#resources.keys()) {
      if (this.#resources.size <= SHARED_RESOURCES) break;
      this.#resources.delete(oldest);
    }
    this.#resourceOf.set(resource, shared);
    return shared;
  }

  #release(): void {
    const released: string[] = [];
    for (const [id, { summary, bytes }] of this.#traces) {
      if (this.#traces.size <= this.#limits.traces && this.bytes <= this.#limits.bytes) break;
      released.push(id);
      this.#traces.delete(id);
      releaseSummary(summary, this.words);
      this.bytes -= bytes;
      this.counts.releasedTraces += 1;
      this.counts.releasedSpans += summary.spans;
    }
    if (released.length > 0) this.onReleased?.(released);
  }
}

const emptyTrace = (id: string): StoredTrace => ({
  summary: emptySummary(id),
  chunks: [],
  marks: new Set(),
  revision: 0,
  bytes: 0,
});

/** Spans with a valid id that the trace does not hold. A client's and a server's span of one id, as Zipkin has them, are two. */
function newSpans({ marks, chunks }: StoredTrace, group: readonly ReceivedSpan[]): ReceivedSpan[] {
  const met = new Set<string>();
  return group.filter((span) => {
    const key = `${span.spanId} ${span.kind}`;
    if (!VALID_SPAN.test(span.spanId) || met.has(key)) return false;
    met.add(key);
    return !marks.has(markOfId(span.spanId)) || !chunks.some(({ bytes }) => holdsSpan(bytes, span));
  });
}

/** 28 bits, so that V8 keeps it as a small integer. */
const markOfId = (spanId: string): number => Number.parseInt(spanId.slice(-7), 16);

/** Spans by trace and resource. */
function groupsOf(spans: readonly ReceivedSpan[]): (readonly [id: string, spans: ReceivedSpan[]])[] {
  const groups = new Map<string, Map<object, ReceivedSpan[]>>();
  for (const span of spans) {
    let byResource = groups.get(span.traceId);
    if (byResource === undefined) {
      byResource = new Map();
      groups.set(span.traceId, byResource);
    }
    const group = byResource.get(span.resource);
    if (group === undefined) byResource.set(span.resource, [span]);
    else group.push(span);
  }
  return [...groups].flatMap(([id, byResource]) => [...byResource.values()].map((group) => [id, group] as const));
}
