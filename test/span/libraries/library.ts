// Row of a library: the thenables that an instrumented method returns, and every way in which its users run them.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { part } from '../../hosts/conformance/suite.js';

// biome-ignore lint/suspicious/noExplicitAny: objects of a dozen libraries
export type Any = any;
export type Use = (query: Any) => Promise<unknown>;

export interface Library {
  readonly name: string;
  /** Returns a thenable that succeeds, not yet run. */
  good(): Any;
  /** Returns one that fails once it runs. */
  bad(): Any;
  /** Ways to run it beside those of promises; each settles with the outcome. */
  readonly uses?: Readonly<Record<string, Use>>;
  /** Runs several in one transaction. */
  readonly transaction?: (queries: Any[]) => Promise<unknown>;
  /** False where `await` is refused by the library. */
  readonly isPromise?: boolean;
  readonly hasFinally?: boolean;
  /** True where the outcome is there when the use returns. */
  readonly isSynchronous?: boolean;
  /** Counts the runs so far. Absent where the work starts by itself. */
  readonly runs?: () => number;
}

export interface Libraries {
  readonly libraries: readonly Library[];
  stop(): Promise<void>;
}

export const installed: (name: string) => Any = createRequire(join(part('libraries'), 'package.json'));

/** Loads an ES module of the part. */
export async function load(name: string): Promise<Any> {
  const { resolve } = createRequire(join(part('libraries'), 'package.json'));
  return import(pathToFileURL(resolve(name)).href);
}

export async function collected(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The outcome that a callback of Node.js's form gets. */
export function byCallback(start: (done: (error: unknown, value: unknown) => void) => void): Promise<unknown> {
  return new Promise((resolve, reject) => start((error, value) => (error ? reject(error) : resolve(value))));
}
