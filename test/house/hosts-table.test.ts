// The table of docs/hosts.md is that of test/hosts/matrix.ts, and each of its cells is a test that its file declares.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MATRIX, renderedMatrix } from '../hosts/matrix.js';
import { PROJECT } from './sources.js';

/** Names of the tests that a file declares, none of which is run. */
function declaredIn(file: string): string[] {
  const preload = join(PROJECT, 'test/house/declared.ts');
  const { CI, ...env } = process.env;
  const args = ['--require', 'tsx/cjs', '--require', preload, file];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: PROJECT, encoding: 'utf8', env });
  const names = stdout.split('\n').flatMap((line) => (line.startsWith('DECLARED ') ? [line.slice('DECLARED '.length)] : []));
  assert.ok(names.length > 0, `${file} declares no test:\n${stdout}${stderr}`);
  return names;
}

const cells = MATRIX.flatMap((row) => Object.values(row.cells).flat()).flatMap((cell) => ('file' in cell ? [cell] : []));

test('docs/hosts.md holds the table of the matrix', () => {
  assert.ok(readFileSync(join(PROJECT, 'docs/hosts.md'), 'utf8').includes(renderedMatrix()), renderedMatrix());
});

test('each cell of the table is a test of its file', () => {
  for (const file of new Set(cells.map((cell) => cell.file))) {
    const declared = new Set(declaredIn(file));
    const named = cells.filter((cell) => cell.file === file);
    assert.equal(
      named.filter((cell) => !declared.has(cell.test)),
      [],
    );
  }
});

test.run();
