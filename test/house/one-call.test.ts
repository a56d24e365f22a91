// The files of one recorded call, as runtime/README.md lists them, against those that run.
// Uses dist/.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PROJECT } from './sources.js';

const MOST_FILES = 9;

const README = readFileSync(join(PROJECT, 'runtime/README.md'), 'utf8');

/** Files in the first column of a table of the README. */
function filesBelow(heading: string): string[] {
  const [, section = ''] = README.split(heading);
  const [table = ''] = /(?:^\|.*\n)+/m.exec(section) ?? [];
  return table
    .split('\n')
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+\.ts)`/g)].map(([, file = '']) => file));
}

const FOLLOWED = filesBelow('## One recorded call');
const LEAVES = filesBelow('The rest are leaves');
const WAYS = {
  decorated: ['tsx', 'instrument/module.ts'],
  transformed: ['spanwright/register', 'instrument/wrapper.ts'],
} as const;

test('every file that runtime/README.md names exists', () => {
  assert.ok(FOLLOWED.length > 0 && LEAVES.length > 0);
  for (const [, file = ''] of README.matchAll(/`([\w/-]+\.ts)`/g))
    assert.ok(
      [join('runtime', file), file].some((path) => existsSync(join(PROJECT, path))),
      file,
    );
});

for (const [way, [loader, other]] of Object.entries(WAYS)) {
  test(`a ${way} call is followed in at most nine files, and runs no file that the tables do not name`, () => {
    const program = join(PROJECT, 'test/house/one-call.ts');
    const printed = execFileSync(process.execPath, ['--import', loader, program], {
      cwd: PROJECT,
      encoding: 'utf8',
      stdio: 'pipe',
    });
    const ran = new Set(Object.values(JSON.parse(printed) as Record<string, string[]>).flat());
    const expected = FOLLOWED.filter((file) => file !== other);
    assert.ok(expected.length <= MOST_FILES, `${expected.length} files`);
    assert.equal(
      expected.filter((file) => !ran.has(file)),
      [],
    );
    assert.equal(
      [...ran].filter((file) => !expected.includes(file) && !LEAVES.includes(file)),
      [],
    );
  });
}

test.run();
