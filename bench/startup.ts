// Load time and memory of decorated code: 1,000 and 10,000 methods, ten to a class, in new processes. The libraries
// themselves are loaded before the clock starts, because a service loads them once for any number of methods.

import { execFile } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { type Budget, factor, milliseconds, type Outcome, overFirst, timesTable } from './report.js';
import type { Build, Workspace } from './workspace.js';

const COUNTS = [1_000, 10_000] as const;
const METHODS = 10;
const CLASSES_A_FILE = 20;
const ROUNDS = 7;
const LIMIT = 1.3;
const UNDECORATED = 'undecorated';
const TRANSFORMED = 'transformed';
const TEXT_ALONE = 'floor: the text of the transformed, nothing registered';
/** Stands for `spanwright/emitted` in the floor. */
const NOTHING = `exports.module = () => Object.assign(() => undefined, { of() {} });`;
const LOAD_LIMIT_MS = 60_000;

const VARIANTS: readonly { label: string; head: string; decorator: string; build: Build; preload: string }[] = [
  { label: UNDECORATED, head: '', decorator: '', build: 'plain', preload: 'spanwright' },
  {
    label: TRANSFORMED,
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
  const budgets: Budget[] = [];
  for (const sites of COUNTS) {
    const folders = new Map<string, { folder: string; preload: string }>();
    for (const { label, head, decorator, build, preload } of VARIANTS) {
      const name = `startup-${sites}-${label.replace(' ', '-')}`;
      const folder = await workspace.compile(name, build, classes(sites, head, decorator));
      folders.set(label, { folder, preload });
      if (label === TRANSFORMED) folders.set(TEXT_ALONE, { folder: textAlone(folder), preload });
    }
    const times = new Map<string, number[]>([...folders.keys()].map((label) => [label, []]));
    const memory = new Map<string, number[]>([...folders.keys()].map((label) => [label, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const [label, { folder, preload }] of round % 2 === 0 ? folders : [...folders].reverse()) {
        const { ns, rss } = await load(folder, preload);
        times.get(label)?.push(ns);
        memory.get(label)?.push(rss);
      }
    }
    const [inTime, inMemory] = [overFirst(times), overFirst(memory)];
    const files = sites / METHODS / CLASSES_A_FILE;
    const count = sites.toLocaleString('en-US');
    const note = `Time to load ${count} methods in ${files} files, in ${ROUNDS} new processes each.`;
    tables.push(timesTable(`Start-up, ${count} sites`, note, times, inTime, milliseconds));
    for (const [what, over] of [
      ['load', inTime],
      ['RSS after loading', inMemory],
    ] as const) {
      const ratio = over(TRANSFORMED).ratio.median;
      budgets.push({
        what: `${count} sites: ${what}, over undecorated`,
        limit: factor(LIMIT),
        measured: factor(ratio),
        met: ratio <= LIMIT,
        floor: `${factor(over(TEXT_ALONE).ratio.median)}: the same text, nothing registered`,
      });
    }
  }
  return { tables, budgets };
}

/** A copy of the folder whose modules register nothing. */
function textAlone(folder: string): string {
  const copy = `${folder}-text`;
  cpSync(folder, copy, { recursive: true });
  for (const file of readdirSync(copy)) {
    const path = join(copy, file);
    writeFileSync(path, readFileSync(path, 'utf8').replace("require('spanwright/emitted')", "require('./nothing')"));
  }
  writeFileSync(join(copy, 'nothing.js'), NOTHING);
  return copy;
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

/** Nanoseconds that one new process takes to load the folder, and the bytes that its resident set is larger afterwards. */
async function load(folder: string, preload: string): Promise<{ ns: number; rss: number }> {
  const program = `require(${JSON.stringify(preload)});
    const rss = process.memoryUsage.rss();
    const start = process.hrtime.bigint();
    require(${JSON.stringify(join(folder, 'index.js'))});
    const ns = Number(process.hrtime.bigint() - start);
    console.log(JSON.stringify({ ns, rss: process.memoryUsage.rss() - rss }));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], { cwd: folder, timeout: LOAD_LIMIT_MS });
  return JSON.parse(stdout) as { ns: number; rss: number };
}
