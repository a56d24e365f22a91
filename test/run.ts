// `npm test`: builds, runs every test/**/*.test.ts in a process of its own, then type-check, format and lint.
//   npm test -- gate                    files whose path holds "gate"
//   npm test -- gate --test "by ratio"  of these, the tests whose name holds "by ratio"
//   npm test -- check                   only the check
// The last line is `N passed, N failed`; the exit status is 0 only when nothing failed.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runFiles, runStep, type Step, Suite } from './runner/suite.js';

const ROOT = join(__dirname, '..');
const CHECK: Step = { name: 'check', args: ['run', '--silent', 'check'] };
const BUILD: Step = { name: 'build', args: ['run', '--silent', 'build'] };
const BUILD_WORKSPACES: Step = { name: 'build samples', args: ['run', '--silent', 'build', '--workspaces', '--if-present'] };

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { test: { type: 'string' } } });
  const filters = positionals.filter((word) => word !== CHECK.name);
  const all = positionals.length === 0 && values.test === undefined;
  const suite = new Suite({ root: ROOT, filters, testName: values.test, ci: process.env.CI === 'true', print: console.log });
  if (!suite.options.ci && all && !existsSync(join(ROOT, '.cache')))
    console.log(
      'Real parts (databases, Collector, bundlers ...) are not set up: their tests are skipped. `npm run setup` installs them.',
    );
  if (all || filters.length > 0 || values.test !== undefined) {
    // Tests of the built output show more than the compiler's exit status, so a failed build does not stop the run.
    await runStep(suite, BUILD);
    if (readdirSync(join(ROOT, 'samples')).length > 0) await runStep(suite, BUILD_WORKSPACES);
    await runFiles(suite);
  }
  if (all || positionals.includes(CHECK.name)) await runStep(suite, CHECK);
  console.log(suite.closingLine());
  process.exitCode = suite.failed > 0 ? 1 : 0;
}

void main();
