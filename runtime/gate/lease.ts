// Changes made while the service runs, each with an end. Effective state = configured state plus leases; a lease that ends,
// whatever ended it, takes nothing else with it. One unref'd timer waits for the next expiry.

import { InvalidArgumentError } from '../errors.js';
import { parseDuration } from '../text/duration.js';
import type { Duration, Lease, LeaseEnd, LeaseOptions } from '../tracing.js';
import type { Pattern } from './pattern.js';
import { parseRoots, printPatterns } from './rules.js';

const DEFAULT_MS = 10 * 60_000;
const LONGEST_MS = 24 * 60 * 60_000;
const REASON_LENGTH = 500;
/** Leases in force at once: people and scripts make few; the bound keeps a loop of requests from growing memory. */
const MOST_LEASES = 100;

/** What the recording path asks: nothing while `metered` is false. */
export interface LeaseMeter {
  readonly metered: boolean;
  count(started: number, open: number): void;
}

interface Held {
  readonly id: string;
  readonly kind: Lease['kind'];
  readonly value: boolean | string;
  readonly reason: string | null;
  readonly actor: string | null;
  /** As text once: the state is asked for far more often than leases are made. */
  readonly createdAt: string;
  readonly expiresAt: string;
  /** The monotonic clock's end: a clock that is set back must not lengthen a lease. */
  readonly endsAt: number;
  readonly startedBefore: number;
  readonly maxSpansPerSecond: number | null;
  readonly maxSpans: number | null;
  readonly maxOpenSpans: number | null;
  readonly only: string | null;
  readonly warnings: readonly string[];
}

export class LeaseBook implements LeaseMeter {
  metered = false;
  lastEnded: LeaseEnd | null = null;

  #held: Held[] = [];
  #made = 0;
  #timer: NodeJS.Timeout | undefined;
  #secondBegan = 0;
  #secondStarted = 0;

  /**
   * @param started how many spans have started so far, for the counts of a lease
   * @param changed called after a lease began or ended: put the effective state in force
   * @param ended called for the log
   */
  constructor(
    private readonly started: () => number,
    private readonly changed: () => void,
    private readonly ended: (end: LeaseEnd) => void,
  ) {}

  /** Oldest first. */
  list(): Lease[] {
    return this.#held.map((held) => this.#report(held));
  }

  /** Values of the leases of a kind, oldest first. */
  values(kind: Lease['kind']): (boolean | string)[] {
    return this.#held.filter((held) => held.kind === kind).map((held) => held.value);
  }

  /** The roots to which the leases that switch on restrict it; none when one of them does not, or there is no such lease. */
  roots(): Pattern[] {
    const on = this.#held.filter((held) => held.kind === 'enabled' && held.value === true);
    if (on.some((held) => held.only === null)) return [];
    return on.flatMap((held) => parseRoots(held.only as string));
  }

  /** @throws InvalidArgumentError; nothing is changed then. */
  check(value: boolean, options: LeaseOptions): void {
    this.#read('enabled', value, options);
  }

  /** @throws InvalidArgumentError; nothing is changed then. */
  begin(kind: Lease['kind'], value: boolean | string, options: LeaseOptions, warnings: readonly string[]): Lease {
    const held: Held = { ...this.#read(kind, value, options), id: String(++this.#made), warnings };
    this.#held.push(held);
    this.#arm();
    this.changed();
    return this.#report(held);
  }

  /** False when no lease has this id. */
  end(id: string, cause: string): boolean {
    const held = this.#held.find((candidate) => candidate.id === id);
    if (held === undefined) return false;
    this.#finish([held], cause);
    return true;
  }

  endAll(cause: string, matches: (kind: Lease['kind'], value: boolean | string) => boolean = () => true): number {
    const ending = this.#held.filter((held) => matches(held.kind, held.value));
    this.#finish(ending, cause);
    return ending.length;
  }

  count(started: number, open: number): void {
    const now = performance.now();
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

  #exceeded(held: Held, started: number, open: number): string | undefined {
    if (held.maxSpans !== null && started - held.startedBefore >= held.maxSpans) return 'maxSpans';
    if (held.maxOpenSpans !== null && open > held.maxOpenSpans) return 'maxOpenSpans';
    // what started before the lease is not its own
    const inSecond = started - Math.max(this.#secondStarted, held.startedBefore);
    return held.maxSpansPerSecond !== null && inSecond > held.maxSpansPerSecond ? 'maxSpansPerSecond' : undefined;
  }

  #finish(ending: readonly Held[], cause: string): void {
    if (ending.length === 0) return;
    this.#held = this.#held.filter((held) => !ending.includes(held));
    this.#arm();
    this.changed();
    for (const held of ending) {
      this.lastEnded = { id: held.id, kind: held.kind, value: held.value, at: new Date().toISOString(), cause };
      this.ended(this.lastEnded);
    }
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.metered = this.#held.some(
      (held) => held.maxSpans !== null || held.maxOpenSpans !== null || held.maxSpansPerSecond !== null,
    );
    if (this.#held.length === 0) return;
    const next = Math.min(...this.#held.map((held) => held.endsAt));
    this.#timer = setTimeout(() => this.#expire(), Math.max(1, Math.ceil(next - performance.now())));
    this.#timer.unref();
  }

  #expire(): void {
    const now = performance.now();
    this.#finish(
      this.#held.filter((held) => held.endsAt <= now),
      'expired',
    );
    this.#arm();
  }

