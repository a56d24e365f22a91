// Retries a failed operation, with growing delays, so that a permanent fault floods neither the cluster nor the traces.

const FIRST_MS = 1000;
const LONGEST_MS = 60_000;

export class Retries {
  readonly #failed = new Map<string, { times: number; next: number }>();

  #isDue(id: string): boolean {
    return Date.now() >= (this.#failed.get(id)?.next ?? 0);
  }

  /** Runs the attempt and stores its outcome; an error goes to `onError`. */
  async attempt(id: string, work: () => Promise<unknown>, onError: (error: Error) => void): Promise<void> {
    if (!this.#isDue(id)) return;
    try {
      await work();
      this.#failed.delete(id);
    } catch (error) {
      const times = (this.#failed.get(id)?.times ?? 0) + 1;
      this.#failed.set(id, { times, next: Date.now() + Math.min(FIRST_MS * 2 ** (times - 1), LONGEST_MS) });
      onError(error as Error);
    }
  }
}
