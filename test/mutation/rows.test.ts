// Rows of docs/reliability.md: a new one takes the place of the earlier one of the same test, and of no other.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { withRow } from '../reliability.js';

const RULE = '|---|--:|';
const table = (...rows: string[]): string => ['| part | tried |', RULE, ...rows, '', 'text'].join('\n');

test('a row replaces the one whose first cell differs in numbers only', () => {
  const before = table(
    '| 600 s of load (seed 1) | 5 |',
    '| spans of SDK line 2 (seed 1) | 6 |',
    '| spans of SDK line 3 (seed 1) | 7 |',
  );
  assert.is(
    withRow(before, RULE, '| spans of SDK line 3 (seed 2) | 1,000 |'),
    table('| 600 s of load (seed 1) | 5 |', '| spans of SDK line 2 (seed 1) | 6 |', '| spans of SDK line 3 (seed 2) | 1,000 |'),
  );
  assert.is(
    withRow(table('| 600 s of load (seed 1) | 5 |'), RULE, '| 10 s of load (seed 9) | 8 |'),
    table('| 10 s of load (seed 9) | 8 |'),
  );
});

test('a row of another test is added at the end of the table', () => {
  assert.is(withRow(table('| one | 5 |'), RULE, '| two | 6 |'), table('| one | 5 |', '| two | 6 |'));
});

test('a missing table is an error', () => {
  assert.throws(() => withRow('text', RULE, '| one | 5 |'), /found no table/);
});

test.run();
