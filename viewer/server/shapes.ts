// Shapes of the JSON API, see docs/viewer.md. The page imports the types, the routes create the values.

import type { ReceivedSpan } from '../receiver/decode.js';

export interface TraceRow {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly start: number;
  readonly durationMs: number;
  readonly name: string;
  readonly service: string;
  readonly namespace: string;
  readonly services: readonly string[];
  readonly spans: number;
  readonly errors: number;
  /** Spans that have not ended, from the admin hooks. */
  readonly open: number;
  /** False while the root span has not arrived; name and service are those of the earliest span. */
  readonly whole: boolean;
}

export interface TraceList {
  readonly revision: number;
  readonly traces: readonly TraceRow[];
  readonly matched: number;
  /** Fields of the filter that match nothing at all. */
  readonly unmatched: readonly string[];
}

export interface FailureRow {
  readonly trace: string;
  /** The span where the failure arose. */
  readonly span: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly name: string;
  readonly service: string;
  readonly namespace: string;
  /** Type and message. */
  readonly reason: string;
  /** Names of the spans above that failed because of it, the nearest first. */
  readonly passed: readonly string[];
  readonly root: { readonly service: string; readonly name: string };
}

export interface ViewerState {
  readonly version: string;
  readonly revision: number;
  readonly traces: number;
  readonly received: number;
  /** Released to make room. */
  readonly releasedTraces: number;
  /** Beyond the limit of their trace, without valid ids, or repeated. */
  readonly refusedSpans: number;
  readonly bytes: number;
  readonly open: number;
  readonly endpoints: { readonly grpc: string; readonly http: string };
  /** Template of links to source places, with {file}, {line} and {column}. */
  readonly editor: string;
  /** File of `--store`; `fault` once it can no longer be written. */
  readonly store?: { readonly path: string; readonly fault?: string } | undefined;
  readonly hooks: readonly {
    readonly url: string;
    readonly service: string;
    readonly reachable: boolean;
    /** True where the viewer has the hook's token: changes are possible and messages are shown. */
    readonly trusted: boolean;
    readonly error?: string;
  }[];
  readonly services: readonly string[];
  readonly namespaces: readonly string[];
}

/** Bits of the last element of a span row. */
export const FLAGS = { error: 1, critical: 2, open: 4, events: 8, links: 16 } as const;

/** One span of the waterfall; times in microseconds from the start of the trace. */
export type SpanRow = readonly [
  spanId: string,
  /** Index of the parent's row, or -1. */
  parent: number,
  depth: number,
  name: string,
  /** Index into `services`. */
  service: number,
  /** Index into `namespaces`. */
  namespace: number,
  start: number,
  duration: number,
  self: number,
  kind: ReceivedSpan['kind'],
  flags: number,
];

export interface TraceDetail {
  readonly id: string;
  readonly revision: number;
  /** Milliseconds since the epoch. */
  readonly start: number;
  readonly durationMs: number;
  readonly services: readonly string[];
  readonly namespaces: readonly string[];
  readonly spans: readonly SpanRow[];
}

/** A span with all that arrived of it. */
export type SpanDetail = ReceivedSpan & { readonly open?: true };

/** Data of a shared page. */
export interface SharedTrace {
  readonly trace: TraceDetail;
  readonly spans: Readonly<Record<string, SpanDetail>>;
}
