// Turns measurements into Markdown: tables, the budgets with met or not met, and what was measured on. The document of figures is
// printed by this file and never written by hand.

import { execFileSync } from 'node:child_process';
import { cpus, loadavg, totalmem } from 'node:os';
import { explanationOf } from './explanations.js';
import { paired, type Spread, spread } from './statistics.js';

export interface Table {
  readonly title: string;
  /** Description of the measurement, in a sentence or two. */
  readonly note: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Budget {
  readonly what: string;
  readonly limit: string;
  readonly measured: string;
  readonly met: boolean;
  /** The least that the row can cost, measured in the same run, and its description. */
  readonly floor?: string;
}

/** Result of one section of the benchmarks. */
export interface Outcome {
  readonly tables: readonly Table[];
  readonly budgets: readonly Budget[];
}

export const time = (ns: number): string =>
  Math.abs(ns) < 100 ? `${ns.toFixed(1)} ns` : `${Math.round(ns).toLocaleString('en-US')} ns`;
export const milliseconds = (ns: number): string => `${(ns / 1e6).toFixed(1)} ms`;
export const signed = (value: number, format: (value: number) => string): string =>
  `${value < 0 ? '-' : '+'}${format(Math.abs(value))}`;
export const factor = (ratio: number): string => `${ratio.toFixed(ratio < 10 ? 2 : 0)}x`;
/** A small ratio. */
export const share = (ratio: number): string => (ratio < 0.1 ? `${ratio.toFixed(3)}x` : factor(ratio));
export const range = ({ low, high }: Spread, format: (value: number) => string): string => `${format(low)} to ${format(high)}`;

export function samplesOf(samples: ReadonlyMap<string, readonly number[]>, label: string): readonly number[] {
  const found = samples.get(label);
  if (found === undefined) throw new Error(`bench: nothing was measured as "${label}"`);
  return found;
}

/** Each variant against the first, in paired rounds. */
export function overFirst(samples: ReadonlyMap<string, readonly number[]>): (label: string) => ReturnType<typeof paired> {
  const [first] = samples.values();
  return (label) => paired(samplesOf(samples, label), first ?? []);
}

/** One row a variant: its own times, and its distance from the first one in paired rounds. */
export function timesTable(
  title: string,
  note: string,
  samples: ReadonlyMap<string, readonly number[]>,
  against: (label: string) => { ratio: Spread; difference: Spread },
  format: (ns: number) => string = time,
): Table {
  const [first] = samples.keys();
  const rows = [...samples].map(([label, values]) => {
    const own = spread(values);
    const apart = label === first ? undefined : against(label);
    return [
      label,
      format(own.median),
      range(own, format),
      format(own.least),
      apart ? signed(apart.difference.median, format) : '',
      apart ? factor(apart.ratio.median) : '',
    ];
  });
  return { title, note, head: ['', 'median', 'middle half', 'least', 'over the first row', 'ratio'], rows };
}

const BUDGETS = 'Budgets';

export function document(outcomes: readonly Outcome[]): string {
  const parts = [
    '# Performance',
    'What a call costs, off and on, against its budget. `npm run bench -- SECTION --write docs/performance.md` prints a section of this page; sections that were not measured are left out. No figure is written by hand.',
    [
      '- Each variant runs in a process of its own and computes the same checksum over 32 classes with different bodies, called through one shared call site.',
      '- Rounds alternate between the variants, forwards and backwards; processes that export or answer requests take turns in a random order. The time of a round is the elapsed or the processor time, whichever is less.',
      '- Ratios and differences are medians over pairs of the same round, because the load of the machine changes. Ratios carry over to other machines better than times do.',
    ].join('\n'),
    machine(),
  ];
  const budgets = outcomes.flatMap((outcome) => outcome.budgets);
  if (budgets.length > 0) {
    const rows = budgets.map(({ what, limit, measured, met, floor = '' }) => [
      what,
      limit,
      measured,
      verdictOf(what, met),
      floor,
    ]);
    parts.push(`## ${BUDGETS}`, markdown(['what', 'at most', 'measured', '', 'floor'], rows));
  }
  for (const { title, note, head, rows } of outcomes.flatMap((outcome) => outcome.tables)) {
    parts.push(`## ${title}`, note, markdown(head, rows));
  }
  return `${parts.join('\n\n')}\n`;
}

/** With a link to what explains or shows it. */
export function verdictOf(what: string, met: boolean): string {
  if (met) return 'met';
  const place = explanationOf(what);
  return place === undefined ? NOT_MET : `${NOT_MET}: [see](${place})`;
}

const NOT_MET = '**not met**';

const MACHINE = /^Measured on .*$/mu;

/**
 * `before` with the parts that `outcomes` measured again replaced: for a run of some sections. A part that is kept names the machine of its
 * own measurement. Tables go by their title, budgets by what they are of; new ones come last.
 */
export function renew(before: string, outcomes: readonly Outcome[]): string {
  const [oldHead = '', ...old] = before.trimEnd().split('\n\n## ');
  const [newHead = '', ...fresh] = document(outcomes).trimEnd().split('\n\n## ');
  const titleOf = (part: string): string => part.split('\n', 1)[0] ?? '';
  const measured = MACHINE.exec(oldHead)?.[0];
  const parts = new Map(old.map((part) => [titleOf(part), measuredAt(part, measured)]));
  for (const part of fresh) {
    const known = titleOf(part) === BUDGETS ? parts.get(BUDGETS) : undefined;
    parts.set(titleOf(part), known === undefined ? part : renewRows(known, part));
  }
  const head = oldHead.replace(MACHINE, () => MACHINE.exec(newHead)?.[0] ?? '');
  return `${[head, ...parts.values()].join('\n\n## ')}\n`;
}

/** The part with the machine in its note, if it names none. */
function measuredAt(part: string, measured: string | undefined): string {
  const [title = '', note = '', ...rest] = part.split('\n\n');
  if (measured === undefined || title === BUDGETS || note.includes('Measured on')) return part;
  return [title, `${note} ${measured}`, ...rest].join('\n\n');
}

function renewRows(before: string, fresh: string): string {
  const whatOf = (line: string): string => line.split(' | ', 1)[0] ?? '';
  const lines = new Map(before.split('\n').map((line) => [line.startsWith('| ') ? whatOf(line) : line, line]));
  for (const line of fresh.split('\n').filter((text) => text.startsWith('| '))) lines.set(whatOf(line), line);
  return [...lines.values()].join('\n');
}

/** Version of the Node.js at this path. */
const versionOf = (node: string): string =>
  node === process.execPath ? process.version : execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();

/**
 * Date, versions and load of the machine, for a section that is measured apart from the others.
 * @param nodes paths of the Node.js that were measured, if not only the one of this process
 */
export function machine(...nodes: readonly string[]): string {
  const versions = (nodes.length > 0 ? nodes : [process.execPath]).map(versionOf).join(' and ');
  const processors = cpus();
  const model = processors[0]?.model.trim() || 'a processor without a name';
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
  const date = new Date().toISOString().slice(0, 10);
  const load = (loadavg()[0] ?? 0).toFixed(1);
  return `Measured on ${date}: Node ${versions}, ${process.platform} ${process.arch}, ${processors.length} x ${model}, ${memory}; load average at the end ${load}.`;
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}
