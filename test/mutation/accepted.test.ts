// The list of accepted mutants names lines that exist.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PROJECT } from '../house/sources.js';
import { ACCEPTED } from './accepted.js';

test('each accepted mutant is of a line that its file has', () => {
  const missing = ACCEPTED.filter(({ file, line }) => !readFileSync(join(PROJECT, 'runtime', file), 'utf8').includes(line));
  assert.equal(missing, []);
});

test.run();
