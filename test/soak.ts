// `npm run soak -- [TEST...]`: the tests that try to break Spanwright, at full length and with new seeds. What they tried is written to the
// table of docs/reliability.md. `real/soak` runs one of them alone.
// SPANWRIGHT_SOAK_SECONDS (600) sets the length of the load with random faults, SPANWRIGHT_SOAK_SPANS (1000000) the number of spans through
// Collectors that restart, SPANWRIGHT_SEED the seed of all.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Evidence, RULE, rowOf } from './evidence.js';
import { writeRow } from './reliability.js';

const SEED = process.env.SPANWRIGHT_SEED ?? String(Date.now() % 1_000_000);
const FULL_LENGTH = {
  SPANWRIGHT_SEED: SEED,
  SPANWRIGHT_SOAK_SECONDS: process.env.SPANWRIGHT_SOAK_SECONDS ?? '600',
  SPANWRIGHT_SOAK_SPANS: process.env.SPANWRIGHT_SOAK_SPANS ?? '1000000',
  SPANWRIGHT_REQUESTS: '500000',
  SPANWRIGHT_CASES: '30000',
};
const NAMED = process.argv.slice(2);
const ALL = [
  'span/injected-faults',
  'span/hostile-values',
  'open/soak',
  'real/faults',
  'real/soak',
  'admin/fuzz',
  'propagation/properties',
  'export/encode',
];

const pathOf = (name: string): string => join(__dirname, `${name}.test.ts`);
const unknown = NAMED.filter((name) => !existsSync(pathOf(name)));
if (unknown.length > 0) {
  console.error(`no such test: ${unknown.join(', ')}; expected names like ${ALL.join(', ')}`);
  process.exit(2);
}

const directory = mkdtempSync(join(tmpdir(), 'spanwright-soak-'));
const evidence = join(directory, 'rows');
const failed: string[] = [];
for (const file of NAMED.length > 0 ? NAMED : ALL) {
  const { status } = spawnSync(process.execPath, [require.resolve('tsx/cli'), pathOf(file)], {
    stdio: 'inherit',
    env: { ...process.env, ...FULL_LENGTH, SPANWRIGHT_EVIDENCE: evidence },
  });
  if (status !== 0) failed.push(file);
}
const rows = existsSync(evidence) ? readFileSync(evidence, 'utf8').trim().split('\n') : [];
rmSync(directory, { recursive: true });
console.log(`\nseed ${SEED}, Node ${process.versions.node}\n`);
for (const row of rows.map((line) => rowOf(JSON.parse(line) as Evidence))) {
  console.log(row);
  writeRow(RULE, row);
}
if (failed.length > 0) {
  console.error(`failed: ${failed.join(', ')}; SPANWRIGHT_SEED=${SEED} repeats the run`);
  process.exitCode = 1;
}
