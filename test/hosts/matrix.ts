// The table of docs/hosts.md: hosts by kinds of decorators, and what of each is tested. Every cell is a test, or says why there is none;
// test/house/hosts-table.test.ts looks up each test, and compares the page with what is rendered here.

export type Kind = 'legacy' | 'TC39' | 'none';
export const KINDS: readonly Kind[] = ['legacy', 'TC39', 'none'];

const described = (kind: Kind): string => (kind === 'none' ? 'without decorators' : `${kind} decorators`);

/** Name of the test of test/hosts/kinds.test.ts for a host and a kind. */
export function titleOf(host: string, kind: Kind): string {
  const how = host === 'register' ? 'and it runs' : 'and the one file runs alone';
  return `${host}, ${described(kind)}: each file has its own tsconfig.json, ${how}`;
}

export function coverageTitleOf(tool: string, kind: Kind): string {
  return `${tool}, ${described(kind)}: coverage is what it is without the plugin`;
}

/** Of Turbopack; with webpack, Next takes legacy decorators alone. */
export const NEXT_TC39 = 'a development server lists the sites of the last version of each file, with TC39 decorators';
/** Classes of the application have legacy decorators; its routes, components and actions have none. */
export const nextTitleOf = (bundler: string): string =>
  `an application built by ${bundler} is recorded when the hook switches tracing on, and only then`;

/** A test by its file, or why there is none. */
export type Cell = { readonly file: string; readonly test: string } | { readonly without: string };

export interface Row {
  readonly host: string;
  /** Of each kind, in the order of KINDS: tsconfig per file, coverage, bundled run. */
  readonly cells: Readonly<Record<Kind, readonly [perFile: Cell, coverage: Cell, bundled: Cell]>>;
}

const without = (reason: string): Cell => ({ without: reason });
const inKinds = (host: string, kind: Kind): Cell => ({ file: 'test/hosts/kinds.test.ts', test: titleOf(host, kind) });
/** Without the plugin TypeScript's own helpers for TC39 decorators are counted. */
const inCoverage = (tool: string, kind: Kind): Cell =>
  kind === 'TC39'
    ? { without: 'nothing to compare with' }
    : { file: 'test/hosts/coverage.test.ts', test: coverageTitleOf(tool, kind) };

function row(host: string, cellsOf: (kind: Kind) => Row['cells'][Kind]): Row {
  return { host, cells: { legacy: cellsOf('legacy'), TC39: cellsOf('TC39'), none: cellsOf('none') } };
}
const inNext = (kind: Kind): Cell => ({
  file: 'test/hosts/next.test.ts',
  test: kind === 'TC39' ? NEXT_TC39 : nextTitleOf('turbopack'),
});

const NO_TOOL = without('no tool measures it');
const NO_BUNDLE = without('bundles nothing');
const ONE_PROJECT = without('compiles one project');
const ONE_CONFIGURATION = without('one tsconfig.json');

const bundler = (host: string): Row => row(host, (kind) => [inKinds(host, kind), NO_TOOL, inKinds(host, kind)]);

export const MATRIX: readonly Row[] = [
  ...['esbuild', 'Rollup', 'Rolldown', 'Vite', 'webpack', 'Rspack', 'Farm', 'Bun'].map(bundler),
  row('Next', (kind) => [ONE_CONFIGURATION, NO_TOOL, inNext(kind)]),
  row('Vitest', (kind) => [without('as Vite'), inCoverage('Vitest, V8', kind), NO_BUNDLE]),
  row('register', (kind) => [inKinds('register', kind), inCoverage('c8 over register', kind), NO_BUNDLE]),
  row('tspc', (kind) => [ONE_PROJECT, inCoverage('c8 over tspc', kind), NO_BUNDLE]),
  row('spanwright build', (kind) => [ONE_PROJECT, inCoverage('c8 over spanwright build', kind), NO_BUNDLE]),
  row('ts-jest', (kind) => [ONE_PROJECT, inCoverage('ts-jest, istanbul', kind), NO_BUNDLE]),
];

/** The table as the page has it. */
export function renderedMatrix(): string {
  const titles = ['host', 'tsconfig per file', 'coverage', 'bundled run'];
  const rows = MATRIX.map(({ host, cells }) => [
    host,
    ...[0, 1, 2].map((at) => rendered(KINDS.map((kind) => [kind, cells[kind][at] as Cell]))),
  ]);
  return [titles, titles.map(() => '---'), ...rows].map((columns) => `| ${columns.join(' | ')} |`).join('\n');
}

/** The kinds that have a test, then the reasons of the others. */
function rendered(cells: readonly (readonly [Kind, Cell])[]): string {
  const tested = cells.flatMap(([kind, cell]) => ('file' in cell ? [`[${kind}](../${cell.file})`] : []));
  const reasons = new Set(
    cells.flatMap(([kind, cell]) => ('file' in cell ? [] : [tested.length > 0 ? `${kind}: ${cell.without}` : cell.without])),
  );
  return [...tested, ...reasons].join(', ');
}
