// Cost of many instrumented methods while tracing is off: programs with 32 to 10,000 of them, from their first call on, each in a
// process of its own, against the same methods without instrumentation. Few hot methods hide what the engine does with many.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Shape } from './floors.js';
import type { ManyMeasured, ManyRequest } from './many-worker.js';
import { NODE24 } from './nodes.js';
import { type Budget, factor, type Outcome, time } from './report.js';
import { sitesSource } from './sites.js';
import { spread } from './statistics.js';
import type { Build, Workspace } from './workspace.js';

/** Methods in one module. */
const MODULE = 100;
const LIMIT_MS = 300_000;

interface Cell {
  readonly sites: number;
  readonly shape: Shape;
  readonly marks: readonly number[];
  /** Processes of each kind; medians are taken. */
  readonly runs: number;
}

/** Budget of a call, as a factor of the bare call, by the number of methods. */
const LIMITS: Readonly<Record<number, number>> = { 300: 1.1, 1000: 1.2, 10000: 1.2 };
const FIRST_LIMIT = 1.4;
/** Mark at which a call is judged. */
const JUDGED = 10_000;
/**
 * V8 compiles in a thread, which is busy with hundreds of methods for longer than they take for their first 10,000 calls. With this flag each is
 * compiled at once, so that the compiled code alone is compared.
 */
const COMPILE_AT_ONCE = '--no-concurrent-recompilation';

const CELLS: readonly Cell[] = [
  { sites: 300, shape: 'sync', marks: [1000, 10_000, 50_000], runs: 3 },
  { sites: 1000, shape: 'sync', marks: [1000, 10_000, 50_000], runs: 3 },
  { sites: 300, shape: 'async', marks: [1000, 10_000], runs: 3 },
];

const LONG_CELLS: readonly Cell[] = [
  { sites: 32, shape: 'sync', marks: [1000, 10_000], runs: 5 },
  { sites: 300, shape: 'sync', marks: [1000, 10_000, 50_000], runs: 3 },
  { sites: 1000, shape: 'sync', marks: [1000, 10_000, 50_000], runs: 3 },
  { sites: 1000, shape: 'async', marks: [1000, 10_000], runs: 3 },
  { sites: 10_000, shape: 'sync', marks: [1000], runs: 3 },
];

export const measureSites = (workspace: Workspace): Promise<Outcome> => measure(workspace, CELLS, 'Off, many methods');
/** Takes minutes, so it runs only when it is named. */
export const measureSitesLong = (workspace: Workspace): Promise<Outcome> =>
  measure(workspace, LONG_CELLS, 'Off, many methods, longer');

async function measure(workspace: Workspace, cells: readonly Cell[], title: string): Promise<Outcome> {
  const worker = join(workspace.worker(), '..', 'many-worker.js');
  const engines = [process.execPath, ...(existsSync(NODE24) ? [NODE24] : [])];
  const rows: string[][] = [];
  const budgets: Budget[] = [];
  const most = (shape: Shape): number => Math.max(0, ...cells.filter((cell) => cell.shape === shape).map(({ sites }) => sites));
  const folders = new Map<string, string>();
  for (const shape of ['sync', 'async'] as const)
    for (const [flavour, build] of [
      ['bare', 'plain'],
      ['least prologue', 'plain'],
      ['instrument', 'built'],
    ] as const)
      if (most(shape) > 0) folders.set(`${flavour} ${shape}`, await compiled(workspace, flavour, build, shape, most(shape)));

  for (const engine of engines)
    for (const cell of cells) {
      const { bare, transformed, least } = await alternate(engine, worker, folders, cell);
      const name = `Node.js ${engine === NODE24 ? '24' : process.versions.node.split('.')[0]}, ${cell.sites.toLocaleString('en-US')} ${cell.shape} methods`;
      const last = cell.marks[cell.marks.length - 1] as number;
      const ratio = (of: (one: ManyMeasured) => number): number => median(transformed, of) / median(bare, of);
      const windows = cell.marks.map((mark) => {
        const at = (one: ManyMeasured): number => one.window[mark] ?? Number.NaN;
        return `${mark.toLocaleString('en-US')} calls: ${time(median(bare, at))}, ${factor(ratio(at))}`;
      });
      const first = Math.min(last, JUDGED);
      const until = (one: ManyMeasured): number => one.until[first] ?? Number.NaN;
      const all = ratio(until);
      rows.push([
        name,
        windows.join('; '),
        factor(all),
        `${median(bare, ({ loadMs }) => loadMs).toFixed(0)} ms, ${factor(ratio(({ loadMs }) => loadMs))}`,
        `${(median(bare, ({ heapBytes }) => heapBytes) / 1e6).toFixed(1)} MB, ${factor(ratio(({ heapBytes }) => heapBytes))}`,
        // with few modules the result is noise of mapped pages
        cell.sites < 1000 ? '' : factor(ratio(({ rssBytes }) => rssBytes)),
      ]);
      const floors = {
        compiled: await compiledRatio(engine, worker, folders, cell),
        prologue: least.length > 0 ? median(least, until) / median(bare, until) : undefined,
      };
      budgets.push(...budgetsOf(name, cell, ratio, all, floors));
    }
  const note =
    'Nanoseconds of a bare call in the last tenth of the calls of each method, and how much more the transformed one takes, off; then all of the first 10,000 ' +
    'calls together (the first 1,000 where there were fewer calls); then the load time of the modules. Below 1x is an artefact of inlining. V8 compiles hundreds of methods for ' +
    'longer than their first 10,000 calls take, so that the window there holds what its thread has not compiled yet. Medians; single cells vary by 20 %.';
  return {
    tables: [
      { title, note, head: ['', 'a call after', 'all of the first', 'load', 'heap after loading', 'RSS after loading'], rows },
    ],
    budgets,
  };
}

