// Runs the program as a person would: a process of its own, with its exit code and what it printed.

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const PROJECT = join(__dirname, '../..');
const LIMIT_MILLISECONDS = 20_000;

/** Starts the program as built. Only the variables given, and those that a process needs, are set. */
export function start(args: readonly string[], environment: Record<string, string> = {}): ChildProcess {
  const { PATH, HOME, TMPDIR } = process.env;
  const env = { PATH, HOME, TMPDIR, ...environment };
  return spawn(process.execPath, [join(PROJECT, 'dist/cli/main.js'), ...args], { cwd: PROJECT, env });
}

/** @param input standard input; without it, an open one */
export function spanwright(args: readonly string[], environment: Record<string, string> = {}, input?: string): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = start(args, environment);
    // A program that refuses its input closes the pipe before all is written.
    if (input !== undefined) child.stdin?.on('error', () => {}).end(input);
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MILLISECONDS);
    let out = '';
    let err = '';
    child.stdout?.on('data', (part) => {
      out += part;
    });
    child.stderr?.on('data', (part) => {
      err += part;
    });
    child.once('error', reject).once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, out, err });
    });
  });
}
