// The table of mutants in docs/reliability.md: one row a folder, written by each run of `npm run mutate`.

import { today, writeRow } from '../reliability.js';

export interface Figures {
  readonly folder: string;
  /** Mutants of the folder; `tried` are a sample of them, drawn with `seed`, or all. */
  readonly all: number;
  readonly seed: number;
  readonly tried: number;
  readonly killed: number;
  /** Number of the `killed` mutants that were noticed by the time-out of a test. */
  readonly timeouts: number;
  readonly accepted: number;
  readonly survived: number;
}

/** The line between the head of the table and its rows. */
const RULE = '|---|--:|--:|--:|--:|--:|--:|--:|---|';

function rowOf({ folder, all, seed, tried, killed, timeouts, accepted, survived }: Figures): string {
  const share = tried === accepted ? 100 : (100 * killed) / (tried - accepted);
  const from = tried === all ? 'all' : `seed ${seed}`;
  const numbers = [killed, timeouts, accepted, survived].join(' | ');
  return `| ${folder} | ${all} | ${tried} (${from}) | ${numbers} | ${share.toFixed(0)} % | ${today()} |`;
}

/** Replaces the row of the folder, or adds it. */
export function writeFigures(figures: Figures): void {
  const row = rowOf(figures);
  console.log(row);
  writeRow(RULE, row);
}