type Cost = 'bare' | 'least prologue' | 'instrument';
/** True for a cell with a budget for all of the first calls. */
const hasFirstLimit = ({ marks }: Cell): boolean => marks.includes(JUDGED);
const hasLimit = ({ sites, shape }: Cell): boolean => LIMITS[sites] !== undefined && shape === 'sync';

/** Ratio of a call once all methods are compiled, as a floor of the budget; undefined for a cell without one. */
async function compiledRatio(engine: string, worker: string, folders: ReadonlyMap<string, string>, cell: Cell) {
  if (!hasLimit(cell) || !cell.marks.includes(JUDGED)) return undefined;
  const marks = cell.marks.filter((mark) => mark <= JUDGED);
  const { bare, transformed } = await alternate(engine, worker, folders, { ...cell, marks }, [COMPILE_AT_ONCE]);
  const at = (one: ManyMeasured): number => one.window[JUDGED] ?? Number.NaN;
  return median(transformed, at) / median(bare, at);
}

function budgetsOf(
  name: string,
  cell: Cell,
  ratio: (of: (one: ManyMeasured) => number) => number,
  all: number,
  { compiled, prologue }: { readonly compiled: number | undefined; readonly prologue: number | undefined },
) {
  const { sites, marks } = cell;
  const found: Budget[] = [];
  const add = (what: string, limit: number, measured: number, floor?: string): void => {
    const budget = { what: `${name}: ${what}`, limit: factor(limit), measured: factor(measured), met: measured <= limit };
    found.push(floor === undefined ? budget : { ...budget, floor });
  };
  const last = Math.min(marks[marks.length - 1] as number, JUDGED);
  const limit = LIMITS[sites];
  if (limit !== undefined && hasLimit(cell))
    add(
      `off, after ${last.toLocaleString('en-US')} calls each, over the bare call`,
      limit,
      ratio((one) => one.window[last] ?? Number.NaN),
      compiled === undefined ? undefined : `${factor(compiled)}: all methods compiled (${COMPILE_AT_ONCE})`,
    );
  if (last === JUDGED)
    add(
      'off, all of the first 10,000 calls, over the bare calls',
      FIRST_LIMIT,
      all,
      prologue === undefined ? undefined : `${factor(prologue)}: a variable tested, a call in the branch`,
    );
  return found;
}

async function compiled(workspace: Workspace, flavour: Cost, build: Build, shape: Shape, sites: number) {
  const source = sitesSource(flavour, shape, Math.min(sites, MODULE));
  const count = Math.ceil(sites / MODULE);
  const files = Object.fromEntries(Array.from({ length: count }, (_, index) => [`${flavour}-${index}.ts`, source]));
  return workspace.compile(`many-${flavour.replace(' ', '-')}-${shape}`, build, files);
}

/** Alternates the processes, so that a change of the machine's load affects both. */
async function alternate(
  engine: string,
  worker: string,
  folders: ReadonlyMap<string, string>,
  cell: Cell,
  flags: readonly string[] = [],
) {
  const bare: ManyMeasured[] = [];
  const transformed: ManyMeasured[] = [];
  const least: ManyMeasured[] = [];
  for (let run = 0; run < cell.runs; run++)
    for (const [flavour, list] of [
      ['bare', bare],
      ['instrument', transformed],
      ...(flags.length === 0 && hasFirstLimit(cell) ? ([['least prologue', least]] as const) : []),
    ] as const)
      list.push(await once([engine, ...flags], worker, folders.get(`${flavour} ${cell.shape}`) as string, flavour, cell));
  const sums = new Set([...bare, ...transformed, ...least].map(({ checksum }) => checksum));
  if (sums.size !== 1) throw new Error(`bench: ${cell.sites} methods computed ${[...sums].join(' and ')}`);
  return { bare, transformed, least };
}

async function once(
  [engine = '', ...flags]: readonly string[],
  worker: string,
  folder: string,
  flavour: string,
  { sites, shape, marks }: Cell,
) {
  const modules = Array.from({ length: Math.ceil(sites / MODULE) }, (_, index) => join(folder, `${flavour}-${index}.js`));
  const request: ManyRequest = { modules, sites, shape, marks, state: 'spanwright off' };
  const { stdout } = await promisify(execFile)(engine, ['--expose-gc', ...flags, worker, JSON.stringify(request)], {
    timeout: LIMIT_MS,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as ManyMeasured;
}

function median(samples: readonly ManyMeasured[], of: (one: ManyMeasured) => number): number {
  return spread(samples.map(of)).median;
}
