// Writes what a call costs into README.md, from the budgets of docs/performance.md: `npx tsx docs/write-costs.ts`.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const README = join(__dirname, '../README.md');
const FIGURES = join(__dirname, 'performance.md');
/** Open and close the part that is written. */
const OPENING = '<!-- Written by docs/write-costs.ts -->\n';
const CLOSING = '<!-- End of what is written -->\n';

interface State {
  readonly state: string;
  /** Action of a marked method. */
  readonly does: string;
  /** Budgets of the sync and the async methods, by version of Node. */
  readonly budgets: Readonly<Record<20 | 24, readonly string[]>>;
}

const each = (what: (node: string) => readonly string[]): State['budgets'] => ({ 20: what('Node 20: '), 24: what('Node 24: ') });
const KINDS = ['sync', 'async'] as const;

const STATES: readonly State[] = [
  {
    state: 'off, or no endpoint',
    does: 'tests a variable; allocates nothing, and no exporter is loaded',
    budgets: {
      20: KINDS.map((kind) => `off, transformed method, over the bare call, ${kind}`),
      24: KINDS.map((kind) => `Node 24: off, transformed method, over the bare call, ${kind}`),
    },
  },
  {
    state: 'off, 300 methods, all of their first 10,000 calls, which V8 compiles meanwhile',
    does: 'the same',
    budgets: {
      20: KINDS.map((kind) => `Node.js 20, 300 ${kind} methods: off, all of the first 10,000 calls, over the bare calls`),
      24: KINDS.map((kind) => `Node.js 24, 300 ${kind} methods: off, all of the first 10,000 calls, over the bare calls`),
    },
  },
  {
    state: 'on, but not for its namespace',
    does: 'the test, and a check whether a recorded trace is active',
    budgets: each((node) => KINDS.map((kind) => `${node}a lease on another namespace, over the bare call, ${kind}`)),
  },
  {
    state: 'under a parent that is not sampled',
    does: 'the test, and a check of the context',
    budgets: each((node) => KINDS.map((kind) => `${node}unsampled, a context for each 32 calls, over the bare call, ${kind}`)),
  },
  {
    state: 'on, over a span by hand with the SDK',
    does: "creates a span of Spanwright's own class",
    budgets: each((node) => KINDS.map((kind) => `${node}recorded, over the hand-written span, ${kind} methods`)),
  },
];

/** README.md with the figures of docs/performance.md. @throws Error if a budget has no row there */
export function readmeWithCosts(readme: string, figures: string): string {
  const measured = new Map(
    figures
      .split('\n')
      .map((line) => line.split(' | '))
      .map(([what = '', , value = '']) => [what.slice(2), value]),
  );
  const cell = (budgets: readonly string[]): string =>
    budgets
      .map((what, index) => {
        const value = measured.get(what);
        if (!value) throw new Error(`docs/performance.md has no budget "${what}": run its section of \`npm run bench\``);
        return `${value} ${KINDS[index]}`;
      })
      .join('; ');
  const rows = STATES.map(({ state, does, budgets }) => `| ${state} | ${does} | ${cell(budgets[20])} | ${cell(budgets[24])} |`);
  const start = readme.indexOf(OPENING) + OPENING.length;
  const end = readme.indexOf(CLOSING);
  if (start < OPENING.length || end < start) throw new Error(`README.md lacks the lines ${OPENING}and ${CLOSING}`);
  const head = '| state | what a marked method does | Node.js 20 | Node.js 24 |\n|---|---|---|---|';
  return `${readme.slice(0, start)}${head}\n${rows.join('\n')}\n${readme.slice(end)}`;
}

if (require.main === module) {
  writeFileSync(README, readmeWithCosts(readFileSync(README, 'utf8'), readFileSync(FIGURES, 'utf8')));
}
