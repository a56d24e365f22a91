// Runs one command as a child process with a time limit and collects what it printed. Called by the suite for test files
// and steps. The child leads a process group of its own, so that a time limit ends its grandchildren too.

import { spawn } from 'node:child_process';

export interface ChildResult {
  /** Standard output and standard error, in the order in which they arrived. */
  readonly output: string;
  /** Exit status; null when a signal ended the process. */
  readonly code: number | null;
  readonly timedOut: boolean;
  readonly ms: number;
}

export function runChild(command: string, args: readonly string[], cwd: string, limitMs: number): Promise<ChildResult> {
  const started = performance.now();
  // A group of its own exists on POSIX systems only; elsewhere the child alone is ended.
  const grouped = process.platform !== 'win32';
  const child = spawn(command, args, {
    cwd,
    detached: grouped,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1' },
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));

  const endGroup = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(grouped ? -child.pid : child.pid, signal);
    } catch {
      // ESRCH: nothing of the group is left, which is what was wanted.
    }
  };
  const forwardInterrupt = (): void => {
    endGroup('SIGKILL');
    process.exit(130);
  };
  process.once('SIGINT', forwardInterrupt);

  return new Promise((resolve) => {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      endGroup('SIGKILL');
    }, limitMs);
    const finish = (code: number | null, trailer = ''): void => {
      clearTimeout(timer);
      process.removeListener('SIGINT', forwardInterrupt);
      // A file that passed but left a process behind must not disturb the next one.
      endGroup('SIGKILL');
      resolve({ output: Buffer.concat(chunks).toString('utf8') + trailer, code, timedOut, ms: performance.now() - started });
    };
    child.once('error', (error) => finish(null, `cannot start ${command}: ${error.message}\n`));
    // `exit`, not `close`: a grandchild that holds the pipe open must not hold the suite.
    child.once('exit', (code) => setTimeout(finish, 20, code));
  });
}
