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

/** How long output is read after the end of a process while a grandchild outside of its group holds it open. */
const HELD_MS = 2000;

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
    let ended: number | null = null;
    const finish = (): void => {
      clearTimeout(timer);
      resolve({ output, code: ended, timedOut, ms: performance.now() - started });
    };
    child.once('error', (error) => {
      output += `cannot start ${command}: ${error.message}\n`;
      process.removeListener('exit', endGroup);
      finish();
    });
    // the last lines of a process may be read after its end is known
    child.once('close', finish);
    child.once('exit', (code) => {
      ended = code;
      process.removeListener('exit', endGroup);
      endGroup();
      setTimeout(finish, HELD_MS).unref();
    });
  });
}
