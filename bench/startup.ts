// Load time of decorated code: 1,000 and 10,000 methods, ten to a class, in new processes. The libraries
// themselves are loaded before the clock starts, because a service loads them once for any number of methods.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { milliseconds, type Outcome, samplesOf, timesTable } from './report.js';
import { paired } from './statistics.js';
import type { Build, Workspace } from './workspace.js';

const COUNTS = [1_000, 10_000] as const;
const METHODS = 10;
const CLASSES_A_FILE = 20;
const ROUNDS = 7;
const LOAD_LIMIT_MS = 60_000;

const VARIANTS: readonly { label: string; head: string; decorator: string; build: Build; preload: string }[] = [
  { label: 'undecorated', head: '', decorator: '', build: 'plain', preload: '' },
  {
    label: 'transformed',
    head: "import { instrument } from 'spanwright';",
    decorator: '@instrument ',
    build: 'built',
    preload: 'spanwright',
  },
  {
    label: 'plain decorator',
    head: "import { instrument } from 'spanwright';",
    decorator: '@instrument ',
    build: 'plain',
    preload: 'spanwright',
  },
  {
    label: 'nestjs-otel',
    head: "import { Span } from 'nestjs-otel';",
    decorator: '@Span() ',
    build: 'plain',
    preload: 'nestjs-otel',
  },
];

export async function measureStartup(workspace: Workspace): Promise<Outcome> {
  const tables = [];
  for (const sites of COUNTS) {
    const folders = new Map<string, { folder: string; preload: string }>();
    for (const { label, head, decorator, build, preload } of VARIANTS) {
      const name = `startup-${sites}-${label.replace(' ', '-')}`;
      folders.set(label, { folder: await workspace.compile(name, build, classes(sites, head, decorator)), preload });
    }
    const samples = new Map<string, number[]>(VARIANTS.map(({ label }) => [label, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const [label, { folder, preload }] of round % 2 === 0 ? folders : [...folders].reverse()) {
        samples.get(label)?.push(await load(folder, preload));
      }
    }
    const over = (label: string) => paired(samplesOf(samples, label), samplesOf(samples, 'undecorated'));
    const files = sites / METHODS / CLASSES_A_FILE;
    const note = `Time to load ${sites.toLocaleString('en-US')} methods in ${files} files, in ${ROUNDS} new processes each.`;
    tables.push(timesTable(`Start-up, ${sites.toLocaleString('en-US')} sites`, note, samples, over, milliseconds));
  }
  return { tables, budgets: [] };
}

function classes(sites: number, head: string, decorator: string): Record<string, string> {
  const files: Record<string, string> = {};
  const total = sites / METHODS;
  for (let first = 0; first < total; first += CLASSES_A_FILE) {
    const source = Array.from({ length: CLASSES_A_FILE }, (_, offset) => {
      const methods = Array.from(
        { length: METHODS },
        (_, method) => `  ${decorator}m${method}(a: number): number {\n    return a + ${method};\n  }`,
      );
      return `export class C${first + offset} {\n${methods.join('\n')}\n}`;
    });
    files[`part${first / CLASSES_A_FILE}.ts`] = `${head}\n${source.join('\n')}\n`;
  }
  const names = Object.keys(files).map((file) => file.replace('.ts', '.js'));
  files['index.ts'] = names.map((name) => `import './${name}';`).join('\n');
  return files;
}

/** Nanoseconds that one new process takes to load the folder. */
async function load(folder: string, preload: string): Promise<number> {
  const program = `${preload ? `require(${JSON.stringify(preload)});` : ''}
    const start = process.hrtime.bigint();
    require(${JSON.stringify(join(folder, 'index.js'))});
    console.log(String(process.hrtime.bigint() - start));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], { cwd: folder, timeout: LOAD_LIMIT_MS });
  return Number(stdout);
}
