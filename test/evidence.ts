// Figures of the tests that try to break Spanwright, as rows of the table in docs/reliability.md. Each test prints its row; `npm run soak`
// collects them through the file that SPANWRIGHT_EVIDENCE names.

import { appendFileSync } from 'node:fs';
import { today } from './reliability.js';

export interface Evidence {
  /** Name of the test, with its seed if it is random. */
  readonly part: string;
  readonly tried: number;
  /** Tries after which the program's result and the counts were right. */
  readonly survived: number;
  /** Spans that were counted as failed, dropped or refused. */
  readonly lost: number;
  /** Spans that no count explains. */
  readonly unaccounted: number;
}

export function report(row: Evidence): void {
  console.log(rowOf(row));
  const file = process.env.SPANWRIGHT_EVIDENCE;
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(row)}\n`);
}

/** The line between the head of the table and its rows. */
export const RULE = '|---|--:|--:|--:|--:|---|';

const grouped = (value: number): string => value.toLocaleString('en-US');

export const rowOf = ({ part, tried, survived, lost, unaccounted }: Evidence): string =>
  `| ${part} | ${grouped(tried)} | ${grouped(survived)} | ${grouped(lost)} | ${grouped(unaccounted)} | ${today()} |`;