  #read(kind: Lease['kind'], value: boolean | string, options: LeaseOptions): Held {
    const duration = options.for === undefined ? DEFAULT_MS : readDuration(options.for);
    // switching off is never refused for want of room: it ends every lease that switches on, and has a place of its own
    const off = kind === 'enabled' && value === false;
    const staying = off
      ? this.#held.filter((held) => !(held.kind === 'enabled' && held.value === true)).length - 1
      : this.#held.length;
    if (staying >= MOST_LEASES) {
      throw new InvalidArgumentError('lease', `${MOST_LEASES} leases are in force, which is the most; end one of them first.`);
    }
    const now = Date.now();
    return {
      id: '',
      kind,
      value,
      reason: readText('reason', options.reason),
      actor: readText('actor', options.actor),
      createdAt: new Date(now).toISOString(),
      expiresAt: new Date(now + duration).toISOString(),
      endsAt: performance.now() + duration,
      startedBefore: this.started(),
      maxSpansPerSecond: readLimit('maxSpansPerSecond', options.maxSpansPerSecond),
      maxSpans: readLimit('maxSpans', options.maxSpans),
      maxOpenSpans: readLimit('maxOpenSpans', options.maxOpenSpans),
      only: readOnly(kind, value, options.only),
      warnings: [],
    };
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
      spans: this.started() - held.startedBefore,
      warnings: held.warnings,
    };
  }
}

function readDuration(value: Duration): number {
  const milliseconds = parseDuration(value, 'for');
  if (milliseconds <= 0 || milliseconds > LONGEST_MS) {
    throw new InvalidArgumentError(
      'for',
      `for: ${JSON.stringify(value)} is out of range; a change made at run time holds more than 0 and at most 24h.`,
    );
  }
  return milliseconds;
}

function readLimit(field: string, value: number | undefined): number | null {
  if (value === undefined || value === null) return null;
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError(field, `${field}: found ${JSON.stringify(value)}; expected a whole number of at least 1.`);
  }
  return value;
}

function readOnly(kind: Lease['kind'], value: boolean | string, only: string | undefined): string | null {
  if (only === undefined || only === null) return null;
  if (kind !== 'enabled' || value !== true) {
    throw new InvalidArgumentError(
      'only',
      'only: it restricts where traces start, so it goes with switching on, and with nothing else.',
    );
  }
  if (typeof only !== 'string') throw new InvalidArgumentError('only', `only: found a ${typeof only}; expected text.`);
  const roots = parseRoots(only, 'only');
  if (roots.length > 0) return printPatterns(roots, '');
  throw new InvalidArgumentError(
    'only',
    `only: ${JSON.stringify(only.slice(0, 60))} names nothing; expected a namespace such as "carbide::api".`,
  );
}

function readText(field: string, value: string | undefined): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string') throw new InvalidArgumentError(field, `${field}: found a ${typeof value}; expected text.`);
  if (value.length > REASON_LENGTH) {
    throw new InvalidArgumentError(field, `${field}: ${value.length} characters; at most ${REASON_LENGTH} are kept.`);
  }
  return value;
}
