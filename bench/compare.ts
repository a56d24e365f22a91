// Compares two runs of the benchmarks that `--json` has kept: `npx tsx bench/compare.ts before.json after.json`. Prints the budgets whose
// verdict differs and the cells that moved by more than a tenth. The exit status is 1 when a budget is no longer met.

import { readFileSync } from 'node:fs';
import type { Outcome } from './report.js';

/** Content of a file that `--json` has written. */
export interface Kept {
  readonly machine: string;
  readonly outcomes: readonly Outcome[];
}

export interface Comparison {
  readonly lines: readonly string[];
  /** Budgets that were met before and are not after. */
  readonly broken: number;
}

const NOTABLE = 0.1;

/** Value and unit of a cell such as `1,070 ns`, `+12.5 ms` or `1.02x`. */
function numberOf(cell: string): { value: number; unit: string } | undefined {
  const [, digits, unit] = /^([+-]?[\d,]*\.?\d+)\s*(\D*)$/.exec(cell.trim()) ?? [];
  return digits === undefined ? undefined : { value: Number(digits.replaceAll(',', '')), unit: (unit as string).trim() };
}

function movedCells(before: Outcome, after: Outcome): string[] {
  return after.tables.flatMap((table) => {
    const old = before.tables.find(({ title }) => title === table.title);
    const rowsBefore = new Map(old?.rows.map((row) => [row[0], row]));
    return table.rows.flatMap((row) =>
      table.head.slice(1).flatMap((column, index) => {
        // by place first, because columns may have one name
        const place = old?.head[index + 1] === column ? index + 1 : (old?.head.indexOf(column) ?? -1);
        const [was, is] = [rowsBefore.get(row[0])?.[place] ?? '', row[index + 1] ?? ''];
        const [first, second] = [numberOf(was), numberOf(is)];
        if (first === undefined || second === undefined || first.unit !== second.unit || first.value === 0) return [];
        const change = second.value / first.value - 1;
        if (Math.abs(change) <= NOTABLE) return [];
        return [`${table.title}: ${row[0]}, ${column}: ${was} to ${is} (${change > 0 ? '+' : ''}${Math.round(change * 100)} %)`];
      }),
    );
  });
}

export function compareRuns(before: Kept, after: Kept): Comparison {
  const lines: string[] = [];
  if (before.machine !== after.machine) lines.push(`before: ${before.machine}`, `after:  ${after.machine}`);
  const budgets = new Map(before.outcomes.flatMap((outcome) => outcome.budgets).map((budget) => [budget.what, budget]));
  let broken = 0;
  for (const { what, measured, met } of after.outcomes.flatMap((outcome) => outcome.budgets)) {
    const old = budgets.get(what);
    if (old === undefined || old.met === met) continue;
    if (!met) broken++;
    lines.push(`${met ? 'met again' : 'no longer met'}: ${what}: ${old.measured} to ${measured}`);
  }
  const all = { tables: before.outcomes.flatMap(({ tables }) => tables), budgets: [] };
  lines.push(...after.outcomes.flatMap((outcome) => movedCells(all, outcome)));
  return { lines, broken };
}

function main(paths: readonly string[]): void {
  const [before, after] = paths.map((path) => JSON.parse(readFileSync(path, 'utf8')) as Kept);
  if (before === undefined || after === undefined) {
    console.error('bench: expected two files that `npm run bench -- --json FILE` has written.');
    process.exitCode = 2;
    return;
  }
  const { lines, broken } = compareRuns(before, after);
  console.log(lines.length === 0 ? 'no difference above a tenth' : lines.join('\n'));
  process.exitCode = broken > 0 ? 1 : 0;
}

if (require.main === module) main(process.argv.slice(2));
