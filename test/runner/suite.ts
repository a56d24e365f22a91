// Runs steps and test files and adds up their verdicts. Called by test/run.ts and, over small folders, by the suite's own
// tests. Two files run at a time; files that measure time run alone at the end, when the machine is quietest.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ChildResult, runChild } from './child.js';
import { findTestFiles, type TestFile } from './files.js';
import { judge } from './verdict.js';

const AT_A_TIME = 2;
const STEP_LIMIT_MS = 300_000;
const SLOWEST_SHOWN = 5;

export interface SuiteOptions {
  readonly root: string;
  /** A file runs when its path holds one of these texts; none means all. */
  readonly filters: readonly string[];
  /** Nothing may be skipped. */
  readonly ci: boolean;
  readonly print: (line: string) => void;
}

export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

/** A command that counts as one test. */
export interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** What must have been built before tests run, in order; a sample exists when a workspace does. */
export function buildSteps(root: string): Step[] {
  const steps: Step[] = [{ name: 'build', command: 'npm', args: ['run', '--silent', 'build'] }];
  const samples = join(root, 'samples');
  if (existsSync(samples) && readdirSync(samples).some((name) => existsSync(join(samples, name, 'package.json')))) {
    steps.push({ name: 'build samples', command: 'npm', args: ['run', '--silent', 'build', '--workspaces', '--if-present'] });
  }
  return steps;
}

export const CHECK_STEP: Step = { name: 'check', command: 'npm', args: ['run', '--silent', 'check'] };

export async function runStep(step: Step, options: SuiteOptions): Promise<Totals> {
  const result = await runChild(step.command, step.args, options.root, STEP_LIMIT_MS);
  const failed = result.code === 0 ? 0 : 1;
  options.print(`${failed ? 'FAIL' : 'ok  '} ${step.name} (${seconds(result.ms)})`);
  if (failed) printOutput(result, options.print);
  return { passed: 1 - failed, failed, skipped: 0 };
}

export async function runFiles(options: SuiteOptions): Promise<Totals> {
  const all = findTestFiles(options.root);
  const files = all.filter(({ path }) => options.filters.length === 0 || options.filters.some((text) => path.includes(text)));
  if (files.length === 0) {
    const why = all.length === 0 ? 'test/ holds no *.test.ts file' : `no test file's path holds ${options.filters.join(' or ')}`;
    options.print(`FAIL ${why}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }

  const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  const times: { path: string; ms: number }[] = [];
  const runOne = async (file: TestFile): Promise<void> => {
    const result = await runChild(process.execPath, ['--import', 'tsx', file.path], options.root, file.limitMs);
    times.push({ path: file.path, ms: result.ms });
    report(file, result, options, totals);
  };

  const together = files.filter((file) => !file.alone);
  const worker = async (): Promise<void> => {
    for (let file = together.shift(); file; file = together.shift()) await runOne(file);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  for (const file of files) if (file.alone) await runOne(file);

  const slowest = times.sort((a, b) => b.ms - a.ms).slice(0, SLOWEST_SHOWN);
  options.print(`slowest: ${slowest.map(({ path, ms }) => `${path} ${seconds(ms)}`).join(', ')}`);
  return totals;
}

/** The last line of a run, which .ci/run and people look for. */
export function closingLine({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

function report(file: TestFile, result: ChildResult, options: SuiteOptions, totals: Totals): void {
  const verdict = judge(result, file.limitMs, options.ci);
  totals.passed += verdict.passed;
  totals.failed += verdict.failed;
  totals.skipped += verdict.skipped;
  const skips = verdict.skipped > 0 ? `, ${verdict.skipped} skipped` : '';
  options.print(`${verdict.failed ? 'FAIL' : 'ok  '} ${file.path}: ${verdict.passed} passed${skips} (${seconds(result.ms)})`);
  for (const reason of verdict.skipReasons) options.print(`     skipped: ${reason}`);
  for (const fault of verdict.faults) options.print(`     ${file.path} ${fault}`);
  if (verdict.failed > 0) printOutput(result, options.print);
}

function printOutput(result: ChildResult, print: (line: string) => void): void {
  for (const line of result.output.trimEnd().split('\n')) print(`     | ${line}`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
