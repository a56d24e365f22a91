// Each budget of docs/performance.md that is not met links to what explains or shows it; test/house/links.test.ts follows the links.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { verdictOf } from '../../bench/report.js';

const PAGE = readFileSync(join(__dirname, '..', '..', 'docs', 'performance.md'), 'utf8');

test('each budget that is not met has a link', () => {
  const rows = [...PAGE.matchAll(/^\| (.+?) \| .* \| (\*\*not met\*\*.*?) \|/gmu)];
  assert.ok(rows.length > 0);
  for (const [, what = '', verdict] of rows) {
    assert.is(verdict, verdictOf(what, false), what);
    assert.match(verdict as string, /: \[see\]\(/, what);
  }
});

test('a budget that is met needs no link, and one without an explanation has none', () => {
  assert.is(verdictOf('off, transformed method, over the bare call, sync', true), 'met');
  assert.is(verdictOf('something new', false), '**not met**');
});

test.run();
