// Changes made while the service runs. Effective state = configured state plus leases; a lease that ends takes nothing else with
// it. Every lease expires, except one that switches off without a duration: it holds until the next switch on. One unref'd timer
// waits for the next expiry; the start of a root compares the clock too, because a blocked event loop runs no timer.

import { clearTimeout, max, now as monotonic, setTimeout, unref, wallClock } from '../captured.js';
import { InvalidArgumentError } from '../errors.js';
import type { Capture } from '../site/capture.js';
import type { When } from '../site/condition.js';
import type { Lease, LeaseEnd, LeaseOptions } from '../tracing.js';
import type { AdmittingLease } from './admission.js';
import { type CaptureAt, printCapture } from './capture.js';
import { type Change, isEmpty, isOff, isOn, type LeaseTerms, readTerms } from './lease-options.js';
import { parseRoots } from './rules.js';
import { printWhen } from './when.js';

/** Leases in force at once: people and scripts make few; the bound keeps a loop of requests from growing memory. */
const MOST_LEASES = 100;

/** Interface of the recording path: it reads nothing more while `metered` is false. */
export interface LeaseMeter {
  readonly metered: boolean;
  count(started: number, open: number): void;
  /** Ends the leases whose time is over. Reads the clock only while a lease is in force that expires. */
  passTime(): void;
}

interface Held extends Change, LeaseTerms {
  readonly id: string;
  /** Formatted once, because the state is read far more often than leases are created. */
  readonly createdAt: string;
  readonly expiresAt: string | null;
  /** End by the monotonic clock, because setting back the wall clock must not lengthen a lease. */
  readonly endsAt: number;
  readonly startedBefore: number;
  readonly warnings: readonly string[];
  /** Ids of the leases that this one ended. */
  readonly ended: readonly string[];
}

/** The part of a lease of the main thread that a worker thread needs. */
export interface InheritedLease extends Change {
  readonly only: string | null;
  readonly when: When | null;
  readonly capture: Capture | null;
  /** End in milliseconds of the monotonic clock of the thread that holds the lease. */
  readonly endsAt: number;
}

export class LeaseBook implements LeaseMeter {
  metered = false;
  lastEnded: LeaseEnd | null = null;

  /** Monotonic milliseconds at which the next lease expires; Infinity when none does. */
  #endsAt = Number.POSITIVE_INFINITY;
  #held: Held[] = [];
  /** In a worker thread: the leases of the main thread, which are older than those made here and end by the clock of this thread too. */
  #inherited: readonly InheritedLease[] = [];
  #created = 0;
  #timer: NodeJS.Timeout | undefined;
  #secondBegan = 0;
  #secondStarted = 0;

  /**
   * @param started how many spans have started so far, for the counts of a lease
   * @param changed called after a lease began or ended: put the effective state in force
   * @param ended called for the log
   * @param hides names whose values in conditions are not shown
   */
  constructor(
    private readonly started: () => number,
    private readonly changed: () => void,
    private readonly ended: (end: LeaseEnd) => void,
    private readonly hides?: (name: string) => boolean,
  ) {}

  /** Oldest first. */
  list(): Lease[] {
    return this.#held.map((held) => this.#report(held));
  }

