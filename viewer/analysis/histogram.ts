// Exponential histogram of base 2, as OpenTelemetry defines it: bucket `i` at scale 4 holds values in (2^(i/16), 2^((i+1)/16)], so that a
// percentile is exact within 4.5 %. Durations in milliseconds. Used by the map and the comparison.

const SCALE = 4;
const FACTOR = 2 ** SCALE / Math.LN2;

export class Histogram {
  readonly #buckets = new Map<number, number>();
  count = 0;
  sum = 0;
  max = 0;
  #zero = 0;

  add(value: number): void {
    this.count += 1;
    this.sum += value;
    this.max = Math.max(this.max, value);
    if (value <= 0) {
      this.#zero += 1;
      return;
    }
    const index = Math.ceil(Math.log(value) * FACTOR) - 1;
    this.#buckets.set(index, (this.#buckets.get(index) ?? 0) + 1);
  }

  /** The value below which `share` (0 to 1) of the values are: the middle of its bucket. 0 without values. */
  quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.count));
    let seen = this.#zero;
    if (this.count === 0 || seen >= rank) return 0;
    for (const index of [...this.#buckets.keys()].sort((a, b) => a - b)) {
      seen += this.#buckets.get(index) as number;
      if (seen >= rank) return Math.min(this.max, 2 ** ((index + 0.5) / 2 ** SCALE));
    }
    return this.max;
  }
}
