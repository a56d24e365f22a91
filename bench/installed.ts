// A tracer in the process of a variant, as a state sets it up (states.ts, vendors.ts); used by the worker.

export interface Installed {
  /** Spans that reached the exporter so far. */
  count(): number;
  /** Sends on what is queued. The batch queue holds 2,048 spans, so a long round drains between bursts. */
  drain(): Promise<void>;
  /** A tracer with an API of its own: makes the calls below a new root span, which it keeps or does not. */
  inRoot?<T>(body: () => Promise<T>): Promise<T>;
}
