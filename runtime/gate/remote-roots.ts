// Local trees that the sampled flag of a remote caller starts while tracing is off here. They are recorded, so that the caller's
// trace stays whole, within a rate: a remote caller must not decide how much a service records.

import type { SpanContext } from '@opentelemetry/api';
import { now as monotonic } from '../captured.js';

const SECOND = 1000;

export class RemoteRoots {
  /** Local trees that may start within a second while tracing is off. */
  perSecond = 100;
  /** Trees recorded, and refused, while tracing was off. */
  recorded = 0;
  refused = 0;
  /** Called at a refusal. */
  onRefused: () => void = () => {};
  /** Remote parents of refused trees: nothing below one is recorded, so that a tree is recorded whole or not at all. */
  readonly #refusedParents = new WeakSet<SpanContext>();
  #secondBegan = Number.NEGATIVE_INFINITY;
  #inSecond = 0;

  /** True when a local root under `parent`, which is remote and sampled, may be recorded while tracing is off. */
  admit(parent: SpanContext): boolean {
    if (this.#refusedParents.has(parent)) return false;
    const now = monotonic();
    if (now - this.#secondBegan >= SECOND) {
      this.#secondBegan = now;
      this.#inSecond = 0;
    }
    if (this.#inSecond < this.perSecond) {
      this.#inSecond++;
      this.recorded++;
      return true;
    }
    this.#refusedParents.add(parent);
    this.refused++;
    this.onRefused();
    return false;
  }

  /** Counts start at zero with a set-up. */
  restart(perSecond: number): void {
    this.perSecond = perSecond;
    this.recorded = 0;
    this.refused = 0;
    this.#secondBegan = Number.NEGATIVE_INFINITY;
  }
}
