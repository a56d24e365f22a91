// Events of a span, in order and within the limit. The first reading of an error's `stack` formats it, which takes V8 longer than the
// rest of a failed call. So an exception is written out when the events are read, by an exporter as a rule, and not while the
// call ends.

import { types } from 'node:util';
import type { HrTime } from '@opentelemetry/api';
import { getOwnPropertyDescriptor, keysOf } from '../captured.js';
import type { SpanLimits } from './attributes.js';
import { exceptionAttributes, type Thrown } from './errors.js';
import { type TimedEvent, timedEvent } from './event.js';

/** Errors of ended spans that wait for their stack to be read, at most. Beyond it stacks are read at once. */
const MOST_UNREAD = 512;
/** Causes of an error that may wait. */
const CAUSES = 3;

let unread = 0;

/** An exception whose stack is not read yet. */
class UnreadException {
  constructor(
    readonly thrown: Thrown,
    readonly time: HrTime,
  ) {}
}

export class SpanEvents {
  dropped = 0;
  readonly #events: (TimedEvent | UnreadException)[] = [];
  /** Exceptions that count among the unread ones of the process. */
  #counted = 0;
  #isRead = true;

  constructor(private readonly limits: SpanLimits) {}

  add(event: TimedEvent | UnreadException): void {
    const { eventCount } = this.limits;
    if (this.#events.length >= eventCount) {
      this.#events.shift();
      this.dropped++;
      if (eventCount === 0) return;
    }
    this.#events.push(event);
  }

  addException(thrown: Thrown, time: HrTime): void {
    const exception = new UnreadException(thrown, time);
    if (unread < MOST_UNREAD && isLight(thrown.error, CAUSES)) {
      unread++;
      this.#counted++;
      this.#isRead = false;
      this.add(exception);
    } else this.add(this.#read(exception));
  }

  list(): TimedEvent[] {
    if (!this.#isRead) {
      this.#isRead = true;
      for (let index = 0; index < this.#events.length; index++) {
        const event = this.#events[index];
        if (event instanceof UnreadException) this.#events[index] = this.#read(event);
      }
      this.release();
    }
    return this.#events as TimedEvent[];
  }

  /** Stops counting the errors of a span that has been exported or dropped: they live as long as the span does. */
  release(): void {
    unread -= this.#counted;
    this.#counted = 0;
  }

  #read({ thrown, time }: UnreadException): TimedEvent {
    return timedEvent('exception', exceptionAttributes(thrown), time, this.limits);
  }
}

/** Called when a span waits no longer: it has been exported, dropped or discarded. */
export function releaseErrors(span: object): void {
  (span as { readonly eventList?: SpanEvents }).eventList?.release();
}

/** True for an error that holds no object except its causes, so that keeping it keeps no response or connection alive. */
function isLight(error: unknown, depth: number): boolean {
  if (!types.isNativeError(error)) return false;
  for (const key of keysOf(error)) {
    const property = getOwnPropertyDescriptor(error, key);
    if (property?.get !== undefined || (typeof property?.value === 'object' && property.value !== null)) return false;
  }
  if (getOwnPropertyDescriptor(error, 'errors') !== undefined) return false;
  const cause = getOwnPropertyDescriptor(error, 'cause');
  return cause === undefined || typeof cause.value !== 'object' || (depth > 0 && isLight(cause.value, depth - 1));
}
