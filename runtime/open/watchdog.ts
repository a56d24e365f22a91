// Finds spans that their owner does not end: one coarse timer that never holds the process. A span that has been open too long leaks,
// unless its site is `longRunning`. So does one whose promise was collected before it settled, because nothing can end it any more. A
// leak is reported once per namespace and minute, and handled by the policy `onLeak`.

import { CapturedWeakRef, clearInterval, setInterval, unref } from '../captured.js';
import { guarded } from '../fault.js';
import type { Gate } from '../gate/gate.js';
import type { Pattern } from '../gate/pattern.js';
import { endAbandoned } from './abandoned.js';
import type { OpenSpan, OpenTable } from './table.js';

type LeakPolicy = 'end' | 'drop' | 'report';
type LeakReason = 'age' | 'collected' | 'shutdown';

interface Leak {
  readonly reason: LeakReason;
  readonly example: OpenSpan;
  readonly ageMs: number;
  count: number;
}

/** Logs that spans of a namespace leak for one reason; rate-limited to once a minute by the caller's notice. */
type LeakReport = (leak: Readonly<Leak>) => void;

export class Watchdog {
  readonly #timer: NodeJS.Timeout;
  readonly #reported = new WeakSet<OpenSpan>();
  readonly #collected = new Set<OpenSpan>();
  /** Keyed by the promise. Spans are held weakly, because a promise may live much longer than its span. */
  readonly #promises = new FinalizationRegistry<WeakRef<OpenSpan>>((held) => {
    const span = held.deref();
    if (span?.listed) this.#collected.add(span);
  });

  constructor(
    private readonly open: OpenTable,
    private readonly gate: Gate,
    private readonly maxAgeMs: number,
    private readonly policy: LeakPolicy,
    private readonly report: LeakReport,
  ) {
    // a quarter of the age, so that a leak is found at most that much late; not oftener than every 10 ms, nor seldomer than 10 s
    this.#timer = setInterval(() => this.look(), Math.min(Math.max(maxAgeMs / 4, 10), 10_000));
    unref(this.#timer);
  }

  /** Checks all open spans once, oldest first. */
  look(): void {
    endAbandoned(this.open);
    const found = new Map<string, Leak>();
    let isOld = true;
    const look = guarded('watchdog', (span: OpenSpan) => {
      const ageMs = span.ageMs();
      // a start in the future, by another clock, does not end the walk
      if (isOld && ageMs >= 0) isOld = ageMs >= this.maxAgeMs;
      if (this.#collected.has(span)) this.#endCollected(span, ageMs, found);
      else if (isOld && ageMs >= 0) this.#treatOld(span, ageMs, found);
      this.#release(span);
    });
    // a span that an application has frozen or changed does not hide the others
    for (const span of this.open) look(span);
    this.#collected.clear();
    for (const leak of found.values()) {
      this.report(leak);
      if (this.policy === 'drop') this.gate.dropLeaky(leakyPattern(leak.example));
    }
  }

  #treatOld(span: OpenSpan, ageMs: number, found: Map<string, Leak>): void {
    if (span.site.options.longRunning || this.#reported.has(span)) return;
    this.#count(span, 'age', ageMs, found);
    const ending = this.policy === 'report' ? this.open.excuse(span) : span;
    if (ending !== undefined) endLeaked(ending, 'age');
  }

  /** Ends the span under every policy, because its owner cannot. */
  #endCollected(span: OpenSpan, ageMs: number, found: Map<string, Leak>): void {
    if (!this.#reported.has(span)) this.#count(span, 'collected', ageMs, found);
    endLeaked(span, 'collected');
  }

  #count(span: OpenSpan, reason: LeakReason, ageMs: number, found: Map<string, Leak>): void {
    this.#reported.add(span);
    this.open.leaked++;
    const cause = `${span.site.namespace} ${reason}`;
    const known = found.get(cause);
    if (known === undefined) found.set(cause, { reason, example: span, ageMs, count: 1 });
    else known.count++;
  }

  /** Holds the promise of a span weakly from now on. Most calls have ended before the first look and cost nothing. */
  #release(span: OpenSpan): void {
    if (span.awaited === undefined) return;
    this.#promises.register(span.awaited, new CapturedWeakRef(span));
    span.awaited = undefined;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Ends a span that its owner did not end. A later `end()` of the owner's changes nothing. Never throws. */
export const endLeaked = guarded('end of a leaked span', (span: OpenSpan, why: LeakReason) => {
  span.setAttribute('spanwright.leak', why);
  span.end();
});

/** A function without a namespace is named by itself; a tracer's span without one by its scope. */
function leakyPattern(span: OpenSpan): Pattern {
  const { scope, namespace, functionName } = span.site;
  return scope === undefined || namespace !== scope
    ? { kind: 'namespace', text: namespace || functionName, open: true }
    : { kind: 'scope', text: scope, open: false };
}
