// Holds samples/COVERAGE.md to the tests: each claim of the five documents has a test that exists, by file and beginning of its name, or a
// reason why it has none.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PROJECT } from './sources.js';

const LEAST_REASON = 20;
/** Per state: needs a test, needs a reason. */
const STATES: Readonly<Record<string, readonly [test: boolean, reason: boolean]>> = {
  works: [true, false],
  partly: [true, true],
  missing: [false, true],
  otherwise: [false, true],
};
const LINK = /\[([^\]]+)\]\[(\w+)\]/g;

const namesOf = (source: string): string[] =>
  [...source.matchAll(/^ {0,4}[\w.]+\(\s*(['"`])((?:\\.|(?!\1).)*)\1,/gms)].map(([, , name]) => name as string);

function testsIn(file: string | undefined): string[] {
  const path = file && join(PROJECT, 'samples', file);
  return path && existsSync(path) ? namesOf(readFileSync(path, 'utf8')) : [];
}

/** Faults of a document, one sentence each, and its number of rows. */
function check(markdown: string): { rows: number; faults: string[] } {
  const files = new Map([...markdown.matchAll(/^\[(\w+)\]: (\S+)$/gm)].map(([, key, file]) => [key as string, file as string]));
  const rows = [...markdown.matchAll(/^\| ([A-Z]\d+) \| (.+) \| (\w+) \| (.*) \|$/gm)];
  const ids = rows.map(([, id]) => id as string);
  const faults = ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `${id} occurs twice`);
  for (const [, id, , state = '', evidence = ''] of rows) {
    const [needsTest, needsReason] = STATES[state] ?? [];
    if (needsTest === undefined) faults.push(`${id}: "${state}" is no state`);
    const links = [...evidence.matchAll(LINK)];
    if (needsTest && links.length === 0) faults.push(`${id}: no test`);
    if (needsReason && evidence.replace(LINK, '').trim().length < LEAST_REASON) faults.push(`${id}: no reason`);
    for (const [, name = '', key = ''] of links) {
      const found = testsIn(files.get(key)).filter((one) => one.startsWith(name)).length;
      if (found !== 1) faults.push(`${id}: ${found} tests begin with "${name}" in ${files.get(key) ?? `[${key}]`}`);
    }
  }
  return { rows: rows.length, faults };
}

test('every claim of the five documents has a test that exists, or a reason', () => {
  const markdown = readFileSync(join(PROJECT, 'samples/COVERAGE.md'), 'utf8');
  const { rows, faults } = check(markdown);
  assert.equal(faults, []);
  assert.is(rows, markdown.match(/^\| [A-Z]\d/gm)?.length, 'every row of the tables is read');
  assert.ok(rows >= 169, `${rows} rows`);
});

test('a missing test, a missing reason, an unknown state and a duplicate row are faults', () => {
  const row = (state: string, evidence: string): string[] =>
    check(`| X1 | claim | ${state} | ${evidence} |\n\n[here]: ../test/house/coverage.test.ts\n`).faults;
  const here = '[every claim of the five documents][here]';
  const reason = 'It would need a Kubernetes cluster.';
  assert.equal(row('works', here), []);
  assert.equal(row('partly', `${here}; ${reason}`), []);
  assert.equal(row('missing', reason), []);
  assert.equal(row('works', reason), ['X1: no test']);
  assert.equal(row('partly', here), ['X1: no reason']);
  assert.equal(row('missing', here), ['X1: no reason']);
  assert.equal(row('perhaps', reason), ['X1: "perhaps" is no state']);
  assert.equal(row('works', '[a test that nobody wrote][here]'), [
    'X1: 0 tests begin with "a test that nobody wrote" in ../test/house/coverage.test.ts',
  ]);
  assert.equal(row('works', `[every claim][nowhere]`), ['X1: 0 tests begin with "every claim" in [nowhere]']);
  assert.equal(check(`| X1 | a | missing | ${reason} |\n| X1 | b | missing | ${reason} |`).faults, ['X1 occurs twice']);
});

test.run();
