// All spans that are open, oldest first, as a doubly linked list through the spans themselves: O(1) to enter and leave, nothing
// allocated, and the counts are exact because a span is in the list or is not.

import type { Attributes, AttributeValue, SpanContext } from '@opentelemetry/api';
import type { Site } from '../site/site.js';

/** What a span needs to be in the table: its links to its neighbours. */
export interface OpenEntry {
  before: OpenEntry | undefined;
  after: OpenEntry | undefined;
  listed: boolean;
}

/** An open span as the watchdog and the reports see it, whoever records it. */
export interface OpenSpan extends OpenEntry {
  readonly name: string;
  readonly site: Site;
  readonly attributes: Attributes;
  readonly parentSpanContext: SpanContext | undefined;
  spanContext(): SpanContext;
  /** Milliseconds since the start. */
  ageMs(): number;
  setAttribute(key: string, value: AttributeValue): unknown;
  end(): void;
}

export class OpenTable<Entry extends OpenEntry = OpenSpan> {
  oldest: Entry | undefined;
  #newest: Entry | undefined;
  count = 0;
  started = 0;
  ended = 0;
  leaked = 0;
  refused = 0;
  /** No span starts beyond this many open ones. */
  max = 10_000;

  /** False when as many are open as may be; the refusal is counted. */
  hasRoom(): boolean {
    if (this.count < this.max) return true;
    this.refused++;
    return false;
  }

  enter(entry: Entry): void {
    entry.before = this.#newest;
    entry.listed = true;
    if (this.#newest === undefined) this.oldest = entry;
    else this.#newest.after = entry;
    this.#newest = entry;
    this.count++;
    this.started++;
  }

  /** Safe to call twice. */
  leave(entry: Entry): void {
    if (!entry.listed) return;
    entry.listed = false;
    if (entry.before === undefined) this.oldest = entry.after as Entry | undefined;
    else entry.before.after = entry.after;
    if (entry.after === undefined) this.#newest = entry.before as Entry | undefined;
    else entry.after.before = entry.before;
    entry.before = undefined;
    entry.after = undefined;
    this.count--;
    this.ended++;
  }

  /** Takes back an entry that was never to be counted. */
  retract(entry: Entry): void {
    if (!entry.listed) return;
    this.leave(entry);
    this.started--;
    this.ended--;
  }

  /** Counts begin anew with a set-up; what is open stays open. */
  restart(max: number): void {
    this.max = max;
    this.started = this.count;
    this.ended = 0;
    this.leaked = 0;
    this.refused = 0;
  }

  /** Oldest first. The entry just given may leave; where others leave with it, those before them may be given a second time. */
  *[Symbol.iterator](): IterableIterator<Entry> {
    let entry = this.oldest;
    while (entry !== undefined) {
      const next = entry.after as Entry | undefined;
      yield entry;
      entry = next === undefined || next.listed ? next : this.oldest;
    }
  }
}
