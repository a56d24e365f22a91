// Rows of the tables in docs/reliability.md, written by `npm run soak` and `npm run mutate`.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const DOCUMENT = join(__dirname, '../docs/reliability.md');

export const today = (): string => new Date().toISOString().slice(0, 10);

/** First cell of a row without its numbers, which differ from run to run; `SDK line 2` is a name. */
const keyOf = (row: string): string => (row.split(' | ', 1)[0] as string).replace(/(?<!line )\b\d[\d,.]*/g, '');

/** @returns the document with the row in the table below `rule`, in place of the one with the same first cell, or as the last one */
export function withRow(document: string, rule: string, row: string): string {
  const lines = document.split('\n');
  const first = lines.indexOf(rule) + 1;
  if (first === 0) throw new Error(`docs/reliability.md: found no table with the line ${rule}`);
  let end = first;
  while (lines[end]?.startsWith('|')) end += 1;
  const known = lines.slice(first, end).findIndex((line) => keyOf(line) === keyOf(row));
  lines.splice(known < 0 ? end : first + known, known < 0 ? 0 : 1, row);
  return lines.join('\n');
}

export function writeRow(rule: string, row: string): void {
  writeFileSync(DOCUMENT, withRow(readFileSync(DOCUMENT, 'utf8'), rule, row));
}
