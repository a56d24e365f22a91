// All spans that are open, oldest first, as a doubly linked list through the spans themselves: O(1) to enter and leave, nothing
// allocated, and the counts are exact because a span is in the list or is not.

import type { Attributes, AttributeValue, SpanContext } from '@opentelemetry/api';
import { floor, isFrozen } from '../captured.js';
import type { Site } from '../site/site.js';

/** Links of an open span to the entries before and after it. */
export interface OpenEntry {
  before: OpenEntry | undefined;
  after: OpenEntry | undefined;
  listed: boolean;
}

/** An open span as the watchdog and the reports see it, recorded by Spanwright or by another SDK. */
export interface OpenSpan extends OpenEntry {
  /** The promise that ends the span. Held strongly until the first check of the watchdog, then weakly. */
  awaited?: object | undefined;
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

export class OpenTable<Entry extends OpenEntry & { readonly site: { readonly namespace: string } } = OpenSpan> {
  oldest: Entry | undefined;
  #newest: Entry | undefined;
  count = 0;
  started = 0;
  ended = 0;
  leaked = 0;
  refused = 0;
  /** Calls that were not recorded because `maxCallDepth` recorded ones were on the stack. */
  tooDeep = 0;
  /** No span starts beyond this many open ones. */
  max = 10_000;
  /** Called at the first refusal since the table was crowded; without a namespace when the whole table is full. */
  onFull: (namespace: string | undefined) => void = () => {};
  /** Reported leaks that are still open and hold no place, oldest report first. */
  readonly #excused = new Set<Entry>();
  /** Places taken by namespace; kept only while the table is crowded. */
  #reserved: Map<string, number> | undefined;
  #reportedCauses = new Set<string | undefined>();

  /** Places that one namespace may take: an eighth stays for the others, so that a leak blinds its own namespace only. */
  get share(): number {
    return this.max - floor(this.max / 8);
  }

  /** False when all places are taken, or the namespace has its share; the refusal is counted. */
  hasRoom(namespace: string): boolean {
    const places = this.count - this.#excused.size;
    if (places < this.share) return true;
    const full = places >= this.max;
    this.#reserved ??= this.#reservedByNamespace();
    if (!full && (this.#reserved.get(namespace) ?? 0) < this.share) return true;
    this.refused++;
    const cause = full ? undefined : namespace;
    if (!this.#reportedCauses.has(cause)) {
      this.#reportedCauses.add(cause);
      this.onFull(cause);
    }
    return false;
  }

  /** The namespace with the most places. Walks the table. */
  largest(): { namespace: string; places: number } | undefined {
    const [first] = [...this.#reservedByNamespace()].sort(([, a], [, b]) => b - a);
    return first === undefined ? undefined : { namespace: first[0], places: first[1] };
  }

  /**
   * Frees the place of an open span that has been reported as a leak. At most `max` open spans hold no place.
   * @returns the span that is one too many, the one reported first; its caller ends it
   */
  excuse(entry: Entry): Entry | undefined {
    if (!entry.listed) return undefined;
    this.#excused.add(entry);
    this.#take(entry, -1);
    return this.#excused.size > this.max ? this.#excused.values().next().value : undefined;
  }

  enter(entry: Entry): void {
    entry.before = this.#newest;
    entry.listed = true;
    try {
      if (this.#newest === undefined) this.oldest = entry;
      else this.#newest.after = entry;
      this.#newest = entry;
    } catch {
      this.#leaveOutFrozen(entry);
    }
    this.count++;
    this.started++;
    this.#take(entry, 1);
  }

  /** Safe to call twice. */
  leave(entry: Entry): void {
    if (!entry.listed) return;
    entry.listed = false;
    try {
      if (entry.before === undefined) this.oldest = entry.after as Entry | undefined;
      else entry.before.after = entry.after;
      if (entry.after === undefined) this.#newest = entry.before as Entry | undefined;
      else entry.after.before = entry.before;
    } catch {
      this.#leaveOutFrozen();
    }
    entry.before = undefined;
    entry.after = undefined;
    this.count--;
    this.ended++;
    if (!(this.#excused.size > 0 && this.#excused.delete(entry))) this.#take(entry, -1);
  }

  /**
   * Links all listed entries again, and behind them `last`, without those that the application has frozen: such a span cannot be linked, and never
   * ends. It stays in the count of open ones.
   */
  #leaveOutFrozen(last?: Entry): void {
    const all: Entry[] = [];
    for (let entry = this.oldest; entry !== undefined; entry = entry.after as Entry | undefined)
      if (entry !== last && entry.listed && !isFrozen(entry)) all.push(entry);
    if (last !== undefined) all.push(last);
    this.oldest = all[0];
    this.#newest = all.at(-1);
    for (const [index, entry] of all.entries()) {
      entry.before = all[index - 1];
      entry.after = all[index + 1];
    }
  }

  /** Removes an entry that must not be counted. */
  retract(entry: Entry): void {
    if (!entry.listed) return;
    this.leave(entry);
    this.started--;
    this.ended--;
  }

  /** Counts start again with a set-up; what is open stays open. */
  restart(max: number): void {
    this.max = max;
    this.started = this.count;
    this.ended = 0;
    this.leaked = 0;
    this.refused = 0;
    this.tooDeep = 0;
    this.#reserved = undefined;
    this.#reportedCauses.clear();
  }

  #take(entry: Entry, places: number): void {
    if (this.#reserved === undefined) return;
    const { namespace } = entry.site;
    this.#reserved.set(namespace, (this.#reserved.get(namespace) ?? 0) + places);
    if (this.count - this.#excused.size > this.max / 2) return;
    this.#reserved = undefined;
    this.#reportedCauses.clear();
  }

  #reservedByNamespace(): Map<string, number> {
    const taken = new Map<string, number>();
    for (const entry of this) {
      if (this.#excused.has(entry)) continue;
      taken.set(entry.site.namespace, (taken.get(entry.site.namespace) ?? 0) + 1);
    }
    return taken;
  }

  /** Entries that are open now, oldest first, without those that leave meanwhile. A broken link does not make the iteration endless. */
  *[Symbol.iterator](): IterableIterator<Entry> {
    const all: Entry[] = [];
    for (let entry = this.oldest; entry !== undefined && all.length < this.count; entry = entry.after as Entry | undefined)
      all.push(entry);
    for (const entry of all) if (entry.listed) yield entry;
  }
}
