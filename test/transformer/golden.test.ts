// Golden cases: test/golden/<case>/ holds input.ts, perhaps options.json (of the plugin and the compiler), and expected.txt: the
// diagnostics of the transformer, or, where there are none, the JavaScript. `UPDATE_GOLDEN=1` writes what is missing.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, ROOT } from './compile.js';

const GOLDEN = join(ROOT, 'test', 'golden');
const CASES = readdirSync(GOLDEN, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort();

test('there are golden cases', () => {
  assert.ok(CASES.length >= 10, `found ${CASES.length}`);
});

for (const name of CASES) {
  test(`golden case ${name} comes out as expected`, () => {
    const directory = join(GOLDEN, name);
    const options = existsSync(join(directory, 'options.json'))
      ? JSON.parse(readFileSync(join(directory, 'options.json'), 'utf8'))
      : {};
    const compiled = compile({
      files: { 'src/input.ts': readFileSync(join(directory, 'input.ts'), 'utf8') },
      compilerOptions: { experimentalDecorators: true, sourceMap: false, declaration: false, ...options.compilerOptions },
      plugin: { namespace: 'golden', ...options.plugin },
    });
    const found = compiled.misuse.length > 0 ? `${compiled.misuse.join('\n')}\n` : compiled.output('input.js');
    const expected = join(directory, 'expected.txt');
    if (!existsSync(expected) && process.env.UPDATE_GOLDEN === '1') writeFileSync(expected, found);
    assert.fixture(found, readFileSync(expected, 'utf8'));
  });
}

test.run();
