// Hostile arguments, receivers, results and errors, drawn at random, through every kind of function, while arguments and results are
// captured: the caller gets what the plain class gives it, and no trap or getter runs that would not run without tracing.
// `npm run soak` runs more cases, with another seed.
// limit: 180 s

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { report } from '../evidence.js';
import { compile, execute } from '../transformer/compile.js';
import { filesOf } from './hostile/program.js';

const SEED = Number(process.env.SPANWRIGHT_SEED ?? 1);
const CASES = Number(process.env.SPANWRIGHT_CASES ?? 1500);
const source = (path: string): string => readFileSync(join(__dirname, path), 'utf8');

for (const experimentalDecorators of [true, false]) {
  const kind = experimentalDecorators ? 'legacy' : 'standard';
  test(`hostile values and receivers change nothing, ${kind} decorators (seed ${SEED})`, () => {
    const { directory, diagnostics } = compile({
      files: {
        ...filesOf(experimentalDecorators),
        'src/values.ts': source('hostile/values.ts'),
        'src/random.ts': source('../random.ts'),
      },
      compilerOptions: { experimentalDecorators, strict: false },
      plugin: { auto: [{ files: 'src/auto/**' }] },
    });
    assert.equal(diagnostics, []);
    const { status, stdout, stderr } = execute(directory, join(directory, 'out', 'main.js'), String(SEED), String(CASES));
    assert.is(status, 0, stderr);
    const { found, started, ended, open } = JSON.parse(stdout) as {
      found: string[];
      started: number;
      ended: number;
      open: number;
    };
    assert.equal(found, []);
    assert.ok(started > CASES * 0.8, `${started} spans`);
    report({
      part: `hostile values and receivers through every kind of function, ${kind} decorators (seed ${SEED})`,
      tried: CASES,
      survived: CASES - found.length,
      lost: 0,
      unaccounted: started - ended - open,
    });
  });
}

test.run();
