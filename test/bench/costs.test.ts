// The figures on costs in README.md are those that `npm run bench` printed into docs/performance.md.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readmeWithCosts } from '../../docs/write-costs.js';

const textOf = (path: string): string => readFileSync(join(__dirname, '../..', path), 'utf8');
const readme = textOf('README.md');
const figures = textOf('docs/performance.md');

test('the figures of README.md are those of docs/performance.md', () => {
  assert.is(readme, readmeWithCosts(readme, figures), 'run: npx tsx docs/write-costs.ts');
});

test('another measurement changes README.md, and a missing one is named', () => {
  const what = 'Node 24: a lease on another namespace, over the bare call, sync';
  const row = figures.split('\n').find((line) => line.startsWith(`| ${what} |`)) as string;
  const cells = row.split(' | ');
  const other = cells.with(2, '+123.4 ns').join(' | ');
  assert.match(readmeWithCosts(readme, figures.replace(row, other)), '+123.4 ns sync');
  assert.throws(() => readmeWithCosts(readme, figures.replace(row, '')), new RegExp(`no budget "${what}".*npm run bench`));
});

test.run();
