// Runs one command as a child process with a time limit and collects its output. The child leads a process group of its own, so that its
// end, its time limit and the end of the suite end its grandchildren too.

import { spawn } from 'node:child_process';

export interface ChildResult {
  /** Standard output and standard error, in the order in which they arrived. */
  readonly output: string;
  /** Exit status; null when a signal ended the process. */
  readonly code: number | null;
  readonly timedOut: boolean;
  readonly ms: number;
}

interface ChildOptions {
  readonly cwd: string;
  readonly limitMs: number;
  readonly env?: NodeJS.ProcessEnv;
}

export function runChild(command: string, args: readonly string[], { cwd, limitMs, env }: ChildOptions): Promise<ChildResult> {
  const started = performance.now();
  // Windows has no process groups; there the child alone is ended.
  const detached = process.platform !== 'win32';
  const childEnv = { ...process.env, ...env, FORCE_COLOR: '0', NO_COLOR: '1' };
  const child = spawn(command, args, { cwd, detached, stdio: ['ignore', 'pipe', 'pipe'], env: childEnv });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const endGroup = (): void => {
    try {
      if (child.pid !== undefined) process.kill(detached ? -child.pid : child.pid, 'SIGKILL');
    } catch {
      // ESRCH: the group has ended.
    }
  };
  process.once('exit', endGroup);
  return new Promise((resolve) => {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      endGroup();
    }, limitMs);
    const finish = (code: number | null): void => {
      clearTimeout(timer);
      process.removeListener('exit', endGroup);
      endGroup();
      resolve({ output, code, timedOut, ms: performance.now() - started });
    };
    child.once('error', (error) => {
      output += `cannot start ${command}: ${error.message}\n`;
      finish(null);
    });
    // `exit`, not `close`: a grandchild that holds the pipe open must not hold the suite.
    child.once('exit', (code) => setTimeout(finish, 20, code));
  });
}
