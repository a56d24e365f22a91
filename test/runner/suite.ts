// Adds to uvu what it lacks: files side by side, as many as keep the CPUs busy, each in a process of its own with a time limit, a filter by
// test name, and one summary. A file passes only when uvu printed how many tests ran, at least one did, and the process exited with 0.
// The opening comment of a test file may hold
//   `// alone: <reason>`     to run while no other file runs (files that measure time)
//   `// limit: <seconds> s`  to replace the default time limit of two minutes

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { type ChildResult, runChild } from './child.js';

const AT_A_TIME = 2;
/**
 * Upper bound of files that run at the same time while CPUs are idle, which they are when files wait. If all of them compute at once, each takes
 * twice its time, which the limits allow.
 */
const AT_MOST = Math.max(4, 2 * availableParallelism());
/** Share of the CPUs that is idle when a further file may start, and how often it is looked at. */
const IDLE_SHARE = 0.25;
const SAMPLE_MS = 1000;
const DEFAULT_LIMIT_S = 120;
/** Written by each run, for the order of the next one. */
const DURATIONS = '.cache/durations.json';
const STEP_LIMIT_MS = 300_000;
/** The closing lines of uvu; the last set counts, because a file may hold several suites. */
const CLOSING = /^\s*Total:\s+(\d+)\s*\n\s*Passed:\s+(\d+)\s*\n\s*Skipped:\s+(\d+)\s*$/gm;

export interface SuiteOptions {
  readonly root: string;
  /** A file runs when its path holds one of these texts; an empty array means all. */
  readonly filters: readonly string[];
  /** A test runs when its name holds this text. */
  readonly testName?: string | undefined;
  /** Nothing may be skipped. */
  readonly ci: boolean;
  readonly print: (line: string) => void;
  /** Share of the CPUs that was idle since its last call. Default: as the system counts. */
  readonly idleShare?: () => number;
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
  /** Faults of the file itself and reasons of skipped tests. */
  readonly remarks: readonly string[];
}

/** One run: its options, and what it has counted so far. */
export class Suite {
  readonly #total = { passed: 0, failed: 0, skipped: 0 };
  /** Tests of files, without the steps. */
  #fromFiles = 0;
  #cpuMs = 0;
  /** Milliseconds of each file that ran as a whole. */
  readonly #durations: Record<string, number> = {};
  readonly #started = performance.now();
  readonly #idleShare: () => number;

  constructor(private readonly options: SuiteOptions) {
    this.#idleShare = options.idleShare ?? idleShareOfCpus();
  }

  get failed(): number {
    return this.#total.failed;
  }

  /** Wall and CPU time of the run, printed above the closing line. */
  duration(): string {
    return `${inSeconds(performance.now() - this.#started)}, CPU ${inSeconds(this.#cpuMs)}`;
  }

  /** The last line of a run, which .ci/run looks for. */
  closingLine(): string {
    const { passed, failed, skipped } = this.#total;
    return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  }

  /** Runs a command that counts as one test. */
  async runStep(name: string, args: readonly string[], command = 'npm'): Promise<void> {
    const result = await runChild(command, args, { cwd: this.options.root, limitMs: STEP_LIMIT_MS });
    const failed = result.code === 0 ? 0 : 1;
    this.#report(name, { passed: 1 - failed, failed, skipped: 0, remarks: [] }, result);
  }

