// The arithmetic and the Markdown of the benchmarks: the basis of the published figures.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { document, factor, renew, signed, time, timesTable } from '../../bench/report.js';
import { paired, pairedAbove, spread } from '../../bench/statistics.js';

test('a spread has median, quartiles and minimum, in any order of the values', () => {
  assert.equal(spread([5, 1, 4, 2, 3]), { median: 3, low: 2, high: 4, least: 1 });
  assert.is(spread([4, 1, 2, 3]).median, 2.5);
});

test('an empty measurement is an error, not a zero', () => {
  assert.throws(() => spread([]), /no round was measured/);
  assert.throws(() => paired([1, 2], [1]), /cannot be paired/);
});

test('pairs are formed within a round, so that drift common to both cancels out', () => {
  const base = [10, 100, 1000];
  const other = [12, 102, 1002];
  assert.is(paired(other, base).difference.median, 2);
  assert.is(paired(other, base).ratio.median, 1.02);
});

test('a run of some sections replaces their tables and budgets, and leaves the others unchanged', () => {
  const budget = (what: string, measured: string) => ({ what, limit: '1x', measured, met: true });
  const note = 'A note. Measured on one machine.';
  const table = (title: string, cell: string) => ({ title, note, head: ['', 'a'], rows: [['row', cell]] });
  const before = document([
    { tables: [table('One', 'old'), table('Two', 'kept')], budgets: [budget('first', '0.1x'), budget('second', '0.2x')] },
  ]);
  const after = renew(before, [
    { tables: [table('One', 'new'), table('Three', 'added')], budgets: [budget('first', '0.9x'), budget('third', '0.3x')] },
  ]);
  const expected = document([
    {
      tables: [table('One', 'new'), table('Two', 'kept'), table('Three', 'added')],
      budgets: [budget('first', '0.9x'), budget('second', '0.2x'), budget('third', '0.3x')],
    },
  ]);
  const body = (text: string): string => text.slice(text.indexOf('## '));
  assert.is(body(after), body(expected));
});

test('a part that is kept names the machine of its own measurement, the head that of the last', () => {
  const table = (title: string, note: string) => ({ title, note, head: ['', 'a'], rows: [['row', '1']] });
  const [then, now] = ['Measured on 2026-01-02: one machine.', 'Measured on 2026-03-04: another.'];
  const on = (text: string, machine: string): string => text.replace(/^Measured on .*$/mu, () => machine);
  const before = on(
    document([{ tables: [table('One', 'A.'), table('Two', 'B.'), table('Own', `C. ${now}`)], budgets: [] }]),
    then,
  );
  const after = renew(before, [{ tables: [table('One', 'A.')], budgets: [] }]);
  assert.not.match(after.slice(0, after.indexOf('## ')), then);
  assert.match(after, `## Two\n\nB. ${then}\n\n|`);
  assert.match(after, `## Own\n\nC. ${now}\n\n|`);
  assert.match(after, '## One\n\nA.\n\n|');
  assert.is(renew(after, [{ tables: [table('One', 'A.')], budgets: [] }]).split(then).length, 2, 'once');
});

test('a page with a head of its own keeps it', () => {
  const outcome = { tables: [{ title: 'One', note: 'A.', head: ['', 'a'], rows: [['row', '1']] }], budgets: [] };
  const page = '# A fleet\n\nSwitch all replicas.\n\n## When\n\nThe server is gone.\n';
  assert.ok(renew(page, [outcome]).startsWith(`${page}\n## One\n\nA.\n`));
});

test('the costs that two variants add to a third are compared with each other', () => {
  const floor = [10, 100, 1000];
  assert.is(pairedAbove([11, 101, 1001], [20, 110, 1010], floor).median, 0.1);
  assert.throws(() => pairedAbove([1], [1, 2], [0, 0]), /cannot be paired/);
});

test('numbers are formatted with thousands separators and sensible precision', () => {
  assert.is(time(1.234), '1.2 ns');
  assert.is(time(1234.5), '1,235 ns');
  assert.is(signed(-0.5, time), '-0.5 ns');
  assert.is(signed(2, time), '+2.0 ns');
  assert.is(factor(1.149), '1.15x');
  assert.is(factor(114.2), '114x');
});

test('a table has a row for each variant and compares all with the first', () => {
  const samples = new Map([
    ['bare', [10, 10, 10]],
    ['other', [20, 20, 20]],
  ]);
  const table = timesTable('Title', 'Note.', samples, (label) => paired(samples.get(label) ?? [], samples.get('bare') ?? []));
  assert.equal(
    table.rows.map((row) => [row[0], row[4], row[5]]),
    [
      ['bare', '', ''],
      ['other', '+10.0 ns', '2.00x'],
    ],
  );
});

test('the document marks each budget as met or not met', () => {
  const budget = { what: 'a thing', limit: '1.00x', measured: '2.00x' };
  const text = document([
    {
      tables: [],
      budgets: [
        { ...budget, met: false },
        { ...budget, what: 'a|b', met: true },
      ],
    },
  ]);
  assert.match(text, '| a thing | 1.00x | 2.00x | **not met** |');
  assert.match(text, '| a\\|b | 1.00x | 2.00x | met |');
});

test.run();
