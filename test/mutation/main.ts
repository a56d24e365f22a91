// `npm run mutate -- [--sample N] [--seed N] [FOLDER...]`: changes the sources one mutant at a time and runs the tests that run the
// changed line. A mutant that every test passes has survived; survivors are listed, and the figures written to docs/reliability.md.
// Without --sample every mutant is tried, which takes a night; the default folders are gate, span, export, admin and open.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { randomFrom } from '../random.js';
import { ACCEPTED } from './accepted.js';
import { Covering, type Run, runTest } from './covering.js';
import { writeFigures } from './figures.js';
import { type Mutant, mutantsOf } from './mutants.js';
import { filesBelow, writeSource, writeTree } from './tree.js';

const ROOT = join(__dirname, '../..');
const { values: OPTIONS, positionals: NAMED } = parseArgs({
  allowPositionals: true,
  options: { sample: { type: 'string' }, seed: { type: 'string' } },
});
/** One working folder for each set of mutated folders, so that two runs can share a machine. */
const TREE = join(ROOT, '.cache', 'mutation', NAMED.join('-') || 'all');
/** Tests of each folder, folders or files; those of the samples and of real parts are too slow for one mutant each. */
const TESTS: Readonly<Record<string, readonly string[]>> = {
  gate: ['gate', 'control', 'setup/signed-requests.test.ts', 'setup/when-requests.test.ts'],
  span: [
    'span',
    'instrument',
    'gate',
    'open',
    ...[
      'export/kept-late',
      'propagation/linked',
      'setup/existing',
      'setup/flight',
      'transformer/auto',
      'transformer/prologue',
    ].map((name) => `${name}.test.ts`),
    'instrumentations/admin-hook.test.ts',
  ],
  export: [
    'export',
    ...['carried', 'endpoint', 'exporter', 'failing-parts', 'flight', 'natural-end', 'otlp', 'probe', 'resource'].map(
      (name) => `setup/${name}.test.ts`,
    ),
    ...['reused-connection', 'shutdown', 'states', 'tls', 'worker-pools'].map((name) => `setup/${name}.test.ts`),
    'gate/keep.test.ts',
    'admin/prometheus.test.ts',
    'admin/reads.test.ts',
    'span/flight.test.ts',
  ],
  admin: ['admin', 'instrumentations/admin-hook.test.ts'],
  open: ['open', 'sessions', 'gate', 'span/abandoned.test.ts', 'setup/existing.test.ts', 'instrumentations/admin-hook.test.ts'],
};
/** Ends a test that hangs without a mutant. It is far above what a test takes on a busy machine, so that no slow test is left out. */
const HANGS_MS = 600_000;
/** A mutant may cause an endless loop. Each limit is relative to the run without a mutant, on the same machine. */
const TIMES_SLOWER = 4;
const LEAST_MS = 20_000;

interface Candidate extends Mutant {
  readonly folder: string;
  readonly file: string;
}

/** A browser runs this file, as `npm run build` has bundled it. */
const BUNDLED = 'runtime/admin/page/service.ts';

function candidatesOf(folder: string): Candidate[] {
  const files = filesBelow(ROOT, `runtime/${folder}`, '.ts').filter((file) => file !== BUNDLED);
  return files.flatMap((file) =>
    mutantsOf(file, readFileSync(join(ROOT, file), 'utf8')).map((mutant) => ({ ...mutant, folder, file })),
  );
}

function sampleOf(candidates: Candidate[], count: number, seed: number): Candidate[] {
  const random = randomFrom(seed);
  const left = [...candidates];
  return Array.from(
    { length: Math.min(count, left.length) },
    () => left.splice(Math.floor(random() * left.length), 1)[0] as Candidate,
  );
}

interface Killer {
  readonly test: string;
  readonly timedOut: boolean;
}

/** When each test last passed without a mutant. */
const passedAt = new Map<string, number>();
const PASSED_LATELY_MS = 5 * 60_000;

function passesNow(test: string, run: () => Run): boolean {
  if (Date.now() - (passedAt.get(test) ?? 0) < PASSED_LATELY_MS) return true;
  const { passed } = run();
  if (passed) passedAt.set(test, Date.now());
  return passed;
}

/**
 * The test that notices the mutant, if any does. A busy machine fails tests too, also by time-outs, so that a failure counts only if the
 * test passes without the mutant, now or within the last minutes, and fails again with it.
 */
function killerOf({ file, line, start, end, replacement }: Candidate, covering: Covering): Killer | undefined {
  const original = readFileSync(join(TREE, file), 'utf8');
  const mutated = original.slice(0, start) + replacement + original.slice(end);
  const run = (text: string, test: string, limit: number): Run => {
    writeSource(TREE, file, text);
    return runTest(TREE, test, limit);
  };
  try {
    for (const { test, ms } of covering.of(file, line)) {
      const limit = Math.max(LEAST_MS, ms * TIMES_SLOWER);
      const { passed, timedOut } = run(mutated, test, limit);
      if (passed || !passesNow(test, () => run(original, test, limit)) || run(mutated, test, limit).passed) continue;
      covering.prefer(test, file);
      return { test, timedOut };
    }
    return undefined;
  } finally {
    writeSource(TREE, file, original);
  }
}

function reasonFor({ file, line, change }: Candidate): string | undefined {
  const text = readFileSync(join(ROOT, file), 'utf8').split('\n')[line - 1] ?? '';
  return ACCEPTED.find((one) => file === `runtime/${one.file}` && text.includes(one.line) && change === one.change)?.reason;
}

function main(): void {
  const seed = Number(OPTIONS.seed ?? Date.now() % 1_000_000);
  const folders = NAMED.length > 0 ? NAMED : Object.keys(TESTS);
  writeTree(ROOT, TREE);
  const covering = new Covering(folders);
  const places = [...new Set(folders.flatMap((folder) => TESTS[folder] ?? [folder]))].map((place) => `test/${place}`);
  const tests = places.flatMap((place) => (place.endsWith('.test.ts') ? [place] : filesBelow(ROOT, place, '.test.ts')));
  for (const test of tests) {
    const fault = covering.add(TREE, test, HANGS_MS);
    if (fault !== undefined) console.log(`left out: ${test} ${fault}`);
  }
  console.log(`seed ${seed}`);
  for (const folder of folders) tryFolder(folder, seed, covering);
}

function tryFolder(folder: string, seed: number, covering: Covering): void {
  const all = candidatesOf(folder);
  const tried = sampleOf(all, Number(OPTIONS.sample ?? all.length), seed);
  const counts = { tried: tried.length, killed: 0, timeouts: 0, accepted: 0, survived: 0 };
  for (const mutant of tried) {
    const killer = killerOf(mutant, covering);
    const reason = killer === undefined ? reasonFor(mutant) : undefined;
    if (killer !== undefined) counts.killed += 1;
    else if (reason !== undefined) counts.accepted += 1;
    else counts.survived += 1;
    if (killer?.timedOut) counts.timeouts += 1;
    const noticed = killer && `${killer.test}${killer.timedOut ? ', by its time-out' : ''}`;
    const unnoticed = `SURVIVED ${covering.of(mutant.file, mutant.line).length} test files`;
    console.log(`${mutant.file}:${mutant.line} ${mutant.change}: ${noticed ?? (reason ? `accepted: ${reason}` : unnoticed)}`);
  }
  writeFigures({ folder, all: all.length, seed, ...counts });
}

main();
