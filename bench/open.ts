// Memory of an open span for as long as it is open: calls that wait, with and without a span. Each in new processes.

import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Outcome } from './report.js';
import type { StateName } from './states.js';
import type { Workspace } from './workspace.js';

const REPEATS = 3;
const LIMIT_MS = 60_000;

const ROWS: readonly { label: string; state: StateName; how: 'bare' | 'by hand' | 'instrument' }[] = [
  { label: 'bare call', state: 'spanwright off', how: 'bare' },
  { label: 'hand-written span, SDK', state: 'sdk on', how: 'by hand' },
  { label: 'instrumented', state: 'spanwright on', how: 'instrument' },
  { label: 'hand-written span, our provider', state: 'spanwright on', how: 'by hand' },
];

export async function measureOpen(workspace: Workspace): Promise<Outcome> {
  const program = join(dirname(workspace.worker()), 'held.js');
  const rows: string[][] = [];
  let bare: number | undefined;
  for (const { label, state, how } of ROWS) {
    const counts: number[] = [];
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program, state, how], { timeout: LIMIT_MS });
      counts.push(Number(stdout));
    }
    const least = Math.min(...counts);
    bare ??= least;
    const bytes = (value: number): string => Math.round(value).toLocaleString('en-US');
    rows.push([label, bytes(least), bare === least ? '' : bytes(least - bare)]);
  }
  const note =
    'Bytes of the heap that a waiting async call holds, each span a trace of its own: the call, its context and its span, after a full collection. ' +
    'All spans carry the same five attributes.';
  return { tables: [{ title: 'Open spans: bytes', note, head: ['', 'bytes', 'over the bare call'], rows }], budgets: [] };
}
