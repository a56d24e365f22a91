// The interface of the options of startTracing() agrees with the table of keys: its types, its text, and its examples as values.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EXAMPLES, keyOptionsFile } from '../../docs/write-options.js';
import type { KeyOptions } from '../../runtime/config/key-options.js';
import type { KeyRow } from '../../runtime/config/key-row.js';
import { KEYS, type KeyInputs } from '../../runtime/config/keys.js';

const ROWS: readonly KeyRow[] = KEYS;

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Different = {
  [Option in keyof KeyInputs | keyof KeyOptions]: Option extends keyof KeyInputs & keyof KeyOptions
    ? Same<KeyInputs[Option], KeyOptions[Option]> extends true
      ? never
      : Option
    : Option;
}[keyof KeyInputs | keyof KeyOptions];
/** `npm run check` compares the types; an option that differs is named in its error. */
const differing: [Different] extends [never] ? 'none' : Different = 'none';

test('the interface is what the script writes from the table', () => {
  assert.is(differing, 'none');
  const file = readFileSync(join(__dirname, '../../runtime/config/key-options.ts'), 'utf8');
  assert.is(file, keyOptionsFile(), 'run: npx tsx docs/write-options.ts');
});

test('every option has an example, or a type that shows its values', () => {
  const without = ROWS.filter(({ option, type }) => EXAMPLES[option] === undefined && !/^(boolean|`)/.test(type.name));
  assert.equal(without, []);
  const options = new Set(ROWS.map(({ option }) => option));
  assert.equal(
    Object.keys(EXAMPLES).filter((name) => !options.has(name as never)),
    [],
  );
});

test('every example is a value that its key accepts in code', () => {
  const environment = { TOKEN: 'a-token', TRACE_HEADER_SECRET: 'mFq2-9xWz-Lr71-Tk8v' };
  for (const row of ROWS.filter(({ option }) => EXAMPLES[option] !== undefined)) {
    const value: unknown = new Function('process', `return ${EXAMPLES[row.option]}`)({ env: environment });
    const reading = row.type.read(value, 'code');
    assert.ok('value' in reading, `${row.option}: ${EXAMPLES[row.option]}: ${JSON.stringify(reading)}`);
    assert.is.not(JSON.stringify(reading.value), JSON.stringify(row.default), `${row.option}: the example is the default`);
  }
});

test.run();
