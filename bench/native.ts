// Native build against plain native `tsc`: the same 500 generated files, each compiler in a process of its own, turn by turn, so that
// both meet the same machine. Prints the medians and their ratio. Run by hand: `npx tsx bench/native.ts`; needs `.ci/setup`.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const MODULES = join(ROOT, '.cache/hosts/ts7/node_modules');
const FILES = 500;
const ROUNDS = Number(process.argv[2] ?? 7);

/** A file as services have them: types, a class with five methods, two of them marked, and use of its neighbour. */
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

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const directory = project();
const plain: number[] = [];
const ours: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  plain.push(time(directory, [join(MODULES, 'typescript/bin/tsc'), '-p', '.']));
  ours.push(time(directory, [join(ROOT, 'dist/cli/main.js'), 'build', '-p', '.']));
}
rmSync(directory, { recursive: true, force: true });
const row = (name: string, values: readonly number[]): string =>
  `${name.padEnd(18)} median ${median(values).toFixed(0).padStart(6)} ms   least ${Math.min(...values)
    .toFixed(0)
    .padStart(6)} ms`;
console.log(`${FILES} files, ${ROUNDS} rounds`);
console.log(row('tsc 7.1', plain));
console.log(row('spanwright build', ours));
console.log(
  `ratio ${(median(ours) / median(plain)).toFixed(2)} (of the least ${(Math.min(...ours) / Math.min(...plain)).toFixed(2)}); budget 1.5`,
);
