// A process of the run: forked with a channel, so that it ends when we do, whatever the way; it says when it serves. Its log lines
// are handed over one by one.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { SpanCounts } from 'spanwright';

export interface ChildOptions {
  args?: readonly string[];
  env?: NodeJS.ProcessEnv;
  onLine: (line: string) => void;
  /** The first line of standard output says where it listens, instead of a message: a program that is not of this sample. */
  readyLine?: boolean;
}

const START_LIMIT_MS = 90_000;
const STOP_LIMIT_MS = 30_000;

export class Child {
  /** What became of its spans, reported at its end. */
  spans: SpanCounts | undefined;

  private constructor(
    private readonly process: ChildProcess,
    /** Resolves when it has ended and all that it printed has been read: what it said last may come after its end. */
    private readonly closed: Promise<unknown>,
    /** Where it listens, if it does. */
    readonly address: string,
  ) {
    process.on('message', ({ spans }: { spans?: SpanCounts }) => {
      this.spans = spans ?? this.spans;
    });
  }

  static async start(script: string, { args = [], env = {}, onLine, readyLine }: ChildOptions): Promise<Child> {
    const child = fork(script, args, {
      env: { ...process.env, ...env },
      execArgv: ['--enable-source-maps'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const closed = once(child, 'close');
    const last: string[] = [];
    const ready = new Promise<string>((resolve, reject) => {
      const fail = (what: string): void => {
        clearTimeout(limit);
        child.kill('SIGKILL');
        reject(new Error(`${script} ${what}\n${last.slice(-20).join('\n')}`));
      };
      const limit = setTimeout(() => fail(`did not serve within ${START_LIMIT_MS} ms`), START_LIMIT_MS);
      const serves = (address: string | undefined): void => {
        clearTimeout(limit);
        resolve(address ?? '');
      };
      child.once('exit', (code) => fail(`ended with ${code} before it served`));
      child.once('message', (message) => serves((message as { address?: string }).address));
      let begun = readyLine !== true;
      for (const stream of [child.stdout, child.stderr]) {
        if (stream === null) continue;
        createInterface(stream).on('line', (line) => {
          last.push(line);
          if (!begun && stream === child.stdout) {
            begun = true;
            serves((JSON.parse(line) as { listening: string }).listening);
          } else onLine(line);
        });
      }
    });
    return new Child(child, closed, await ready);
  }

  get #lives(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Asks it to end; after some seconds makes it. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const limit = setTimeout(() => this.process.kill('SIGKILL'), STOP_LIMIT_MS);
    if (this.#lives) this.process.kill(signal);
    await this.closed;
    clearTimeout(limit);
  }
}
