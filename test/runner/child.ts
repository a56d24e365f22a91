// Runs one command as a child process with a time limit and collects what it printed. Called by the suite for test files and steps.
// The child leads a process group of its own, so that a time limit ends its grandchildren too.

import { spawn } from 'node:child_process';

export interface ChildResult {
  /** Standard output and standard error, in the order in which they arrived. */
  readonly output: string;
  /** Exit status; null when a signal ended the process. */
  readonly code: number | null;
  readonly timedOut: boolean;
  readonly ms: number;
}

export interface ChildOptions {
  readonly cwd: string;
  readonly limitMs: number;
  readonly env?: NodeJS.ProcessEnv;
}

export function runChild(command: string, args: readonly string[], { cwd, limitMs, env }: ChildOptions): Promise<ChildResult> {
  const started = performance.now();
  // A group of its own exists on POSIX systems only; elsewhere the child alone is ended.
  const grouped = process.platform !== 'win32';
  const child = spawn(command, args, {
    cwd,
    detached: grouped,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env, FORCE_COLOR: '0', NO_COLOR: '1' },
  });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));

  const endGroup = (): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(grouped ? -child.pid : child.pid, 'SIGKILL');
    } catch {
      // ESRCH: the group has ended.
    }
  };
  const onInterrupt = (): void => {
    endGroup();
    process.exit(130);
  };
  process.once('SIGINT', onInterrupt);

  return new Promise((resolve) => {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      endGroup();
    }, limitMs);
    const finish = (code: number | null, trailer = ''): void => {
      clearTimeout(timer);
      process.removeListener('SIGINT', onInterrupt);
      // A file that passed but left a process behind must not disturb the next one.
      endGroup();
      resolve({ output: Buffer.concat(chunks).toString('utf8') + trailer, code, timedOut, ms: performance.now() - started });
    };
    child.once('error', (error) => finish(null, `cannot start ${command}: ${error.message}\n`));
    // `exit`, not `close`: a grandchild that holds the pipe open must not hold the suite.
    child.once('exit', (code) => setTimeout(finish, 20, code));
  });
}
