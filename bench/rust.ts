// The same question to Rust's `tracing`: a method under `#[instrument]` while nothing is recorded. Builds bench/rust in .cache with Cargo,
// which takes about a minute once, and prints it beside Spanwright's figures of the same run. Called by peers.ts.

import { execFile, execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { overFirst, type Table, timesTable } from './report.js';

const SOURCE = join(__dirname, 'rust');
/** A copy, because Cargo writes its lock file beside the sources. */
const FOLDER = join(__dirname, '..', '.cache', 'rust-tracing');
const BUILD_LIMIT_MS = 300_000;
const RUN_LIMIT_MS = 30_000;
const HEAD = ['', 'median', 'middle half', 'least', 'over the bare call', 'ratio'];

const STATES = [
  ['`#[instrument]`, no subscriber', 'off'],
  ['`#[instrument]`, left out by `EnvFilter`', 'elsewhere=trace'],
] as const;

/** @param ours rows of Spanwright: each table begins with its bare call */
export async function rustTable(ours: readonly Table[]): Promise<Table> {
  const rows = ours.flatMap(({ title, rows }) => rows.map(([label, ...figures]) => [`${title}: ${label}`, ...figures]));
  const title = "Rust's tracing, off and filtered";
  const version = versionOfCargo();
  if (version === undefined) {
    const note = 'Without the rows of Rust: Cargo is missing, which `apt-get install cargo` installs.';
    return { title, note, head: HEAD, rows };
  }
  cpSync(SOURCE, FOLDER, { recursive: true });
  await promisify(execFile)('cargo', ['build', '--release', '--quiet'], { cwd: FOLDER, timeout: BUILD_LIMIT_MS });
  const rust = [];
  for (const [label, argument] of STATES) {
    const samples = await measure(label, argument);
    rust.push(...timesTable('', '', samples, overFirst(samples)).rows.map(([name, ...figures]) => [`Rust: ${name}`, ...figures]));
  }
  const note =
    `A method of two integers, by its interface, in 32 types; ${version}, \`tracing\` 0.1.44 and \`tracing-subscriber\` 0.3.23, compiled for release. ` +
    "Spanwright's rows are those of the tables above. The method takes less time in Rust, so compare what is added to it.";
  return { title, note, head: HEAD, rows: [...rust, ...rows] };
}

function versionOfCargo(): string | undefined {
  try {
    return execFileSync('cargo', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .replace(/ \(.*/s, '')
      .trim();
  } catch {
    return undefined;
  }
}

async function measure(label: string, argument: string): Promise<Map<string, number[]>> {
  const program = join(FOLDER, 'target', 'release', 'spanwright-bench');
  const { stdout } = await promisify(execFile)(program, [argument], { timeout: RUN_LIMIT_MS });
  const rounds = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number));
  return new Map([
    [`bare call, beside ${argument === 'off' ? 'no subscriber' : '`EnvFilter`'}`, rounds.map(([bare = Number.NaN]) => bare)],
    [label, rounds.map(([, instrumented = Number.NaN]) => instrumented)],
  ]);
}
