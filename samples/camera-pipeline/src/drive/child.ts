// A process of the run: started with a channel, so that it ends when we do, whatever the way; its first line of standard output says what
// it is ready with. Its log lines are handed over one by one.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { SpanCounts } from 'spanwright';

export interface ChildOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Loaded before the script. */
  readonly preload?: string;
  readonly args?: readonly string[];
  /** Each line of standard output after the first. */
  readonly onLine?: (line: string) => void;
  /** Each line of standard error. */
  readonly onLog?: (line: string) => void;
}

const START_LIMIT_MS = 150_000;
const STOP_LIMIT_MS = 30_000;

export class Child {
  /** What became of its spans, reported at its end. */
  spans: SpanCounts | undefined;

  private constructor(
    private readonly process: ChildProcess,
    /** The first line, read as JSON. */
    readonly ready: Readonly<Record<string, unknown>>,
    /** Its exit code, once all that it printed has been read; null when a signal ended it. */
    readonly exited: Promise<number | null>,
  ) {
    process.on('message', ({ spans }: { spans?: SpanCounts }) => {
      this.spans = spans ?? this.spans;
    });
  }

  static async start(script: string, { env, preload, args = [], onLine, onLog }: ChildOptions = {}): Promise<Child> {
    const child = fork(script, args, {
      env: { ...process.env, ...env },
      execArgv: ['--enable-source-maps', ...(preload === undefined ? [] : ['--require', preload])],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const exited = once(child, 'close').then(() => child.exitCode);
    const log: string[] = [];
    createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => {
      if (log.length < 50) log.push(line);
      onLog?.(line);
    });
    const first = await new Promise<string>((resolve, reject) => {
      const limit = setTimeout(() => fail(`did not get ready within ${START_LIMIT_MS} ms`), START_LIMIT_MS);
      void exited.then((code) => fail(`ended with ${code} before it was ready`));
      let started = false;
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        if (started) onLine?.(line);
        started = true;
        clearTimeout(limit);
        resolve(line);
      });
      function fail(what: string): void {
        clearTimeout(limit);
        child.kill('SIGKILL');
        reject(new Error(`${script} ${what}.\n${log.join('\n')}`));
      }
    });
    return new Child(child, JSON.parse(first), exited);
  }

  /** Asks it to end; after some seconds makes it. */
  async stop(): Promise<void> {
    const limit = setTimeout(() => this.process.kill('SIGKILL'), STOP_LIMIT_MS);
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGTERM');
    await this.exited;
    clearTimeout(limit);
  }
}
