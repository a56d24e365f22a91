// Which test files run which functions of the sources, from V8's own coverage of one run of each.

import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface V8Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly functionName: string; readonly ranges: readonly { readonly count: number }[] }[];
  }[];
}

/** Milliseconds and outcome of a run of one test file. */
export interface Run {
  readonly passed: boolean;
  readonly ms: number;
}

/** Runs a test file in a process group of its own, and ends what the group has left running, also after a timeout. */
export function runTest(tree: string, test: string, timeout: number, env: NodeJS.ProcessEnv = {}): Run {
  const before = Date.now();
  const { status, pid } = spawnSync(process.execPath, [require.resolve('tsx/cli'), join(tree, test)], {
    cwd: tree,
    stdio: 'ignore',
    timeout,
    killSignal: 'SIGKILL',
    env: { ...process.env, ...env },
    detached: true,
  } as SpawnSyncOptions); // `detached` is missing in its type
  endGroup(pid);
  return { passed: status === 0, ms: Date.now() - before };
}

function endGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // nobody is left
  }
}

export class Covering {
  /** Test files, quickest first, by `file function`. */
  readonly #tests = new Map<string, { test: string; ms: number }[]>();
  /** Mutants noticed, by `file test`. */
  readonly #noticed = new Map<string, number>();

  /** Runs a test file once. @returns why its tests cannot be used */
  add(tree: string, test: string, limit: number): string | undefined {
    const directory = mkdtempSync(join(tmpdir(), 'spanwright-coverage-'));
    const { passed, ms } = runTest(tree, test, limit, { NODE_V8_COVERAGE: directory });
    if (passed) for (const file of readdirSync(directory)) this.#read(tree, test, ms, join(directory, file));
    rmSync(directory, { recursive: true });
    if (passed) return undefined;
    return ms >= limit ? `takes more than ${limit / 1000} s` : 'fails without a mutant';
  }

  #read(tree: string, test: string, ms: number, path: string): void {
    const { result } = JSON.parse(readFileSync(path, 'utf8')) as V8Coverage;
    const base = `${pathToFileURL(tree).href}/`;
    for (const { url, functions } of result) {
      if (!url.startsWith(base)) continue;
      const ran = functions.filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0);
      for (const name of new Set(ran.map(({ functionName }) => functionName))) {
        const key = `${url.slice(base.length)} ${name}`;
        const known = this.#tests.get(key) ?? [];
        if (known.every((one) => one.test !== test)) known.push({ test, ms });
        this.#tests.set(key, known);
      }
    }
  }

  /** Notes that the test has noticed a mutant of the file: it is tried first from now on. */
  prefer(test: string, file: string): void {
    const known = `${file} ${test}`;
    this.#noticed.set(known, (this.#noticed.get(known) ?? 0) + 1);
  }

  /** Test files that run a function: those that have noticed most mutants of the file first, then the quickest. */
  of(file: string, name: string): readonly { readonly test: string; readonly ms: number }[] {
    const noticed = ({ test }: { test: string }): number => this.#noticed.get(`${file} ${test}`) ?? 0;
    return [...(this.#tests.get(`${file} ${name}`) ?? [])].sort((a, b) => noticed(b) / b.ms - noticed(a) / a.ms || a.ms - b.ms);
  }
}
