// Prints traces as they come in. A trace has no last span on the wire, so it counts as whole once nothing new of it has come
// for a second; `flush` prints what is left. Memory is bounded: past `MAX_PENDING` spans the oldest trace is printed as it is.

import { counted } from '../../runtime/text/counted.js';
import type { ReceivedSpan } from './decode.js';
import { formatTrace, type TreeOptions } from './tree.js';

const QUIET_MS = 1000;
const MAX_PENDING = 20_000;

export class TracePrinter {
  readonly #writeLine: (line: string) => void;
  readonly #options: TreeOptions;
  /** In order of the last arrival: a trace moves to the end when more of it comes. */
  readonly #pending = new Map<string, { spans: ReceivedSpan[]; since: number }>();
  #count = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(writeLine: (line: string) => void, options: TreeOptions = {}) {
    this.#writeLine = writeLine;
    this.#options = options;
  }

  add(spans: readonly ReceivedSpan[]): void {
    for (const span of spans) {
      const trace = this.#pending.get(span.traceId) ?? { spans: [], since: 0 };
      this.#pending.delete(span.traceId);
      trace.spans.push(span);
      trace.since = Date.now();
      this.#pending.set(span.traceId, trace);
      this.#count += 1;
    }
    for (const traceId of this.#pending.keys()) {
      if (this.#count <= MAX_PENDING) break;
      this.#printTrace(traceId);
    }
    this.#timer ??= setTimeout(() => this.#printQuiet(), QUIET_MS).unref();
  }

  /** Prints everything that is left. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const traceId of [...this.#pending.keys()]) this.#printTrace(traceId);
  }

  #printQuiet(): void {
    this.#timer = undefined;
    const before = Date.now() - QUIET_MS;
    for (const [traceId, { since }] of [...this.#pending]) if (since <= before) this.#printTrace(traceId);
    if (this.#pending.size > 0) this.#timer = setTimeout(() => this.#printQuiet(), QUIET_MS).unref();
  }

  #printTrace(traceId: string): void {
    const trace = this.#pending.get(traceId);
    if (!trace) return;
    this.#pending.delete(traceId);
    this.#count -= trace.spans.length;
    this.#writeLine(`\ntrace ${traceId}  ${counted(trace.spans.length, 'span')}`);
    this.#writeLine(formatTrace(trace.spans, this.#options));
  }
}
