// Adds to uvu what it lacks: files side by side, each in a process of its own with a time limit, a filter by test name, and one
// summary. A file passes only when uvu printed how many tests ran, at least one did, and the process exited with 0.
// The opening comment of a test file may hold
//   `// alone: <reason>`     to run while no other file runs (files that measure time)
//   `// limit: <seconds> s`  to replace the default time limit of two minutes

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type ChildResult, runChild } from './child.js';

const AT_A_TIME = 2;
const DEFAULT_LIMIT_S = 120;
const STEP_LIMIT_MS = 300_000;
const SLOWEST_SHOWN = 5;
/** The closing lines of uvu; the last set counts, because a file may hold several suites. */
const CLOSING = /^\s*Total:\s+(\d+)\s*\n\s*Passed:\s+(\d+)\s*\n\s*Skipped:\s+(\d+)\s*$/gm;

export interface SuiteOptions {
  readonly root: string;
  /** A file runs when its path holds one of these texts; none means all. */
  readonly filters: readonly string[];
  /** A test runs when its name holds this text. */
  readonly testName?: string | undefined;
  /** Nothing may be skipped. */
  readonly ci: boolean;
  readonly print: (line: string) => void;
}

/** Options of a run and what it has counted so far. */
export class Suite {
  passed = 0;
  failed = 0;
  skipped = 0;

  constructor(readonly options: SuiteOptions) {}

  add({ passed, failed, skipped }: Verdict): void {
    this.passed += passed;
    this.failed += failed;
    this.skipped += skipped;
  }

  /** The last line of a run, which .ci/run looks for. */
  closingLine(): string {
    return `${this.passed} passed, ${this.failed} failed${this.skipped > 0 ? `, ${this.skipped} skipped` : ''}`;
  }
}

/** An npm command that counts as one test. */
export interface Step {
  readonly name: string;
  readonly args: readonly string[];
}

interface TestFile {
  /** Relative to the project, with forward slashes. */
  readonly path: string;
  readonly alone: boolean;
  readonly limitMs: number;
}

interface Verdict {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Lines for the summary: faults of the file itself and reasons of skipped tests. */
  readonly remarks: readonly string[];
}

export async function runStep(suite: Suite, step: Step, command = 'npm'): Promise<void> {
  const result = await runChild(command, step.args, { cwd: suite.options.root, limitMs: STEP_LIMIT_MS });
  const failed = result.code === 0 ? 0 : 1;
  suite.add({ passed: 1 - failed, failed, skipped: 0, remarks: [] });
  print(suite, { name: step.name, failed, counts: '', result, remarks: [] });
}

export async function runFiles(suite: Suite): Promise<void> {
  const { root, filters, testName } = suite.options;
  const files = findTestFiles(root).filter(({ path }) => filters.length === 0 || filters.some((text) => path.includes(text)));
  const times: { path: string; ms: number }[] = [];
  const env = testName === undefined ? {} : { SPANWRIGHT_TEST_NAME: testName };
  const preload = testName === undefined ? [] : ['--import', pathToFileURL(join(__dirname, 'named.ts')).href];
  const runOne = async (file: TestFile): Promise<void> => {
    const args = ['--import', 'tsx', ...preload, file.path];
    const result = await runChild(process.execPath, args, { cwd: root, limitMs: file.limitMs, env });
    times.push({ path: file.path, ms: result.ms });
    const verdict = judge(result, file, suite.options);
    suite.add(verdict);
    const counts = `: ${verdict.passed} passed${verdict.skipped > 0 ? `, ${verdict.skipped} skipped` : ''}`;
    if (testName === undefined || verdict.passed + verdict.failed > 0)
      print(suite, { name: file.path, failed: verdict.failed, counts, result, remarks: verdict.remarks });
  };

  const together = files.filter((file) => !file.alone);
  const worker = async (): Promise<void> => {
    for (let file = together.shift(); file; file = together.shift()) await runOne(file);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  for (const file of files) if (file.alone) await runOne(file);

  if (suite.passed + suite.failed + suite.skipped === 0) {
    suite.add({ passed: 0, failed: 1, skipped: 0, remarks: [] });
    suite.options.print(`FAIL no test in a file whose path holds ${filters.join(' or ') || '.test.ts'}`);
  }
  const slowest = times.sort((a, b) => b.ms - a.ms).slice(0, SLOWEST_SHOWN);
  suite.options.print(`slowest: ${slowest.map(({ path, ms }) => `${path} ${seconds(ms)}`).join(', ')}`);
}

function findTestFiles(root: string): TestFile[] {
  return readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .map((path) => `test/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.test.ts') && !/\/(fixtures|golden|node_modules)\//.test(path))
    .sort()
    .map((path) => readDirectives(path, readFileSync(join(root, path), 'utf8')));
}

/** Directives count only in the comment that opens the file. */
export function readDirectives(path: string, source: string): TestFile {
  const opening = /^(?:\/\/.*\r?\n)*/.exec(source)?.[0] ?? '';
  const limit = /^\/\/ limit: (\d+) s\s*$/m.exec(opening)?.[1];
  return { path, alone: /^\/\/ alone: \S/m.test(opening), limitMs: Number(limit ?? DEFAULT_LIMIT_S) * 1000 };
}

function judge(result: ChildResult, file: TestFile, { ci, testName }: SuiteOptions): Verdict {
  const [total = 0, passed = 0, skipped = 0] = [...result.output.matchAll(CLOSING)].at(-1)?.slice(1).map(Number) ?? [];
  const reasons = [...result.output.matchAll(/^\s*skip:\s*(\S.*)$/gm)].map((match) => `skipped: ${match[1]}`);
  const faults: string[] = [];
  if (result.timedOut) faults.push(`still running after ${file.limitMs / 1000} s, so it was ended`);
  else if (!result.output.match(CLOSING)) faults.push('ended without the closing lines of uvu: is test.run() called?');
  else if (total + skipped === 0 && testName === undefined) faults.push('ran no tests');
  if (!result.timedOut && result.code !== 0 && total === passed) faults.push(`ended with exit status ${result.code}`);
  if (skipped > 0 && reasons.length === 0) faults.push(`skips ${skipped} without a reason: print a line "skip: <reason>"`);
  else if (skipped > 0 && ci) faults.push(`skips ${skipped}, and nothing may be skipped when CI=true`);
  // A fault of the file itself counts as one failure beside those of its tests.
  return { passed, failed: total - passed + faults.length, skipped, remarks: [...reasons, ...faults] };
}

interface Ended {
  readonly name: string;
  readonly failed: number;
  readonly counts: string;
  readonly result: ChildResult;
  readonly remarks: readonly string[];
}

function print(suite: Suite, { name, failed, counts, result, remarks }: Ended): void {
  const { print: out } = suite.options;
  out(`${failed > 0 ? 'FAIL' : 'ok  '} ${name}${counts} (${seconds(result.ms)})`);
  for (const remark of remarks) out(`     ${remark}`);
  if (failed > 0) for (const line of result.output.trimEnd().split('\n')) out(`     | ${line}`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
