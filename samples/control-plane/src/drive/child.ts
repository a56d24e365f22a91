// A process of the sample as the driver sees it: started with a channel, so that it ends when the driver does, whatever the way. Its
// first line of standard output says that it is ready.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { SpanCounts } from 'spanwright';

// biome-ignore lint/suspicious/noExplicitAny: each process has lines of its own
export type Line = Readonly<Record<string, any>>;

export interface ChildOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Each line of standard output after the first, read as JSON. */
  readonly onLine?: (line: Line) => void;
  /** Each line of standard error. */
  readonly onLog?: (line: string) => void;
}

const START_LIMIT_MS = 150_000;
const STOP_LIMIT_MS = 20_000;
const KEPT_LOG_LINES = 50;

export class Child {
  /** What became of its spans, reported at its end. */
  spans: SpanCounts | undefined;

  private constructor(
    readonly name: string,
    private readonly process: ChildProcess,
    /** What its first line says. */
    readonly ready: Line,
    /** Resolves with the exit code when it has ended and all that it printed has been read. */
    readonly ended: Promise<number | null>,
  ) {
    process.on('message', ({ spans }: { spans?: SpanCounts }) => {
      this.spans = spans ?? this.spans;
    });
  }

  /** Where it listens. */
  get address(): string {
    return String(this.ready.listening);
  }

  static async start(name: string, script: string, options: ChildOptions): Promise<Child> {
    const child = fork(script, [], {
      env: { ...process.env, ...options.env, INSTANCE: name },
      execArgv: ['--enable-source-maps'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    if (child.stdout === null || child.stderr === null) throw new Error(`${name} has no pipes`);
    const ended = once(child, 'close').then(([code]) => code as number | null);
    const log: string[] = [];
    createInterface(child.stderr).on('line', (line) => {
      if (log.push(line) > KEPT_LOG_LINES) log.shift();
      options.onLog?.(line);
    });
    const lines = createInterface(child.stdout);
    const ready = await new Promise<Line>((resolve, reject) => {
      const fail = (why: string): void => {
        child.kill('SIGKILL');
        reject(new Error(`${name}: ${why}`));
      };
      const limit = setTimeout(() => fail(`not ready after ${START_LIMIT_MS} ms\n${log.join('\n')}`), START_LIMIT_MS);
      let started = false;
      lines.on('line', (text) => {
        const line = JSON.parse(text) as Line;
        if (started) return options.onLine?.(line);
        started = true;
        clearTimeout(limit);
        if (line.failed === undefined) resolve(line);
        else fail(line.failed);
      });
      void ended.then((code) => {
        clearTimeout(limit);
        if (!started) fail(`ended with ${code} before it was ready\n${log.join('\n')}`);
      });
    });
    return new Child(name, child, ready, ended);
  }

  /** Asks it to end, and makes it after some seconds. */
  async stop(): Promise<number | null> {
    const limit = setTimeout(() => this.process.kill('SIGKILL'), STOP_LIMIT_MS);
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGTERM');
    const code = await this.ended;
    clearTimeout(limit);
    return code;
  }
}
