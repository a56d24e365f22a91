// Profiles of a call: V8's sampling profiler over many calls, its functions grouped by purpose. measureProfile() compares recorded
// calls with hand-written spans of the SDK; flight.ts profiles the flight recorder, capture.ts captured arguments. The engine inlines
// small functions, and the profiler attributes them to their callers.

import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Shape } from './floors.js';
import type { Profile } from './profiled.js';
import type { Outcome, Table } from './report.js';
import type { ParentName, StateName } from './states.js';
import type { Choice, Modules } from './variants.js';

const LIMIT_MS = 120_000;
const REPEATS = 2;
/** Of the calls that are made of other methods. */
const FAILING_SHARE = 0.15;

/** Place of every function of a loaded module, in profiles of the import. */
export const AT_LOAD = 'at load';
const RUN_AT_LOAD = new RegExp(`^${AT_LOAD}$`);

/** The first matching group counts the function; functions without a group are the rest. */
const PARTS: readonly { readonly part: string; readonly name?: RegExp; readonly url?: RegExp }[] = [
  { part: 'garbage collection', name: /^\(garbage collector\)$/ },
  { part: 'the method and its callers', url: /\/(bench-[^/]+|worker)\/(?!node_modules).*(-a?sync(-failing)?|profiled)\.js$/ },
  { part: 'modules: compiled', name: /^(compileFunction\w*|wrapSafe)$/ },
  { part: 'modules: run', url: RUN_AT_LOAD },
  { part: 'modules: found and read', url: /node:(internal\/modules|fs|path|internal\/fs|url|internal\/url)/ },
  {
    part: 'modules: found and read',
    name: /^(internalModuleStat|readFileUtf8|lstat|open|read|close|fstat|getNearestParentPackageJSON\w*)$/,
    url: /^$/,
  },
  { part: 'ids', url: /span\/identity\.js|RandomIdGenerator|crypto\/random/ },
  { part: 'ids', name: /^(hexSlice|generateId|randomFillSync|toString)$/, url: /node:|^$/ },
  { part: 'clock', url: /span\/time\.js|common\/time\.js|perf_hooks|internal\/perf/ },
  { part: 'clock', name: /^(now|nowMs|#time|hrTime|_getTime)$/ },
  {
    part: 'context',
    url: /async_hooks|async_context_frame|context\/(layer|manager|context)|span\/active\.js|context-async-hooks|api\/(context|trace)\.js|context-utils/,
  },
  { part: 'encoding', url: /export\/encode|otlp-transformer/ },
  { part: 'requests: HTTP, gRPC, sockets', name: /^(writev|writeBuffer|writeUtf8String|writeLatin1String|parse)$/, url: /^$/ },
  {
    part: 'requests: HTTP, gRPC, sockets',
    url: /node:(_http|net|http2|internal\/(http2?|net|stream|url))|grpc-js|otlp-.*exporter-base/,
  },
  { part: 'the ring of the flight recorder', url: /span\/flight(-ring)?\.js/ },
  { part: 'promises', url: /span\/settle\.js|internal\/process\/task_queues/ },
  {
    part: 'queue, processor, export',
    url: /runtime\/export\/|dist\/runtime\/setup\/|gate\/keep|BatchSpanProcessor|MultiSpanProcessor|\/worker\/states\.js|ExportResult/,
  },
  { part: 'counts, table of open spans, latencies', url: /dist\/runtime\/open\/|gate\/(under-way|lifetime-tokens|lease)/ },
  {
    part: 'sampling, decision, start',
    url: /span\/(run|place|trace|recorder|call|outcome|capture)\.js|runtime\/(gate|instrument|site|propagation)\/|[Ss]ampl|sdk-trace-base\/.*\/Tracer\.js|ProxyTracer/,
  },
  {
    part: 'the span: object, attributes, end',
    url: /span\/(recorded|provided|provided-span|attributes|errors|captured-values|redact)\.js|sdk-trace-base\/.*Span.*\.js|common\/attributes\.js|sdk-trace-base|@opentelemetry\//,
  },
];
const REST = 'the engine and what is left';

/** A kind of call, beside the same span written by hand. */
const SUBJECTS: readonly {
  readonly what: string;
  readonly state: StateName;
  readonly parent: ParentName;
  readonly note: string;
  /** The method throws; such methods are sync. */
  readonly fails?: boolean;
}[] = [
  { what: 'a recorded call', state: 'spanwright on', parent: 'sampled', note: 'Under a recorded parent.' },
  {
    what: 'a recorded call that throws',
    state: 'spanwright on',
    parent: 'recorded',
    note: 'Under a recorded span. V8 captures a stack in both.',
    fails: true,
  },
  {
    what: "a call recorded by the user's SDK",
    state: 'sdk with createSampler()',
    parent: 'none',
    note: 'Each call a trace of its own.',
  },
];

const FLOOR: Choice = { label: 'floor: a span kept and queued', flavour: 'recorder' };

export async function measureProfile(modules: Modules): Promise<Outcome> {
  const tables: Table[] = [];
  for (const { what, state, parent, note, fails = false } of SUBJECTS) {
    const choices: readonly Choice[] = [
      { label: 'transformed', flavour: 'instrument', build: 'built', state, parent, fails },
      ...(state === 'spanwright on' ? [FLOOR] : []).map((choice) => ({ ...choice, fails })),
      { label: 'hand-written, SDK', flavour: 'handwritten', state: 'sdk on', parent, fails },
    ];
    for (const shape of fails ? (['sync'] as const) : (['sync', 'async'] as const)) {
      const table = await profileTable(modules, what, choices, shape);
      tables.push({ ...table, note: `${note} ${table.note}` });
    }
  }
  return { tables, budgets: [] };
}

/** One column per choice. @param what kind of call */
export async function profileTable(modules: Modules, what: string, choices: readonly Choice[], shape: Shape): Promise<Table> {
  const program = join(dirname(modules.workspace.worker()), 'profiled.js');
  const columns: { readonly label: string; readonly profile: Profile }[] = [];
  for (const choice of choices) columns.push({ label: choice.label, profile: await profile(program, modules, choice, shape) });
  for (const { label, profile } of columns)
    if (nanoseconds(profile, 'the method and its callers') === '0')
      throw new Error(`bench: the profile of "${label}" lacks the method`);
  return partsTable(
    `Where the time of ${what} goes, ${shape} methods`,
    'Nanoseconds a call, by the samples of V8’s profiler, without the cost of the profiler itself.',
    columns,
  );
}

/** A column for each profile, whose parts add up to its nanoseconds a call. */
export function partsTable(
  title: string,
  note: string,
  columns: readonly { readonly label: string; readonly profile: Profile }[],
): Table {
  const parts = [...new Set([...PARTS.map(({ part }) => part), REST])];
  const rows = parts.map((part) => [part, ...columns.map(({ profile }) => nanoseconds(profile, part))]);
  rows.push(['in all', ...columns.map(({ profile }) => `${Math.round(profile.nsPerCall)}`)]);
  const slowest = columns[0]?.profile.self.filter(({ name }) => !name.startsWith('(')).slice(0, 8) ?? [];
  const named = slowest.map(
    ({ name, share }) => `\`${name || 'anonymous'}\` ${Math.round(share * (columns[0]?.profile.nsPerCall ?? 0))}`,
  );
  return {
    title,
    note: `${note} The slowest functions of the first column: ${named.join(', ')}.`,
    head: ['', ...columns.map(({ label }) => label)],
    rows: rows.filter(([, ...values]) => values.some((value) => value !== '0')),
  };
}

/** The quickest of several runs: other work only ever adds. */
async function profile(program: string, modules: Modules, choice: Choice, shape: Shape): Promise<Profile> {
  const { module, state, parent } = await modules.variant(choice, shape);
  let best: Profile | undefined;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [program, module, state, parent, `${choice.fails ? FAILING_SHARE : 1}`],
      { timeout: LIMIT_MS },
    );
    const found = JSON.parse(stdout) as Profile;
    if (best === undefined || found.nsPerCall < best.nsPerCall) best = found;
  }
  return best as Profile;
}

function partOf({ name, url }: { name: string; url: string }): string {
  return PARTS.find((row) => (row.name?.test(name) ?? true) && (row.url?.test(url) ?? true))?.part ?? REST;
}

function nanoseconds({ nsPerCall, self }: Profile, part: string): string {
  const share = self.filter((entry) => partOf(entry) === part).reduce((sum, entry) => sum + entry.share, 0);
  return `${Math.round(share * nsPerCall)}`;
}
