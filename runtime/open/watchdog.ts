// Finds spans that have been open too long: one coarse timer that never holds the process. A leak is reported once per
// namespace and minute, and treated by policy; spans of `longRunning` sites are left alone.

import { clearInterval, setInterval, unref } from '../captured.js';
import type { Gate } from '../gate/gate.js';
import type { Pattern } from '../gate/pattern.js';
import type { OpenSpan, OpenTable } from './table.js';

type LeakPolicy = 'end' | 'drop' | 'report';

/** Logs that spans of a namespace leak; rate-limited to once a minute by the caller's notice. */
type LeakReport = (namespace: string, count: number, example: OpenSpan, ageMs: number) => void;

export class Watchdog {
  readonly #timer: NodeJS.Timeout;
  readonly #reported = new WeakSet<OpenSpan>();

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

  /** Looks once, oldest first, and stops at the first span that is young enough. */
  look(): void {
    const found = new Map<string, { count: number; example: OpenSpan; ageMs: number }>();
    for (const span of this.open) {
      const ageMs = span.ageMs();
      if (ageMs < 0) continue; // a start in the future, by another clock, says nothing of what has come after it
      if (ageMs < this.maxAgeMs) break;
      if (span.site.options.longRunning || this.#reported.has(span)) continue;
      this.#reported.add(span);
      this.open.leaked++;
      const namespace = span.site.namespace;
      const known = found.get(namespace);
      if (known === undefined) found.set(namespace, { count: 1, example: span, ageMs });
      else known.count++;
      const ending = this.policy === 'report' ? this.open.excuse(span) : span;
      if (ending !== undefined) endLeaked(ending, 'age');
    }
    for (const [namespace, { count, example, ageMs }] of found) {
      this.report(namespace, count, example, ageMs);
      if (this.policy === 'drop') this.gate.dropLeaky(leakyPattern(example));
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Ends a span that its owner did not end. A later `end()` of the owner's changes nothing. */
export function endLeaked(span: OpenSpan, why: 'age' | 'shutdown'): void {
  span.setAttribute('spanwright.leak', why);
  span.end();
}

/** A function without a namespace is named by itself; a tracer's span without one by its scope. */
function leakyPattern(span: OpenSpan): Pattern {
  const { scope, namespace, functionName } = span.site;
  return scope === undefined || namespace !== scope
    ? { kind: 'namespace', text: namespace || functionName, open: true }
    : { kind: 'scope', text: scope, open: false };
}