  /** Leases in force as a worker thread inherits them, oldest first. */
  inForce(): InheritedLease[] {
    const leases = [...this.#inherited, ...this.#held];
    return leases.map(({ kind, value, only, when, capture, endsAt }) => ({ kind, value, only, when, capture, endsAt }));
  }

  /** Replaces the leases that were inherited before. */
  inherit(leases: readonly InheritedLease[]): void {
    this.#inherited = leases;
    this.#putInForce();
  }

  /** Values of the leases of a kind, oldest first. */
  values(kind: Lease['kind']): (boolean | string)[] {
    return [...this.#inherited, ...this.#held].filter((lease) => lease.kind === kind).map((lease) => lease.value);
  }

  /** Roots that are admitted by the leases that switch tracing on. */
  admitting(): AdmittingLease[] {
    const on = [...this.#inherited, ...this.#held].filter(isOn);
    return on.map(({ only, when }) => ({ only: only === null ? null : parseRoots(only), when }));
  }

  /** Captures of the leases that switch tracing on. */
  capturing(): CaptureAt[] {
    const on = [...this.#inherited, ...this.#held].filter(isOn);
    return on.flatMap(({ only, capture }) =>
      capture === null ? [] : [{ only: only === null ? null : parseRoots(only), capture }],
    );
  }

  /**
   * Puts a change in force, and ends the leases that it contradicts. Empty rules and an empty drop list only end leases.
   * @param warnings called with options that are valid
   * @throws InvalidArgumentError; nothing is changed then.
   */
  begin(change: Change, options: LeaseOptions, warnings: (terms: LeaseTerms) => readonly string[]): Lease {
    const terms = readTerms(change, options);
    const ending = this.#contradicted(change, terms);
    const { duration } = terms;
    const limited = duration !== Number.POSITIVE_INFINITY;
    const holds = !isEmpty(change);
    // off is exempt from the limit, so that many leases cannot keep tracing on
    if (holds && this.#held.length - ending.length >= MOST_LEASES + (isOff(change) ? 1 : 0)) {
      throw new InvalidArgumentError('lease', `${MOST_LEASES} leases are in force, the maximum; end one of them first.`);
    }
    const now = wallClock();
    const held: Held = {
      ...change,
      ...terms,
      id: String(++this.#created),
      createdAt: new Date(now).toISOString(),
      expiresAt: holds ? (limited ? new Date(now + duration).toISOString() : null) : new Date(now).toISOString(),
      endsAt: monotonic() + duration,
      startedBefore: this.started(),
      warnings: warnings(terms),
      ended: ending.map(({ id }) => id),
    };
    if (holds) this.#held.push(held);
    if (ending.length > 0) this.#finish(ending, isOff(change) && ending.every(isOff) ? 'replaced' : 'ended');
    else if (holds) this.#putInForce();
    return this.#report(held);
  }

  /** False when no lease has this id. */
  end(id: string, cause: string): boolean {
    const held = this.#held.find((candidate) => candidate.id === id);
    if (held === undefined) return false;
    this.#finish([held], cause);
    return true;
  }

  endAll(cause: string): void {
    this.#finish([...this.#held], cause);
  }

  count(started: number, open: number): void {
    const now = monotonic();
    if (now - this.#secondBegan >= 1000) {
      this.#secondBegan = now;
      this.#secondStarted = started - 1;
    }
    for (const held of this.#held) {
      const cause = this.#exceeded(held, started, open);
      if (cause === undefined) continue;
      this.#finish([held], cause);
      return;
    }
  }

  passTime(): void {
    if (this.#endsAt !== Number.POSITIVE_INFINITY && monotonic() >= this.#endsAt) this.#expire();
  }

  #expire(): void {
    const now = monotonic();
    const inherited = this.#inherited.filter((lease) => lease.endsAt > now);
    const fewer = inherited.length < this.#inherited.length;
    this.#inherited = inherited;
    const over = this.#held.filter((held) => held.endsAt <= now);
    if (over.length > 0) this.#finish(over, 'expired');
    else if (fewer) this.#putInForce();
    else this.#arm();
  }

  /** Off ends what had switched on, on ends an off without end, and empty text ends all of its kind. */
  #contradicted(change: Change, { duration }: LeaseTerms): Held[] {
    const endless = (held: Held): boolean => isOff(held) && held.expiresAt === null;
    if (isEmpty(change)) return this.#held.filter(({ kind }) => kind === change.kind);
    if (isOn(change)) return this.#held.filter(endless);
    if (!isOff(change)) return [];
    return this.#held.filter((held) => isOn(held) || (duration === Number.POSITIVE_INFINITY && isOff(held)));
  }

  #exceeded(held: Held, started: number, open: number): string | undefined {
    if (held.maxSpans !== null && started - held.startedBefore >= held.maxSpans) return 'maxSpans';
    if (held.maxOpenSpans !== null && open > held.maxOpenSpans) return 'maxOpenSpans';
    // spans that started before the lease do not count
    const inSecond = started - max(this.#secondStarted, held.startedBefore);
    return held.maxSpansPerSecond !== null && inSecond > held.maxSpansPerSecond ? 'maxSpansPerSecond' : undefined;
  }

  #finish(ending: readonly Held[], cause: string): void {
    if (ending.length === 0) return;
    this.#held = this.#held.filter((held) => !ending.includes(held));
    this.#putInForce();
    for (const held of ending) {
      this.lastEnded = { id: held.id, kind: held.kind, value: held.value, at: new Date().toISOString(), cause };
      this.ended(this.lastEnded);
    }
  }

  #putInForce(): void {
    this.#arm();
    this.changed();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.metered = this.#held.some(
      (held) => held.maxSpans !== null || held.maxOpenSpans !== null || held.maxSpansPerSecond !== null,
    );
    this.#endsAt = Math.min(...[...this.#inherited, ...this.#held].map((lease) => lease.endsAt));
    if (this.#endsAt === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#expire(), Math.max(1, Math.ceil(this.#endsAt - monotonic())));
    unref(this.#timer);
  }

  #report(held: Held): Lease {
    return {
      id: held.id,
      kind: held.kind,
      value: held.value,
      reason: held.reason,
      actor: held.actor,
      createdAt: held.createdAt,
      expiresAt: held.expiresAt,
      limits: { maxSpansPerSecond: held.maxSpansPerSecond, maxSpans: held.maxSpans, maxOpenSpans: held.maxOpenSpans },
      only: held.only,
      when: held.when === null ? null : printWhen(held.when, this.hides),
      capture: held.capture === null ? null : printCapture(held.capture),
      spans: this.started() - held.startedBefore,
      warnings: held.warnings,
      ended: held.ended,
    };
  }
}
