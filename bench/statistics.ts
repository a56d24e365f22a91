// Order statistics of paired rounds. The machine also does other work, so no mean is used: noise
// only ever adds time, in bursts, and both sides of a pair are measured within the same few milliseconds.

export interface Spread {
  readonly median: number;
  /** First and third quartile. */
  readonly low: number;
  readonly high: number;
  readonly least: number;
}

export function spread(values: readonly number[]): Spread {
  if (values.length === 0) throw new Error('spread of no values: no round was measured');
  const sorted = [...values].sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75), least: sorted[0] as number };
}

/** Ratio and difference of two variants in each round. */
export function paired(values: readonly number[], base: readonly number[]): { ratio: Spread; difference: Spread } {
  if (values.length !== base.length) throw new Error(`${values.length} rounds cannot be paired with ${base.length}`);
  const ratios = values.map((value, round) => value / (base[round] as number));
  const differences = values.map((value, round) => value - (base[round] as number));
  return { ratio: spread(ratios), difference: spread(differences) };
}

/** Compares the costs that two variants add to a third, in each round. */
export function pairedAbove(values: readonly number[], base: readonly number[], floor: readonly number[]): Spread {
  const above = (of: readonly number[]): number[] => of.map((value, round) => value - (floor[round] as number));
  return paired(above(values), above(base)).ratio;
}

/** An order of its own for each round: of processes that take turns, one that has just run is faster than one that has been idle. */
export function shuffled<T>(values: readonly T[]): T[] {
  const left = [...values];
  return values.map(() => left.splice(Math.floor(Math.random() * left.length), 1)[0] as T);
}

function quantile(sorted: readonly number[], q: number): number {
  const position = (sorted.length - 1) * q;
  const below = Math.floor(position);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (high - low) * (position - below);
}