  /** Runs commands that do not depend on each other. */
  async runSteps(steps: readonly (readonly [name: string, args: readonly string[]])[]): Promise<void> {
    const waiting = steps.map(
      ([name, args]) =>
        () =>
          this.runStep(name, args),
    );
    await sideBySide(waiting, this.#idleShare);
  }

  /** Runs the files, and beside the first ones a step that may run with any of them. */
  async runFiles(beside: () => Promise<void> = async () => {}): Promise<void> {
    const { root, filters, print } = this.options;
    const files = findTestFiles(root).filter(({ path }) => filters.length === 0 || filters.some((text) => path.includes(text)));
    // The longest come first, so that at the end no long one runs by itself. A file that never ran may take as long as its limit.
    const last = durationsOf(root);
    const lengthOf = ({ path, limitMs }: TestFile): number => last[path] ?? limitMs;
    const together = files.filter(({ alone }) => !alone).sort((a, b) => lengthOf(b) - lengthOf(a));
    const steps = [beside, ...together.map((file) => () => this.#runFile(file))];
    await sideBySide(steps, this.#idleShare);
    for (const file of files) if (file.alone) await this.#runFile(file);
    mkdirSync(join(root, '.cache'), { recursive: true });
    writeFileSync(join(root, DURATIONS), JSON.stringify({ ...last, ...this.#durations }));
    if (this.#fromFiles > 0) return;
    this.#total.failed++;
    print(`FAIL no test in a file whose path holds ${filters.join(' or ') || '.test.ts'}`);
  }

  async #runFile(file: TestFile): Promise<void> {
    const { root, ci, testName } = this.options;
    const preload = testName === undefined ? [] : ['--require', join(__dirname, 'named.ts')];
    const env = testName === undefined ? {} : { SPANWRIGHT_TEST_NAME: testName };
    const args = ['--require', 'tsx/cjs', ...preload, file.path];
    const result = await runChild(process.execPath, args, { cwd: root, limitMs: file.limitMs, env });
    const verdict = judge(result, file, ci, testName !== undefined);
    this.#fromFiles += verdict.passed + verdict.failed + verdict.skipped;
    if (testName === undefined) this.#durations[file.path] = Math.round(result.ms);
    if (testName === undefined || verdict.passed + verdict.failed > 0) this.#report(file.path, verdict, result);
  }

  #report(name: string, { passed, failed, skipped, remarks }: Verdict, { output, ms, cpuMs }: ChildResult): void {
    this.#total.passed += passed;
    this.#total.failed += failed;
    this.#total.skipped += skipped;
    this.#cpuMs += cpuMs ?? 0;
    const cpu = cpuMs === undefined ? '' : `, CPU ${inSeconds(cpuMs)}`;
    const lines = failed > 0 ? output.trimEnd().split('\n') : [];
    this.options.print(
      [
        `${failed > 0 ? 'FAIL' : 'ok  '} ${name}: ${passed} passed${skipped > 0 ? `, ${skipped} skipped` : ''} (${inSeconds(ms)}${cpu})`,
        ...remarks.map((remark) => `     ${remark}`),
        ...lines.map((line) => `     | ${line}`),
      ].join('\n'),
    );
  }
}

/** Runs the steps in their order: two at a time, and further ones one by one while CPUs are idle. */
async function sideBySide(steps: (() => Promise<void>)[], idleShare: () => number): Promise<void> {
  const running = new Set<Promise<void>>();
  const startNext = (): void => {
    const ended = steps
      .shift()?.()
      .finally(() => running.delete(ended as Promise<void>));
    if (ended !== undefined) running.add(ended);
  };
  const sampling = setInterval(() => {
    if (idleShare() > IDLE_SHARE && running.size < AT_MOST) startNext();
  }, SAMPLE_MS);
  try {
    while (steps.length > 0 || running.size > 0) {
      while (running.size < AT_A_TIME && steps.length > 0) startNext();
      await Promise.race(running);
    }
  } finally {
    clearInterval(sampling);
  }
}

const inSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Milliseconds by path of the files that have run in this folder. */
function durationsOf(root: string): Record<string, number> {
  try {
    return JSON.parse(readFileSync(join(root, DURATIONS), 'utf8'));
  } catch {
    return {}; // none yet
  }
}

function idleShareOfCpus(): () => number {
  let last = { idle: 0, all: 0 };
  return () => {
    const times = cpus().map((cpu) => cpu.times);
    const now = {
      idle: times.reduce((sum, { idle }) => sum + idle, 0),
      all: times.reduce((sum, { idle, user, nice, sys, irq }) => sum + idle + user + nice + sys + irq, 0),
    };
    const share = (now.idle - last.idle) / Math.max(1, now.all - last.all);
    last = now;
    return share;
  };
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

function judge({ output, stdout, code, timedOut }: ChildResult, { limitMs }: TestFile, ci: boolean, named: boolean): Verdict {
  const closing = [...stdout.matchAll(CLOSING)].at(-1);
  const [total = 0, passed = 0, skipped = 0] = closing?.slice(1).map(Number) ?? [];
  const reasons = [...output.matchAll(/^\s*skip:\s*(\S.*)$/gm)].map((match) => `skipped: ${match[1]}`);
  const faults: string[] = [];
  if (timedOut) faults.push(`still running after ${limitMs / 1000} s, so it was ended`);
  else if (closing === undefined) faults.push('ended without the closing lines of uvu: is test.run() called?');
  else if (total + skipped === 0 && !named) faults.push('ran no tests');
  if (!timedOut && code !== 0 && total === passed) faults.push(`ended with exit status ${code}`);
  if (skipped > 0 && reasons.length === 0) faults.push(`skips ${skipped} without a reason: print a line "skip: <reason>"`);
  else if (skipped > 0 && ci) faults.push(`skips ${skipped}, and nothing may be skipped when CI=true`);
  // A fault of the file itself counts as one failure beside those of its tests.
  return { passed, failed: total - passed + faults.length, skipped, remarks: [...reasons, ...faults] };
}
