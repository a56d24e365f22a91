// Auto mode plants nearly every function with a body and a name by place, by the bench's own count: of this runtime, and of a published package.

import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { measure, PLANTED } from '../../bench/text.js';
import { part, testWith } from '../hosts/conformance/suite.js';
import { PROJECT } from '../house/sources.js';

function assertPlanted(folder: string, atLeast: number): void {
  const { functions, planted, left } = measure(folder, /\.ts$/, 1);
  assert.ok(functions >= atLeast, `${functions} functions`);
  assert.ok(planted >= functions * PLANTED, `${planted} of ${functions}; left out: ${JSON.stringify([...left])}`);
}

test('at least 99 % of the functions of this runtime are planted', () => assertPlanted(join(PROJECT, 'runtime'), 2500));

testWith('published')("at least 99 % of the functions of rxjs's sources are planted", () =>
  assertPlanted(part('published/node_modules/rxjs/src'), 800),
);

test.run();
