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
  readonly accepted: number;
  readonly survived: number;
}

const DOCUMENT = join(__dirname, '../../docs/reliability.md');

function rowOf({ folder, all, seed, tried, killed, accepted, survived }: Figures): string {
  const share = tried === accepted ? 100 : (100 * killed) / (tried - accepted);
  const from = tried === all ? 'all' : `seed ${seed}`;
  return `| ${folder} | ${all} | ${tried} (${from}) | ${killed} | ${accepted} | ${survived} | ${share.toFixed(0)} % |`;
}

/** Replaces the row of the folder. */
export function writeFigures(figures: Figures): void {
  const row = rowOf(figures);
  console.log(row);
  const text = readFileSync(DOCUMENT, 'utf8');
  const lines = text.split('\n').map((line) => (line.startsWith(`| ${figures.folder} | `) ? row : line));
  writeFileSync(DOCUMENT, lines.join('\n'));
}
