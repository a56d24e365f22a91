// The last calls of the process, in arrays of a fixed size: a call takes one place and overwrites the oldest. Numbers are kept in typed
// arrays; of what a call allocates only recorded arguments and the description of an error stay, and they are counted and bounded too.
// Written by FlightRecorder, read for a dump.

import type { AttributeValue, SpanContext } from '@opentelemetry/api';
import type { Site } from '../site/site.js';

/** Number that stands for no call. */
export const NO_CALL = -1;

/** Data of a call other than its numbers. */
interface FlightDetail {
  /** Values of the site's recorded arguments, in their order. */
  readonly values: readonly (AttributeValue | undefined)[] | undefined;
  readonly error: { readonly type: string; readonly message: string } | undefined;
  /** Recorded span in which the call was made. */
  readonly under: SpanContext | undefined;
  readonly bytes: number;
}

/** One call, as a dump reads it. Times are milliseconds of the monotonic clock. */
export interface FlightCall {
  readonly call: number;
  readonly site: Site;
  /** Number of the calling call, which the ring may hold no more; NO_CALL: a root. */
  readonly parent: number;
  /** Number of the root, or of the outermost call that was known. */
  readonly root: number;
  readonly start: number;
  /** Undefined: the call has not ended. */
  readonly end: number | undefined;
  readonly failed: boolean;
  readonly detail: FlightDetail | undefined;
}

const OPEN = -1;
/** Bytes of a place: site, detail, parent, root, start, duration, failed. */
const PLACE = 8 + 8 + 4 + 4 + 8 + 4 + 1;
/** The part of the bytes that places may take; the rest is for arguments and errors. */
const PLACES_SHARE = 0.8;

export class FlightRing {
  readonly capacity: number;
  readonly #bytes: number;
  /** Numbers of calls go round below this, a multiple of the capacity that a small integer holds. */
  readonly #round: number;
  #sites: (Site | undefined)[];
  #details: (FlightDetail | undefined)[];
  #parents: Int32Array;
  #roots: Int32Array;
  #starts: Float64Array;
  #durations: Float32Array;
  #failed: Uint8Array;
  #next = 0;
  /** Place of the next call: `#next` modulo the capacity, kept because a division costs more. */
  #place = 0;
  #written = 0;
  #detailed = 0;

  /** @param numbers calls are numbered up to this, and then from 0 again */
  constructor(mostCalls: number, mostBytes: number, numbers = 2 ** 30 - 1) {
    this.capacity = Math.max(1, Math.min(mostCalls, Math.floor((mostBytes * PLACES_SHARE) / PLACE)));
    this.#bytes = mostBytes;
    this.#round = this.capacity * Math.floor(numbers / this.capacity);
    this.#sites = new Array(this.capacity).fill(undefined);
    this.#details = new Array(this.capacity).fill(undefined);
    this.#parents = new Int32Array(this.capacity);
    this.#roots = new Int32Array(this.capacity);
    this.#starts = new Float64Array(this.capacity);
    this.#durations = new Float32Array(this.capacity);
    this.#failed = new Uint8Array(this.capacity);
  }

