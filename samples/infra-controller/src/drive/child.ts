// A child process of ours: started with a channel, so that it ends when we do, whatever the way; its first line of standard output
// says where it listens. Its log lines are handed over one by one.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface ChildOptions {
  env?: NodeJS.ProcessEnv;
  /** Each line of standard output after the first. */
  onLine?: (line: string) => void;
  /** Each line of standard error. */
  onLog?: (line: string) => void;
}

const START_LIMIT_MS = 90_000;
const STOP_LIMIT_MS = 30_000;

export class Child {
  private constructor(
    private readonly process: ChildProcess,
    /** The first line, read as JSON. */
    readonly ready: Readonly<Record<string, unknown>>,
  ) {}

  /** Where it listens, such as `http://127.0.0.1:40117`. */
  get address(): string {
    return String(this.ready.listening);
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  get exited(): Promise<unknown> {
    return this.process.exitCode !== null ? Promise.resolve() : once(this.process, 'exit');
  }

  static async start(script: string, args: readonly string[], options: ChildOptions = {}): Promise<Child> {
    const child = fork(script, args, {
      env: options.env ?? process.env,
      execArgv: ['--enable-source-maps'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const log: string[] = [];
    if (child.stderr) {
      createInterface(child.stderr).on('line', (line) => {
        log.push(line);
        options.onLog?.(line);
      });
    }
    const first = await new Promise<string>((resolve, reject) => {
      const limit = setTimeout(() => fail(`did not say within ${START_LIMIT_MS} ms where it listens`), START_LIMIT_MS);
      child.once('exit', (code) => fail(`ended with ${code} before it listened`));
      let started = false;
      if (child.stdout) {
        createInterface(child.stdout).on('line', (line) => {
          if (started) options.onLine?.(line);
          started = true;
          clearTimeout(limit);
          resolve(line);
        });
      }
      function fail(what: string): void {
        clearTimeout(limit);
        child.kill('SIGKILL');
        reject(new Error(`${script} ${what}.\n${log.slice(-20).join('\n')}`));
      }
    });
    return new Child(child, JSON.parse(first));
  }

  /** Asks it to end; after some seconds makes it. */
  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exit = once(this.process, 'exit');
    const limit = setTimeout(() => this.process.kill('SIGKILL'), STOP_LIMIT_MS);
    this.process.kill('SIGTERM');
    await exit;
    clearTimeout(limit);
  }
}
