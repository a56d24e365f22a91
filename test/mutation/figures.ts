// The table of mutants in docs/reliability.md: one row a folder, written by each run of `npm run mutate`.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

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
const DOCUMENT = join(__dirname, '../../docs/reliability.md');

function rowOf({ folder, all, seed, tried, killed, timeouts, accepted, survived }: Figures): string {
  const share = tried === accepted ? 100 : (100 * killed) / (tried - accepted);
  const from = tried === all ? 'all' : `seed ${seed}`;
  const day = new Date().toISOString().slice(0, 10);
  const numbers = [killed, timeouts, accepted, survived].join(' | ');
  return `| ${folder} | ${all} | ${tried} (${from}) | ${numbers} | ${share.toFixed(0)} % | ${day} |`;
}

/** Replaces the row of the folder, or adds it. */
export function writeFigures(figures: Figures): void {
  const row = rowOf(figures);
  console.log(row);
  const lines = readFileSync(DOCUMENT, 'utf8').split('\n');
  const known = lines.findIndex((line) => line.startsWith(`| ${figures.folder} | `));
  if (known >= 0) lines[known] = row;
  else lines.splice(lines.indexOf(RULE) + 1, 0, row);
  writeFileSync(DOCUMENT, lines.join('\n'));
}
