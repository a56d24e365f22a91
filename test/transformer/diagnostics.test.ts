// Holds the table of diagnostics, its page and the golden cases in step.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { suggestion } from '../../transformer/core/suggestion.js';
import { DIAGNOSTICS } from '../../transformer/diagnostics.js';
import { ROOT } from './compile.js';

const ROWS = Object.entries(DIAGNOSTICS).map(([name, { code, severity }]) => ({ name, code, severity }));

test('codes are consecutive, so that none is used twice', () => {
  assert.equal(
    ROWS.map(({ code }) => code),
    ROWS.map((_, index) => 91000 + index),
  );
});

test('the page lists every code with its name and severity, and no others', () => {
  const page = readFileSync(join(ROOT, 'transformer', 'DIAGNOSTICS.md'), 'utf8');
  const listed = [...page.matchAll(/^\| TS(\d+) *\| `([\w-]+)` *\| (\w+) *\| \S/gm)];
  assert.equal(
    listed.map(([, code, name, severity]) => ({ name, code: Number(code), severity })),
    ROWS,
  );
});

test('every diagnostic of user code has a golden case that shows it', () => {
  const golden = join(ROOT, 'test', 'golden');
  const cases = new Set(readdirSync(golden));
  for (const { name, code } of ROWS) {
    // These depend on what is installed: test/hosts/dependency.test.ts.
    if (name === 'internal-fault' || name.endsWith('-dependency')) continue;
    assert.ok(cases.has(name), `test/golden/${name}`);
    assert.match(readFileSync(join(golden, name, 'expected.txt'), 'utf8'), `TS${code}: `);
  }
});

test('a near word is suggested, a far one is not', () => {
  assert.is(suggestion('namspace', ['name', 'namespace'], 'options'), 'Did you mean "namespace"?');
  assert.is(suggestion('knid', ['name', 'kind'], 'options'), 'Did you mean "kind"?');
  assert.is(suggestion('colour', ['name', 'kind'], 'options'), 'Its options: name, kind.');
  assert.is(suggestion('x', [], 'parameters'), 'There are no parameters.');
});

test.run();
