// Instructions of the processor that a forwarder adds to an async call, which no other work on the machine changes: Valgrind counts
// two runs of different length, and their difference is the calls'. Without Valgrind the section reports that and measures nothing.

import { execFile, spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { BARE, FORWARDER } from './off.js';
import type { Outcome } from './report.js';
import type { Choice, Modules } from './variants.js';

const SHORT = 400_000;
const LONG = 800_000;
const LIMIT_MS = 300_000;
const TITLE = 'Off, async methods: instructions';

export async function measureInstructions(modules: Modules): Promise<Outcome> {
  if (spawnSync('valgrind', ['--version']).status !== 0)
    return { tables: [{ title: TITLE, note: 'Not measured: needs Valgrind.', head: ['', ''], rows: [] }], budgets: [] };
  const program = join(dirname(modules.workspace.worker()), 'counted.js');
  const choices: readonly Choice[] = [BARE, FORWARDER, { ...FORWARDER, label: 'plain decorator, off', build: 'plain' }];
  const rows: string[][] = [];
  let bare: number | undefined;
  for (const choice of choices) {
    const { module } = await modules.variant(choice, 'async');
    const [short, long] = await Promise.all([count(program, module, SHORT), count(program, module, LONG)]);
    const each = (long - short) / (LONG - SHORT);
    bare ??= each;
    rows.push([choice.label, each.toFixed(0), choice === BARE ? '' : `+${(each - bare).toFixed(0)}`, (each / bare).toFixed(2)]);
  }
  const note =
    'Instructions of the processor a call, counted by Valgrind, garbage collection and the turn of the microtask queue included. V8 puts no async ' +
    'function into its caller, so that the code before one is a call of its own. A busy machine does not change these instructions.';
  return { tables: [{ title: TITLE, note, head: ['', 'instructions', 'over the first row', 'ratio'], rows }], budgets: [] };
}

async function count(program: string, module: string, calls: number): Promise<number> {
  const flags = ['--tool=cachegrind', '--cache-sim=no', '--cachegrind-out-file=/dev/null', '--smc-check=all-non-file'];
  const args = [...flags, process.execPath, '--single-threaded', program, module, String(calls)];
  const { stderr } = await promisify(execFile)('valgrind', args, { timeout: LIMIT_MS });
  const found = /I +refs: +([\d,]+)/.exec(stderr)?.[1];
  if (found === undefined) throw new Error(`bench: Valgrind did not say how many instructions it counted:\n${stderr}`);
  return Number(found.replaceAll(',', ''));
}
