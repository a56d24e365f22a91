// Cost of the native build: `spanwright build` against plain native `tsc` over the same 500 generated files, each compiler in a process of
// its own, turn by turn and in alternating order, so that both meet the same machine. Time by the clock: both compilers work on several
// processors at once. Needs TypeScript 7.1 from `.ci/setup`; without it the section reports that and measures nothing.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPartsTable } from './build-parts.js';
import { factor, milliseconds, type Outcome, samplesOf, type Table, timesTable } from './report.js';
import { paired } from './statistics.js';

const ROOT = join(__dirname, '..');
const MODULES = join(ROOT, '.cache/hosts/ts7/node_modules');
const FILES = 500;
const ROUNDS = 11;
const LIMIT = 1.5;
const PLAIN = 'tsc of TypeScript 7.1';
const OURS = 'spanwright build';

export async function measureNative(): Promise<Outcome> {
  if (!existsSync(join(MODULES, '../.stamp'))) {
    console.error('native: not measured, TypeScript 7.1 is not installed; run .ci/setup');
    return { tables: [], budgets: [] };
  }
  const directory = project();
  const builds = [
    [PLAIN, [join(MODULES, 'typescript/bin/tsc'), '-p', '.']],
    [OURS, [join(ROOT, 'dist/cli/main.js'), 'build', '-p', '.']],
  ] as const;
  const samples = new Map<string, number[]>(builds.map(([label]) => [label, []]));
  const parts: Table[] = [];
  try {
    for (let round = -1; round < ROUNDS; round++) {
      for (const [label, args] of round % 2 === 0 ? builds : [...builds].reverse()) {
        const taken = time(directory, args);
        expectForwarders(directory, label === OURS);
        // The first round fills the caches of the file system.
        if (round >= 0) samples.get(label)?.push(taken * 1e6);
      }
    }
    parts.push(buildPartsTable('a native build', [{ label: OURS, args: builds[1][1], cwd: directory }]));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  const over = (label: string) => paired(samplesOf(samples, label), samplesOf(samples, PLAIN));
  const { ratio } = over(OURS);
  const note = `A project of ${FILES} files with ${FILES} classes and ${FILES * 2} decorated methods, declarations and source maps, compiled from an empty output in ${ROUNDS} pairs of runs. Elapsed time. The checker works while forwarders are planned and emitted, which needs a free processor. Without one, the ratio is that of the work: trees are passed, planned and printed, and all files are parsed and emitted a second time.`;
  return {
    tables: [timesTable('Native build', note, samples, over, milliseconds), ...parts],
    budgets: [
      {
        what: `spanwright build, over tsc of TypeScript 7.1, ${FILES} files`,
        limit: factor(LIMIT),
        measured: factor(ratio.median),
        met: ratio.median <= LIMIT,
      },
    ],
  };
}

/** Checks the output, because a build that instruments nothing costs nothing. */
function expectForwarders(directory: string, expected: boolean): void {
  const found = readFileSync(join(directory, `out/service${FILES - 1}.js`), 'utf8').includes('spanwright/emitted');
  if (found !== expected) throw new Error(`bench: ${expected ? OURS : PLAIN} ${found ? 'wrote' : 'wrote no'} forwarders`);
}

/** A file as services have them: types, a class with five methods, two of them marked, and use of the file before. */
function source(index: number): string {
  const before = index === 0 ? '' : `import { Service${index - 1} } from './service${index - 1}';\n`;
  const base = index === 0 ? '' : `  readonly before = new Service${index - 1}();\n`;
  return `import { instrument } from 'spanwright';
${before}
export interface Machine${index} { readonly id: string; readonly state: 'on' | 'off'; readonly slots: readonly number[] }

export class Service${index} {
${base}  private readonly machines = new Map<string, Machine${index}>();

  @instrument async find(id: string): Promise<Machine${index} | undefined> { return this.machines.get(id); }
  @instrument({ args: ['id'] }) async control(id: string, state: 'on' | 'off' = 'on'): Promise<boolean> {
    const found = this.machines.get(id);
    if (found === undefined) return false;
    this.machines.set(id, { ...found, state });
    return true;
  }
  count(): number { return [...this.machines.values()].filter(({ state }) => state === 'on').length; }
  slots(id: string): number { return (this.machines.get(id)?.slots ?? []).reduce((sum, slot) => sum + slot, 0); }
  add(machine: Machine${index}): this { this.machines.set(machine.id, machine); return this; }
}
`;
}

function project(): string {
  const directory = mkdtempSync(join(tmpdir(), 'spanwright-bench-'));
  mkdirSync(join(directory, 'src'));
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(ROOT, join(directory, 'node_modules/spanwright'), 'junction');
  symlinkSync(join(MODULES, 'typescript'), join(directory, 'node_modules/typescript'), 'junction');
  symlinkSync(join(MODULES, '@typescript'), join(directory, 'node_modules/@typescript'), 'junction');
  for (const name of ['@opentelemetry', '@types'])
    symlinkSync(join(ROOT, 'node_modules', name), join(directory, 'node_modules', name), 'junction');
  for (let index = 0; index < FILES; index++) writeFileSync(join(directory, `src/service${index}.ts`), source(index));
  const compilerOptions = {
    ...{ target: 'ES2022', module: 'CommonJS', strict: true, skipLibCheck: true, declaration: true, sourceMap: true },
    ...{ experimentalDecorators: true, outDir: 'out', rootDir: 'src', types: [] },
    plugins: [{ transform: 'spanwright/transformer', namespace: 'bench' }],
  };
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  writeFileSync(join(directory, 'package.json'), '{ "name": "bench" }');
  return directory;
}

function time(directory: string, args: readonly string[]): number {
  rmSync(join(directory, 'out'), { recursive: true, force: true });
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: directory, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  return performance.now() - started;
}
