// Contract of a trace back end: Jaeger and Tempo implement it, the recipes call it.

import type { ReceivedSpan } from '../receiver/decode.js';
import type { Attribute, Call } from '../receiver/spans.js';

/** Parameters of a search; times in milliseconds since the epoch. */
export interface TraceQuery {
  /** All services when missing. */
  readonly service?: string | undefined;
  readonly from: number;
  readonly to: number;
  readonly minDurationMs?: number | undefined;
  /** Only traces with a failed span. */
  readonly errors?: boolean;
  /** One span must have all of them, itself or by its resource; values as text. Each key once, without `service.name`. */
  readonly attributes?: readonly Attribute[];
  readonly limit: number;
}

export interface TraceBackend {
  readonly title: string;
  /** All spans of a trace, or undefined when the backend has none of it. */
  trace(id: string): Promise<readonly ReceivedSpan[] | undefined>;
  /** Whole traces, the newest first. */
  search(query: TraceQuery): Promise<(readonly ReceivedSpan[])[]>;
  /** Names of the services that ever sent a span. */
  services(): Promise<string[]>;
  /** Which service called which, and how often. */
  calls(from: number, to: number): Promise<Call[]>;
}
