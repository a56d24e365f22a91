// Cost of the plugin in a build: tspc over 500 files, with the plugin and without it, in alternating runs.

import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { buildPartsTable } from './build-parts.js';
import { factor, milliseconds, type Outcome, samplesOf, timesTable } from './report.js';
import { paired } from './statistics.js';
import { BUILDS, type Workspace } from './workspace.js';

const FILES = 500;
const ROUNDS = 7;
const LIMIT = 1.05;
const WITHOUT = 'tspc without the plugin';
const WITH = 'tspc with the plugin';

export async function measureBuild(workspace: Workspace): Promise<Outcome> {
  const sources = project();
  const builds = [
    [WITHOUT, workspace.project('build-without', 'built', sources, BUILDS.plain.options)],
    [WITH, workspace.project('build-with', 'built', sources)],
  ] as const;
  const meter = join(workspace.folder, 'meter.cjs');
  writeFileSync(meter, METER);
  const samples = new Map<string, number[]>(builds.map(([label]) => [label, []]));
  for (let round = -1; round < ROUNDS; round++) {
    for (const [label, { command, args, output }] of round % 2 === 0 ? builds : [...builds].reverse()) {
      rmSync(output, { recursive: true, force: true });
      const { stderr } = await promisify(execFile)(command, ['--require', meter, ...args], { cwd: workspace.folder });
      expectForwarders(output, label === WITH);
      // The first round fills the caches of the file system.
      if (round >= 0) samples.get(label)?.push(microseconds(stderr) * 1000);
    }
  }
  const over = (label: string) => paired(samplesOf(samples, label), samplesOf(samples, WITHOUT));
  const { ratio } = over(WITH);
  const note = `A project of ${FILES} files with ${FILES * 2} classes and ${FILES * 6} decorated methods, compiled from nothing in ${ROUNDS} pairs of runs. Processor time.`;
  return {
    tables: [
      timesTable('Build with tspc', note, samples, over, milliseconds),
      buildPartsTable(
        'a build with tspc',
        builds.map(([label, { args }]) => ({ label, args, cwd: workspace.folder })),
      ),
    ],
    budgets: [
      {
        what: `tspc with the plugin, over tspc without, ${FILES} files`,
        limit: factor(LIMIT),
        measured: factor(ratio.median),
        met: ratio.median <= LIMIT,
      },
    ],
  };
}

/** Prints what the compiler's process used: on a busy machine, elapsed time measures the other work more than the compiler. */
const METER = `process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  require('node:fs').writeSync(2, 'processor time ' + (user + system) + ' us\\n');
});`;

function microseconds(stderr: string): number {
  const used = [...stderr.matchAll(/^processor time (\d+) us$/gm)].map((match) => Number(match[1]));
  if (used.length !== 1) throw new Error(`bench: expected one process of the compiler, found ${used.length}:\n${stderr}`);
  return used[0] as number;
}

/** Checks the output, because a build that instruments nothing costs nothing. */
function expectForwarders(output: string, expected: boolean): void {
  const found = readFileSync(join(output, `file${FILES - 1}.js`), 'utf8').includes('spanwright/emitted');
  if (found !== expected)
    throw new Error(`bench: the build ${expected ? 'with' : 'without'} the plugin ${found ? 'holds' : 'lacks'} forwarders`);
}

/** Files as a service has them: interfaces, imports from another file, classes with decorated and plain methods. */
function project(): Record<string, string> {
  const files: Record<string, string> = {};
  for (let file = 0; file < FILES; file++) {
    const other = file === 0 ? '' : `import { type Order${file - 1}, Store${file - 1} } from './file${file - 1}.js';\n`;
    const previous = file === 0 ? 'unknown' : `Order${file - 1} | Store${file - 1}`;
    const methods = (decorated: string) => `  ${decorated}
  async find(id: string): Promise<Order${file} | undefined> {
    return this.orders.get(id);
  }

  ${decorated}
  add(order: Order${file}, note = 'none', ...tags: string[]): number {
    this.orders.set(order.id, { ...order, note: [note, ...tags].join(' ') });
    return this.orders.size;
  }

  ${decorated}
  total({ from, to }: { from: number; to: number }): number {
    let sum = 0;
    for (const { price } of this.orders.values()) if (price >= from && price < to) sum += price;
    return sum;
  }`;
    const body = (name: string) => `export class ${name}${file} {
  protected readonly orders = new Map<string, Order${file}>();

${methods('@instrument')}

  plain(limit: number): string[] {
    return [...this.orders.keys()].filter((key) => key.length > limit).map((key) => key.toUpperCase());
  }
}`;
    files[`file${file}.ts`] = `import { instrument } from 'spanwright';
${other}
export interface Order${file} {
  readonly id: string;
  readonly price: number;
  readonly note?: string;
  readonly previous?: ${previous};
}

${body('Store')}

${body('Archive')}
`;
  }
  return files;
}
