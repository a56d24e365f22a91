// `npm test`: installs and builds what is needed, runs every test/**/*.test.ts in a process of its own, then type-check, format and lint.
// Arguments filter: `npm test -- gate` runs the files whose path holds "gate"; `npm test -- check` only the check.
// The last line is `N passed, N failed`; the exit status is 0 only when nothing failed.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildSteps, CHECK_STEP, closingLine, runFiles, runStep, type SuiteOptions, type Totals } from './runner/suite.js';

/** Installs what the tests need, as far as this machine allows; what is missing then is a skip with its reason. CI did it before. */
function setUp(root: string): void {
  spawnSync('bash', ['.ci/setup', '--keep-going'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
}

async function main(): Promise<void> {
  const filters = process.argv.slice(2);
  const options: SuiteOptions = {
    root: join(__dirname, '..'),
    filters: filters.filter((text) => text !== CHECK_STEP.name),
    ci: process.env.CI === 'true',
    print: (line) => console.log(line),
  };
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  const add = (more: Totals): void => {
    totals.passed += more.passed;
    totals.failed += more.failed;
    totals.skipped += more.skipped;
  };

  if (filters.length === 0 && !options.ci) setUp(options.root);
  const onlyCheck = filters.length > 0 && options.filters.length === 0;
  if (!onlyCheck) {
    // Tests of the built output say more than the compiler's exit status, so a failed build does not stop the run.
    for (const step of buildSteps(options.root)) add(await runStep(step, options));
    add(await runFiles(options));
  }
  if (filters.length === 0 || filters.includes(CHECK_STEP.name)) add(await runStep(CHECK_STEP, options));

  console.log(closingLine(totals));
  process.exitCode = totals.failed > 0 ? 1 : 0;
}

void main();
