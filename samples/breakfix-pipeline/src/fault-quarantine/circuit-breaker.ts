// Stops the quarantine when it would take too many nodes at once: then the monitors are likelier wrong than the nodes. A tripped
// breaker stays so until the process is restarted by someone who has looked.

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
