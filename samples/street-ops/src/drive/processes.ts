// Starts what a run needs: programs that say on their first line where they listen and run on, and programs that do one thing and end.
// The first kind is forked with a channel, so that it ends when we do, whatever the way.

import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { SpanCounts } from 'spanwright';
import type { SpanReport } from './delivery.js';

const START_LIMIT_MS = 90_000;
const MOST_OUTPUT = 64 * 1024 * 1024;

const packageFile = require.resolve('spanwright/package.json');
/** The program `spanwright`, as npx would find it. */
export const SPANWRIGHT = join(
  dirname(packageFile),
  (JSON.parse(readFileSync(packageFile, 'utf8')) as { bin: { spanwright: string } }).bin.spanwright,
);

const running: ChildProcess[] = [];
/** What became of the spans of each process that records some. Complete when all have been stopped. */
export const reports: SpanReport[] = [];

/** Starts a process that records spans. @returns where it listens */
export async function startTraced(process: string, script: string, env: NodeJS.ProcessEnv): Promise<string> {
  const report: { process: string; spans: SpanCounts | undefined } = { process, spans: undefined };
  const { listening } = await startServer<{ listening: string }>(script, [], env, ({ spans }) => {
    report.spans = spans;
  });
  reports.push(report);
  return listening;
}

/** @returns what its first line says, read as JSON. */
export async function startServer<Ready>(
  script: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  onReport: (report: { spans: SpanCounts }) => void = () => {},
): Promise<Ready> {
  const child = fork(script, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  child.on('message', onReport);
  running.push(child);
  let said = '';
  child.stderr?.on('data', (text) => {
    said = `${said}${text}`.slice(-5000);
  });
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`${script} did not start:\n${said}`)), START_LIMIT_MS);
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}:\n${said}`)));
    const lines = createInterface(child.stdout as NodeJS.ReadableStream);
    lines.once('line', (line) => {
      clearTimeout(limit);
      resolve(JSON.parse(line) as Ready);
      lines.on('line', () => undefined); // so that the pipe does not fill
    });
  });
}

export async function stopServers(): Promise<void> {
  for (const child of running.splice(0).reverse()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const exit = once(child, 'close');
    const limit = setTimeout(() => child.kill('SIGKILL'), 10_000);
    child.kill('SIGTERM');
    await exit;
    clearTimeout(limit);
  }
}

export interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs a program to its end. */
export function runProgram(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, maxBuffer: MOST_OUTPUT };
    execFile(process.execPath, [script, ...args], options, (error, out, err) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, out, err });
    });
  });
}
