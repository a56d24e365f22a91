// One million calls that never end, in a process of its own with gc() exposed: memory stays within the stated bound,
// and every one of the calls is accounted for.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { report } from '../evidence.js';

const PACKAGE = join(__dirname, '..', '..', 'dist', 'runtime', 'index.js');
const CALLS = 1_000_000;
/** 10,000 open spans with contexts and promises; about 20 MiB were measured; the limit allows for other versions of Node. */
const BOUND_MIB = 64;

const PROGRAM = `
const { instrument, startTracing } = require(${JSON.stringify(PACKAGE)});
const leak = instrument({ namespace: 'carbide::leaky', name: 'leak' }, () => new Promise(() => {}));
const discard = { export: (_, done) => done({ code: 0 }), shutdown: async () => {} };
(async () => {
  const tracing = await startTracing({ exporter: discard, enabled: true, maxSpanAge: '50ms', scheduleDelay: 10, onLeak: process.argv[1] });
  for (let call = 0; call < 1000; call++) leak();
  await new Promise((resolve) => setTimeout(resolve, 200));
  gc();
  const before = process.memoryUsage().heapUsed;
  let highest = 0;
  for (let call = 0; call < ${CALLS}; call++) {
    leak();
    if (call % 20000 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    if (call % 100000 === 0) { gc(); highest = Math.max(highest, process.memoryUsage().heapUsed); }
  }
  gc();
  highest = Math.max(highest, process.memoryUsage().heapUsed);
  const most = tracing.openCount;
  await new Promise((resolve) => setTimeout(resolve, 300));
  const { spans } = tracing.state();
  console.log(JSON.stringify({ grownMiB: (highest - before) / 2 ** 20, most, ...spans }));
  await tracing.shutdown();
})();
`;

function soak(policy: string) {
  const child = spawnSync(process.execPath, ['--expose-gc', '-e', PROGRAM, policy], { encoding: 'utf8', timeout: 120_000 });
  assert.is(child.status, 0, child.stderr);
  return JSON.parse(child.stdout) as Record<string, number> & { grownMiB: number };
}

test('a million leaking calls stay within the bound, and each is counted as ended by age or refused', () => {
  const result = soak('end');
  assert.ok(result.grownMiB < BOUND_MIB, `grew ${result.grownMiB.toFixed(1)} MiB, bound ${BOUND_MIB}`);
  assert.ok((result.most as number) <= 10_000);
  assert.is(result.open, 0);
  assert.is((result.started as number) + (result.refused as number), CALLS + 1000);
  assert.is(result.leaked, result.started);
  assert.is(result.ended, result.started);
  report({
    part: `calls that never end (heap +${result.grownMiB.toFixed(1)} MiB)`,
    tried: CALLS + 1000,
    survived: CALLS + 1000,
    lost: result.refused as number,
    unaccounted: CALLS + 1000 - (result.leaked as number) - (result.refused as number),
  });
});

test('with onLeak: drop the namespace starts no more spans', () => {
  const result = soak('drop');
  assert.ok(result.grownMiB < BOUND_MIB, `grew ${result.grownMiB.toFixed(1)} MiB, bound ${BOUND_MIB}`);
  assert.ok((result.started as number) <= 11_000, `${result.started} started`);
  assert.is(result.open, 0);
});

test.run();
