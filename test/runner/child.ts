// Runs one command as a child process with a time limit and collects its output. The child leads a process group of its own, so that its
// end, its time limit and the end of the suite end its grandchildren too.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

export interface ChildResult {
  /** Standard output and standard error, in the order in which they arrived. */
  readonly output: string;
  /** Standard output alone. */
  readonly stdout: string;
  /** Exit status; null when a signal ended the process. */
  readonly code: number | null;
  readonly timedOut: boolean;
  readonly ms: number;
  /** CPU time of the child and of the descendants that were waited for; undefined where the system has no /proc. */
  readonly cpuMs: number | undefined;
}

/** CPU time of all children that have ended, of which no call of Node reports: in ticks of 10 ms, as cutime and cstime in proc(5). */
function cpuMsOfEnded(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

let counted = 0;
/** CPU time of the child that has just ended. Of children that end in the same instant, the first has that of all. */
function cpuMsOfLast(): number | undefined {
  if (!existsSync('/proc/self/stat')) return undefined;
  const before = counted;
  counted = cpuMsOfEnded();
  return counted - before;
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
  let stdout = '';
  child.stdout.on('data', (text) => (stdout += text));
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
    let cpuMs: number | undefined;
    const finish = (): void => {
      clearTimeout(timer);
      resolve({ output, stdout, code: ended, timedOut, ms: performance.now() - started, cpuMs });
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
      cpuMs = cpuMsOfLast();
      process.removeListener('exit', endGroup);
      endGroup();
      setTimeout(finish, HELD_MS).unref();
    });
  });
}
