// Two kept runs of the benchmarks: which differences are printed, and which fail.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compareRuns, type Kept } from '../../bench/compare.js';

const run = (cells: readonly string[], met: boolean, machine = 'm'): Kept => ({
  machine,
  outcomes: [
    {
      tables: [{ title: 'Off', note: '', head: ['', 'median', 'ratio'], rows: [['by hand', ...cells]] }],
      budgets: [{ what: 'a call', limit: '1.1x', measured: cells[1] ?? '', met }],
    },
  ],
});

test('prints cells that moved by more than a tenth, with both values', () => {
  const { lines, broken } = compareRuns(run(['1,000 ns', '1.00x'], true), run(['1,250 ns', '1.05x'], true));
  assert.equal(lines, ['Off: by hand, median: 1,000 ns to 1,250 ns (+25 %)']);
  assert.is(broken, 0);
});

test('prints a budget whose verdict changed, and counts it only if it is no longer met', () => {
  const worse = compareRuns(run(['10 ns', '1.0x'], true), run(['10 ns', '1.2x'], false));
  assert.equal(worse.lines[0], 'no longer met: a call: 1.0x to 1.2x');
  assert.is(worse.broken, 1);
  assert.is(compareRuns(run(['10 ns', '1.2x'], false), run(['10 ns', '1.0x'], true)).broken, 0);
});

test('compares neither another unit, nor an unknown row, nor text', () => {
  assert.equal(compareRuns(run(['10 ns', ''], true), run(['10 ms', ''], true)).lines, []);
  assert.equal(compareRuns(run([], true), run(['10 ms', ''], true)).lines, []);
});

test('distinguishes columns of one name', () => {
  const twice = run(['1 ns', '2 ns'], true);
  const outcomes = twice.outcomes.map((outcome) => ({
    ...outcome,
    tables: outcome.tables.map((table) => ({ ...table, head: ['', 'median', 'median'] })),
  }));
  assert.equal(compareRuns({ ...twice, outcomes }, { ...twice, outcomes }).lines, []);
});

test('names both machines where they differ', () => {
  assert.equal(compareRuns(run([], true, 'a'), run([], true, 'b')).lines, ['before: a', 'after:  b']);
});

test.run();
