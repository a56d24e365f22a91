// Processes that a run of a sample has left behind, found by a text in its environment that all its children inherit.
// A port proves less: once it is free, any process may listen on it.

import { readdirSync, readFileSync } from 'node:fs';
import { listens, until } from '../real/support/program.js';

/** Longer than a process takes to give up work that it cannot finish. */
const PATIENCE_MS = 90_000;

/**
 * Ids of the processes whose environment holds the text; a process that has ended is not listed. Linux only; elsewhere the list is empty.
 */
function processesWith(text: string): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && environmentOf(pid).includes(text));
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return ''; // ended meanwhile, or of another user
  }
}

/** Remains of a run: its processes if they can be found, else its ports that are listened on. */
export async function leftBehind(text: string, ports: readonly number[]): Promise<readonly (string | number)[]> {
  if (process.platform === 'linux') return processesWith(text);
  const found = await Promise.all(ports.map((port) => listens(port)));
  return ports.filter((_, index) => found[index]);
}

/** Fails unless nothing lives any more; a process that ends after another one may take a moment. */
export async function assertNothingLeft(text: string, ports: readonly number[]): Promise<void> {
  await until(async () => (await leftBehind(text, ports)).length === 0, 'all that the run has started has ended', PATIENCE_MS);
}
