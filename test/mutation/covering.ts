// Which test files run which lines of the sources, from V8's own coverage of one run of each.

import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { SourceMap, type SourceMapPayload, type SourceMapping } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Script {
  readonly url: string;
  readonly functions: readonly {
    readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[];
  }[];
}

interface V8Coverage {
  readonly result: readonly Script[];
  readonly 'source-map-cache'?: Readonly<Record<string, { lineLengths: readonly number[]; data: SourceMapPayload | null }>>;
}

/** Outcome and milliseconds of a run of one test file. */
export interface Run {
  readonly passed: boolean;
  readonly timedOut: boolean;
  readonly ms: number;
}

/** Random tests try as much as finds most mutants. */
const SHORTENED = { SPANWRIGHT_SPANS: '1000', SPANWRIGHT_REQUESTS: '3000' };

/** Runs a test file as `npm test` does, in a process group of its own, and ends what the group has left running, also after a timeout. */
export function runTest(tree: string, test: string, timeout: number, env: NodeJS.ProcessEnv = {}): Run {
  const before = Date.now();
  const { status, pid, error } = spawnSync(process.execPath, ['--import', 'tsx', join(tree, test)], {
    cwd: tree,
    stdio: 'ignore',
    timeout,
    killSignal: 'SIGKILL',
    env: { ...process.env, ...SHORTENED, ...env },
    detached: true,
  } as SpawnSyncOptions); // `detached` is missing in its type
  endGroup(pid);
  const timedOut = (error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT';
  return { passed: status === 0, timedOut, ms: Date.now() - before };
}

function endGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // nobody is left
  }
}

/** The source of each character of a script that runs. */
interface Places {
  /** Sources, below the root. */
  readonly files: readonly string[];
  /** Index in `files` by character. */
  readonly file: Uint16Array;
  /** Line of the source, from 1, by character; 0 where there is none. */
  readonly line: Uint16Array;
}

export class Covering {
  /** Matches the sources of interest. */
  readonly #source: RegExp;
  /** Test files and their milliseconds, by file and line. */
  readonly #tests = new Map<string, Map<number, Map<string, number>>>();
  /** By script: a source itself, or a built file with modules of several sources. */
  readonly #places = new Map<string, Places>();
  /** Mutants noticed, by `file test`. */
  readonly #noticed = new Map<string, number>();

  /** @param folders below runtime/, whose lines are of interest */
  constructor(folders: readonly string[]) {
    this.#source = new RegExp(`^runtime/(?:${folders.join('|')})/.+\\.ts$`);
  }

  /** Runs a test file once. @returns why its tests cannot be used */
  add(tree: string, test: string, limit: number): string | undefined {
    const directory = mkdtempSync(join(tmpdir(), 'spanwright-coverage-'));
    const { passed, timedOut, ms } = runTest(tree, test, limit, { NODE_V8_COVERAGE: directory });
    if (passed) for (const file of readdirSync(directory)) this.#read(tree, test, ms, join(directory, file));
    rmSync(directory, { recursive: true });
    if (passed) return undefined;
    return timedOut ? `takes more than ${limit / 1000} s` : 'fails without a mutant';
  }

  #read(tree: string, test: string, ms: number, path: string): void {
    const { result, 'source-map-cache': maps = {} } = parse(readFileSync(path, 'utf8'));
    const base = `${pathToFileURL(tree).href}/`;
    for (const script of result) {
      const map = maps[script.url];
      const name = script.url.startsWith(base) ? script.url.slice(base.length) : '';
      if (!/^(dist\/)?runtime\//.test(name) || !map?.data) continue;
      const places = this.#places.get(name) ?? placesOf(map.lineLengths, map.data, base);
      this.#places.set(name, places);
      for (const [file, lines] of linesRun(script, places)) {
        if (!this.#source.test(file)) continue;
        const known = this.#tests.get(file) ?? new Map<number, Map<string, number>>();
        this.#tests.set(file, known);
        // A line that no test has run is known too, so that the search of a mutant's line stops there.
        for (const [line, ran] of lines) {
          const tests = known.get(line) ?? new Map<string, number>();
          if (ran) tests.set(test, ms);
          known.set(line, tests);
        }
      }
    }
  }

  /** Notes that the test has noticed a mutant of the file: it is tried first from now on. */
  prefer(test: string, file: string): void {
    const known = `${file} ${test}`;
    this.#noticed.set(known, (this.#noticed.get(known) ?? 0) + 1);
  }

  /** Test files that run a line: those that have noticed most mutants of the file first, then the quickest. */
  of(file: string, line: number): readonly { readonly test: string; readonly ms: number }[] {
    const lines = this.#tests.get(file);
    let at = line;
    while (at > 0 && !lines?.has(at)) at -= 1; // a line that starts no expression belongs to the one before
    const tests = [...(lines?.get(at) ?? [])].map(([test, ms]) => ({ test, ms }));
    const noticed = ({ test }: { test: string }): number => this.#noticed.get(`${file} ${test}`) ?? 0;
    return tests.sort((a, b) => noticed(b) / b.ms - noticed(a) / a.ms || a.ms - b.ms);
  }
}

/** A process that was killed while it wrote leaves a part of its coverage, which is left out. */
function parse(text: string): V8Coverage {
  try {
    return JSON.parse(text) as V8Coverage;
  } catch {
    return { result: [] };
  }
}

/** @param base address of the root, with a slash at its end */
function placesOf(lengths: readonly number[], payload: SourceMapPayload, base: string): Places {
  const map = new SourceMap(payload);
  const files: string[] = [];
  const compiled = lengths.slice(0, -1); // the last line holds the map
  const size = compiled.reduce((sum, length) => sum + length + 1, 0);
  const places: Places = { files, file: new Uint16Array(size), line: new Uint16Array(size) };
  let offset = 0;
  for (const [row, length] of compiled.entries()) {
    for (let column = 0; column < length; column += 1) {
      const { originalLine, originalSource = '' } = map.findEntry(row, column) as Partial<SourceMapping>;
      if (originalLine === undefined || !originalSource.startsWith(base)) continue;
      const file = originalSource.slice(base.length);
      if (!files.includes(file)) files.push(file);
      places.file[offset + column] = files.indexOf(file);
      places.line[offset + column] = originalLine + 1;
    }
    offset += length + 1;
  }
  return places;
}

/** By source and line, true where any part of it ran. */
function linesRun({ functions }: Script, { files, file, line }: Places): Map<string, Map<number, boolean>> {
  const counts = new Float64Array(line.length);
  const ranges = functions.flatMap((one) => one.ranges);
  ranges.sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset); // the inner ones last
  for (const { startOffset, endOffset, count } of ranges) counts.fill(count, startOffset, endOffset);
  const ran = files.map(() => new Map<number, boolean>());
  for (const [at, number] of line.entries()) {
    const lines = ran[file[at] as number];
    if (number > 0) lines?.set(number, lines.get(number) === true || (counts[at] ?? 0) > 0);
  }
  return new Map(files.map((name, at) => [name, ran[at] as Map<number, boolean>]));
}
