// Stops the quarantine when it would take too many nodes at once: the fault is then more likely in the monitors than in the nodes.
// A tripped breaker stays tripped until an operator restarts the process.

const WINDOW_MS = 5 * 60_000;

export class CircuitBreaker {
  tripped = false;
  #cordons: number[] = [];

  /** @param limit nodes that may be cordoned within five minutes */
  constructor(private readonly limit: number) {}

  /** Asked before a node is cordoned. */
  allows(): boolean {
    this.#cordons = this.#cordons.filter((time) => time > Date.now() - WINDOW_MS);
    if (this.#cordons.length >= this.limit) this.tripped = true;
    return !this.tripped;
  }

  cordoned(): void {
    this.#cordons.push(Date.now());
  }
}
