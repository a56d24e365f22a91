// Which local traces are under way although the flag is off: those with an open span, and for a grace time those whose last span
// has ended, for what they have left to do. After that a trace is over and stays so: a timer or a pooled connection that was made
// in one of its calls holds its context for as long as the process lives, and must neither record nor keep the gate awake.
//
// Time is counted in ticks, which pass only while the flag is off: a trace costs two small integers and no clock.

/** Milliseconds between two ticks. The grace is at least one tick and at most two. */
export const TICK_MS = 5000;

/** State that each trace keeps, which shows whether the trace is under way. */
export interface TraceLife {
  /** Open spans of the trace in this process. */
  open: number;
  /** Tick in which the last span ended. */
  endedAt: number;
}

export class TracesUnderWay {
  tick = 0;
  #open = 0;
  #endedAt = Number.NEGATIVE_INFINITY;

  /** True while a call in some context may find a trace that is under way. */
  get any(): boolean {
    return this.#open > 0 || this.#inGrace(this.#endedAt);
  }

  /** Notes that a span of the trace has started. */
  enter(trace: TraceLife): void {
    if (trace.open++ === 0) this.#open++;
  }

  /** Notes that a span of the trace has ended. */
  leave(trace: TraceLife): void {
    if (--trace.open > 0) return;
    trace.endedAt = this.tick;
    this.#endedAt = this.tick;
    this.#open--;
  }

  /** True for a trace that nothing is recorded under any more. */
  isOver(trace: TraceLife): boolean {
    return trace.open === 0 && !this.#inGrace(trace.endedAt);
  }

  /** Ends the traces without an open span, because none continues from one set-up to the next. */
  close(): void {
    this.tick += 2;
  }

  #inGrace(endedAt: number): boolean {
    return this.tick - endedAt <= 1;
  }
}
