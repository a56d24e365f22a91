// `npm test`: builds, then runs every test/**/*.test.ts in a process of its own, and type-check, format and lint beside them.
//   npm test -- gate                    files whose path holds "gate"
//   npm test -- gate --test "by ratio"  of these, the tests whose name holds "by ratio"
//   npm test -- check                   only the check
// The last line is `N passed, N failed`; the exit status is 0 only when nothing failed.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Suite } from './runner/suite.js';

const ROOT = join(__dirname, '..');
const CHECK = 'check';
/** The second uses the first. */
const TOGETHER = ['breakfix-pipeline', 'street-ops'];
/** Workspaces that are built one after the other, each row beside the others. `npm run build` has built the stage. */
const SAMPLES = [
  TOGETHER,
  ...readdirSync(join(ROOT, 'samples'))
    .filter((name) => ![...TOGETHER, 'stage'].includes(name) && existsSync(join(ROOT, 'samples', name, 'package.json')))
    .map((name) => [name]),
];
const silently = (...args: string[]): string[] => ['run', '--silent', ...args];

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { test: { type: 'string' } } });
  const filters = positionals.filter((word) => word !== CHECK);
  const all = positionals.length === 0 && values.test === undefined;
  const ci = process.env.CI === 'true';
  const checked = all || positionals.includes(CHECK);
  const check = (): Promise<void> => suite.runStep(CHECK, silently(CHECK));
  const suite = new Suite({ root: ROOT, filters, testName: values.test, ci, print: console.log });
  if (all && !ci && !existsSync(join(ROOT, '.cache/hosts')))
    console.log(
      'Real parts (databases, Collector, bundlers ...) are not set up: their tests are skipped. `npm run setup` installs them.',
    );
  if (all || filters.length > 0 || values.test !== undefined) {
    // Tests of the built output show more than the compiler's exit status, so a failed build does not stop the run.
    await suite.runStep('build', silently('build'));
    await suite.runSteps(
      SAMPLES.map((names) => [
        `build ${names.join(', ')}`,
        silently('build', ...names.flatMap((name) => ['-w', `samples/${name}`])),
      ]),
    );
    await suite.runFiles(checked ? check : undefined);
  } else await check();
  console.log(suite.duration());
  console.log(suite.closingLine());
  process.exitCode = suite.failed > 0 ? 1 : 0;
}

process.once('SIGINT', () => process.exit(130));
void main();
