// Parts of the time of a build: what V8's profiler sees in one more run of the compiler's process.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { Profiler } from 'node:inspector';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Table } from './report.js';

/** Part of the plugin, by the innermost of its functions on the stack: it includes what that function calls in TypeScript. */
const OURS: readonly (readonly [part: string, url: RegExp])[] = [
  ['recognition and plan', /\/dist\/transformer\/core\//],
  ['printing', /\/dist\/transformer\/print\//],
  ['files, checker and interface of the compiler', /\/dist\/(transformer\/hosts|cli)\//],
];
const OTHERS: readonly (readonly [part: string, name: RegExp])[] = [
  ['waiting for the compiler', /^\(idle\)$/],
  ['garbage collection', /^\(garbage collector\)$/],
];
const REST = 'TypeScript, modules, the engine';

export interface ProfiledBuild {
  readonly label: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

/** A column for each build, in milliseconds by the clock. @param what kind of build */
export function buildPartsTable(what: string, builds: readonly ProfiledBuild[]): Table {
  const columns = builds.map((build) => partsOf(build));
  const parts = [...OURS.map(([part]) => part), ...OTHERS.map(([part]) => part), REST];
  const cells = (part: string) => columns.map((column) => `${Math.round((column.get(part) ?? 0) / 1000)}`);
  return {
    title: `Where the time of ${what} goes`,
    note: 'Milliseconds by the clock in the process of the build, by the samples of V8’s profiler, which makes it slower. A call of TypeScript by the plugin counts as the plugin.',
    head: ['', ...builds.map(({ label }) => label)],
    rows: parts.map((part) => [part, ...cells(part)]),
  };
}

function partsOf({ args, cwd }: ProfiledBuild): ReadonlyMap<string, number> {
  const folder = mkdtempSync(join(tmpdir(), 'spanwright-bench-'));
  try {
    execFileSync(process.execPath, ['--cpu-prof', '--cpu-prof-dir', folder, ...args], { cwd, stdio: 'ignore' });
    const [file] = readdirSync(folder);
    return microseconds(JSON.parse(readFileSync(join(folder, file as string), 'utf8')) as Profiler.Profile);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function microseconds({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Map<string, number> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const found = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const name = byId.get(id)?.callFrame.functionName ?? '';
    const part = OTHERS.find(([, names]) => names.test(name))?.[0] ?? ownPart(id) ?? REST;
    found.set(part, (found.get(part) ?? 0) + (timeDeltas[index] ?? 0));
  }
  return found;

  function ownPart(id: number): string | undefined {
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const url = byId.get(at)?.callFrame.url ?? '';
      const part = OURS.find(([, urls]) => urls.test(url))?.[0];
      if (part !== undefined) return part;
    }
    return undefined;
  }
}
