// Starts what a run needs: processes that serve until the run ends, and programs that do one thing and end.

import { execFile } from 'node:child_process';
import { Child, type SpanReport } from '@spanwright/stage';

const MOST_OUTPUT = 64 * 1024 * 1024;

const running: Child[] = [];
const traced: { readonly process: string; readonly child: Child }[] = [];

/** Starts a process that records spans. @returns where it listens */
export async function startTraced(process: string, script: string, env: NodeJS.ProcessEnv): Promise<string> {
  const child = await kept(Child.start(script, { env, stopLimit: 10_000 }));
  traced.push({ process, child });
  return child.address;
}

/** Stops the process in `stopServers()`. */
export async function kept(start: Promise<Child>): Promise<Child> {
  const child = await start;
  running.push(child);
  return child;
}

export async function stopServers(): Promise<void> {
  for (const child of running.splice(0).reverse()) await child.stop();
}

/** Spans of the processes that record some. Complete when all have been stopped. */
export function spanReports(): SpanReport[] {
  return traced.map(({ process, child }) => ({ process, spans: child.spans }));
}

export interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs a program to its end, with the flags of Node that this process has. */
export function runProgram(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, maxBuffer: MOST_OUTPUT };
    execFile(process.execPath, [...process.execArgv, script, ...args], options, (error, out, err) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, out, err });
    });
  });
}