  /** Takes a place. @returns the number of the call */
  begin(site: Site, parent: number, start: number): number {
    const call = this.#next;
    const place = this.#place;
    this.#place = place + 1 === this.capacity ? 0 : place + 1;
    this.#next = call + 1 === this.#round ? 0 : call + 1;
    this.#written++;
    const before = this.#details[place];
    if (before !== undefined) {
      this.#detailed -= before.bytes;
      this.#details[place] = undefined;
    }
    this.#sites[place] = site;
    this.#parents[place] = parent;
    this.#roots[place] =
      parent === NO_CALL ? call : this.holds(parent) ? (this.#roots[parent % this.capacity] as number) : parent;
    this.#starts[place] = start;
    this.#durations[place] = OPEN;
    this.#failed[place] = 0;
    return call;
  }

  /** True while the call has not been overwritten. */
  holds(call: number): boolean {
    const age = this.#next - call;
    return (age > 0 ? age : age + this.#round) <= this.capacity;
  }

  /** @returns milliseconds that the call took; MAX_VALUE where it has been overwritten, so that it took longer than the ring reaches back */
  end(call: number, now: number, failed: boolean): number {
    if (!this.holds(call)) return Number.MAX_VALUE;
    const place = call % this.capacity;
    const duration = now - (this.#starts[place] as number);
    this.#durations[place] = duration;
    if (failed) this.#failed[place] = 1;
    return duration;
  }

  /** Adds to what is kept of the call, within the bytes of all. */
  describe(call: number, more: Partial<Omit<FlightDetail, 'bytes'>>): void {
    if (!this.holds(call)) return;
    const place = call % this.capacity;
    const before = this.#details[place];
    const values = more.values ?? before?.values;
    const error = more.error ?? before?.error;
    const under = more.under ?? before?.under;
    const detail = { values, error, under, bytes: bytesOf(values, error, under) };
    const total = this.#detailed - (before?.bytes ?? 0) + detail.bytes;
    if (total > this.#bytes - this.capacity * PLACE) return;
    this.#details[place] = detail;
    this.#detailed = total;
  }

  /** Number of the next call. */
  get next(): number {
    return this.#next;
  }

  /** Recorded span in which a call was made, where it is known. */
  underOf(call: number): SpanContext | undefined {
    return call !== NO_CALL && this.holds(call) ? this.#details[call % this.capacity]?.under : undefined;
  }

  /** The ring as it is now, to be read while calls go on. */
  copy(): FlightRing {
    const copy = new FlightRing(this.capacity, this.#bytes, this.#round);
    copy.#sites = this.#sites.slice();
    copy.#details = this.#details.slice();
    copy.#parents = this.#parents.slice();
    copy.#roots = this.#roots.slice();
    copy.#starts = this.#starts.slice();
    copy.#durations = this.#durations.slice();
    copy.#failed = this.#failed.slice();
    copy.#next = this.#next;
    copy.#place = this.#place;
    copy.#written = this.#written;
    return copy;
  }

  /** Calls that had not ended at `since`, oldest first. @param from number of the first call; default the oldest @param most of the newest */
  *calls(since: number, from?: number, most = this.capacity): Generator<FlightCall> {
    const held = Math.min(this.#written, this.capacity, most);
    const count = from === undefined ? held : Math.min(held, (this.#next - from + this.#round) % this.#round);
    for (let back = count; back > 0; back--) {
      const call = (this.#next - back + this.#round) % this.#round;
      const place = call % this.capacity;
      const ended = (this.#starts[place] as number) + (this.#durations[place] as number);
      if (this.#durations[place] === OPEN || ended >= since) yield this.#read(call);
    }
  }

  /** The call and its callers that the ring holds, outermost first. */
  chainOf(call: number): FlightCall[] {
    const chain: FlightCall[] = [];
    for (let at = call; at !== NO_CALL && this.holds(at); at = chain.at(-1)?.parent ?? NO_CALL) chain.push(this.#read(at));
    return chain.reverse();
  }

  #read(call: number): FlightCall {
    const place = call % this.capacity;
    const start = this.#starts[place] as number;
    const duration = this.#durations[place] as number;
    return {
      call,
      site: this.#sites[place] as Site,
      parent: this.#parents[place] as number,
      root: this.#roots[place] as number,
      start,
      end: duration === OPEN ? undefined : start + duration,
      failed: this.#failed[place] === 1,
      detail: this.#details[place],
    };
  }
}

/** Bytes of the objects of V8 on 64 bits: a detail with its array, and the span context in which the call was made. */
const DETAIL = 112;
const UNDER = 192;
/** An element with a number of its own, and the head of a text, which may still be two that were joined. */
const ELEMENT = 24;
const TEXT = 72;

function bytesOf(values: FlightDetail['values'] = [], error: FlightDetail['error'], under: SpanContext | undefined): number {
  let bytes = under === undefined ? DETAIL : DETAIL + UNDER;
  for (const value of values) bytes += ELEMENT + (typeof value === 'string' ? TEXT + 2 * value.length : 0);
  return error === undefined ? bytes : bytes + 2 * TEXT + 2 * (error.type.length + error.message.length);
}
