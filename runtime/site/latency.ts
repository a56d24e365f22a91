// Latency as an exponential histogram of base 2, as OpenTelemetry defines it. At scale 3 a bucket is 9 % wide, so that a quantile is exact
// within 4.5 %. Counted for each ended call; merged and read by the reports, the metrics, the page, `spanwright top` and the viewer.

/** Captured here and not in captured.ts, which imports modules of Node.js: the pages load this file in a browser. */
const { ceil, log2, max, min } = Math;

const SCALE = 3;
const PER_DOUBLING = 2 ** SCALE;
/** Bounds of the index: 2^-10 ms, about a microsecond, and 2^26 ms, about 19 hours. Values beyond them count in the outermost bucket. */
const LOWEST = -10 * PER_DOUBLING;
const HIGHEST = 26 * PER_DOUBLING - 1;

/** Latency of calls as plain data. Element `at` of `counts` is the calls of 2^((offset + at) / 2^scale) to 2^((offset + at + 1) / 2^scale) ms. */
export interface Latency {
  /** Quantiles in milliseconds, exact within 4.5 %; null without calls. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly sumMs: number;
  readonly scale: number;
  readonly offset: number;
  readonly counts: readonly number[];
}

export class LatencyHistogram {
  count = 0;
  sumMs = 0;
  offset = 0;
  readonly counts: number[] = [];

  add(ms: number): void {
    this.count++;
    this.sumMs += ms;
    const index = bucketOf(ms);
    const at = index - this.offset;
    if (at >= 0 && at < this.counts.length) (this.counts[at] as number)++;
    else this.#grow(index, 1);
  }

  /** Adds the calls of another histogram, or subtracts those of an earlier reading of this one. */
  merge({ counts, offset, sumMs }: Pick<Latency, 'counts' | 'offset' | 'sumMs'>, sign: 1 | -1 = 1): this {
    this.sumMs += sign * sumMs;
    for (const [at, count] of counts.entries()) {
      if (count === 0) continue;
      this.count += sign * count;
      this.#grow(offset + at, sign * count);
    }
    return this;
  }

  #grow(index: number, count: number): void {
    const { counts } = this;
    if (counts.length === 0) this.offset = index;
    while (index < this.offset) {
      counts.unshift(0);
      this.offset--;
    }
    while (index >= this.offset + counts.length) counts.push(0);
    const at = index - this.offset;
    counts[at] = (counts[at] as number) + count;
  }

  /** Milliseconds below which `share` (0 to 1) of the calls stayed: the middle of the bucket. Null without calls. */
  quantile(share: number): number | null {
    if (this.count <= 0) return null;
    const rank = max(1, ceil(share * this.count));
    let seen = 0;
    for (const [at, count] of this.counts.entries()) {
      seen += count;
      if (seen >= rank) return 2 ** ((this.offset + at + 0.5) / PER_DOUBLING);
    }
    return null;
  }

  report(): Latency {
    const rounded = (share: number): number | null => {
      const ms = this.quantile(share);
      return ms === null ? null : Number(ms.toPrecision(3));
    };
    return {
      p50Ms: rounded(0.5),
      p95Ms: rounded(0.95),
      p99Ms: rounded(0.99),
      sumMs: Number(this.sumMs.toFixed(3)),
      scale: SCALE,
      offset: this.offset,
      counts: [...this.counts],
    };
  }

  /** Calls of at most 2^`exponent` milliseconds. */
  countUpTo(exponent: number): number {
    const end = min(this.counts.length, exponent * PER_DOUBLING - this.offset);
    let sum = 0;
    for (let at = 0; at < end; at++) sum += this.counts[at] as number;
    return sum;
  }
}

function bucketOf(ms: number): number {
  const index = ceil(log2(ms) * PER_DOUBLING) - 1;
  // also for 0, whose logarithm is -Infinity
  return index > LOWEST ? min(index, HIGHEST) : LOWEST;
}
