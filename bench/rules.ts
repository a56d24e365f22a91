// A change of rules, and a page of sites, over many sites: the loop of a service is held up for as long as either takes.

import { instrument, startTracing, type Tracing } from '../runtime/index.js';
import type { Budget, Outcome } from './report.js';

const SITES = [1_000, 10_000, 50_000];
const BUDGETED = 10_000;
const RULES = [1, 40, 400];
const ROUNDS = 25;
const CHANGE_MS = 10;
const PAGE_MS = 5;

const discard = { export: (_: unknown, done: (result: { code: number }) => void) => done({ code: 0 }), shutdown: async () => {} };

/** The fastest of many in CPU milliseconds: other work on the machine only adds. */
function fastest(work: () => void, undo: () => void = () => {}): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
    undo();
  }
  return best;
}

function changeRules(tracing: Tracing, count: number): number {
  const text = Array.from({ length: count }, (_, n) => `many::part${n}=0.5`).join(',');
  return fastest(
    () => tracing.setRules(text),
    () => tracing.setRules(''),
  );
}

export async function measureRules(): Promise<Outcome> {
  const tracing = await startTracing({ exporter: discard as never, serviceName: 'bench' });
  const kept: unknown[] = [];
  const rows: string[][] = [];
  const budgets: Budget[] = [];
  const budget = (what: string, limit: number, measured: number): void => {
    budgets.push({ what, limit: `${limit} ms`, measured: `${measured.toFixed(1)} ms`, met: measured <= limit });
  };
  for (const sites of SITES) {
    while (kept.length < sites) {
      const n = kept.length;
      kept.push(instrument({ namespace: `many::part${n % 400}::C${n}`, name: `s${n}` }, () => n));
    }
    const changes = RULES.map((count) => changeRules(tracing, count));
    const page = fastest(() => tracing.sitePage({ limit: 100 }));
    const namespaces = fastest(() => tracing.namespaces());
    const all = fastest(() => tracing.sites());
    rows.push([sites.toLocaleString('en-US'), ...[...changes, page, namespaces, all].map((ms) => `${ms.toFixed(1)} ms`)]);
    if (sites !== BUDGETED) continue;
    budget(`change of ${RULES[RULES.length - 1]} rules, 10,000 sites`, CHANGE_MS, changes[changes.length - 1] as number);
    budget('a page of 100 sites of 10,000', PAGE_MS, page);
  }
  await tracing.shutdown();
  const note = `CPU time, the fastest of ${ROUNDS}. A change includes the check for rules that match no site. The sites are not transformed, which is the slower case.`;
  const head = ['sites', ...RULES.map((count) => `${count} rules`), 'page of 100', 'all namespaces', 'all sites'];
  return { tables: [{ title: 'Rules and pages of sites', note, head, rows }], budgets };
}
