// A process that a driver starts, with the flags of Node that the driver has. It has a channel to the driver, so that it ends with it, also
// after SIGKILL.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { SpanCounts } from 'spanwright';

export interface ChildOptions {
  readonly args?: readonly string[];
  /** Added to the environment of this process; a variable that is undefined is removed. */
  readonly env?: NodeJS.ProcessEnv;
  /** Module that is loaded before the script. */
  readonly preload?: string;
  /** How the process reports that it serves: with its first line of standard output, which is JSON, or with a message. Default: line. */
  readonly readyBy?: 'line' | 'message';
  /** Called with each other line of standard output. */
  readonly onLine?: (line: string) => void;
  /** Called with each line of standard error. */
  readonly onLog?: (line: string) => void;
  /** Milliseconds until it serves. Default 90,000. */
  readonly startLimit?: number;
  /** Milliseconds from `stop()` until it is killed. Default 30,000. */
  readonly stopLimit?: number;
}

type Facts = Readonly<Record<string, unknown>>;

const START_LIMIT_MS = 90_000;
const STOP_LIMIT_MS = 30_000;
const KEPT_LOG_LINES = 50;

export class Child {
  /** Counts of its spans, reported by the process when it ends. */
  spans: SpanCounts | undefined;

  private constructor(
    private readonly process: ChildProcess,
    /** Report of the process when it started to serve. */
    readonly ready: Facts,
    /** Resolves with its exit code, null after a signal, once all that it printed has been read. */
    readonly ended: Promise<number | null>,
    private readonly stopLimit: number,
  ) {
    process.on('message', ({ spans }: { spans?: SpanCounts }) => {
      this.spans = spans ?? this.spans;
    });
  }

  /** Its address, such as `http://127.0.0.1:40117`; empty for a process that does not listen. */
  get address(): string {
    return String(this.ready.listening ?? '');
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** @throws Error with the end of its log when it ends before it serves, reports `failed`, or does not serve within `startLimit`. */
  static async start(script: string, options: ChildOptions = {}): Promise<Child> {
    const { args = [], env, preload, readyBy = 'line', onLine, onLog } = options;
    const { startLimit = START_LIMIT_MS, stopLimit = STOP_LIMIT_MS } = options;
    const child = fork(script, args, {
      env: { ...process.env, ...env },
      execArgv: [...process.execArgv, ...(preload === undefined ? [] : ['--require', preload])],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const ended = once(child, 'close').then(([code]) => code as number | null);
    const log: string[] = [];
    const keep = (line: string): void => {
      if (log.push(line) > KEPT_LOG_LINES) log.shift();
    };
    createInterface(child.stderr as Readable).on('line', (line) => {
      keep(line);
      onLog?.(line);
    });
    const ready = await new Promise<Facts>((resolve, reject) => {
      const fail = (reason: string): void => {
        clearTimeout(limit);
        child.kill('SIGKILL');
        reject(new Error(`${script} ${reason}\n${log.join('\n')}`));
      };
      const limit = setTimeout(() => fail(`does not serve after ${startLimit} ms`), startLimit);
      const serves = (facts: Facts): void => {
        clearTimeout(limit);
        if (facts.failed === undefined) resolve(facts);
        else fail(`failed: ${facts.failed}`);
      };
      let awaited = readyBy === 'line';
      createInterface(child.stdout as Readable).on('line', (line) => {
        if (!awaited) {
          keep(line);
          return onLine?.(line);
        }
        awaited = false;
        serves(JSON.parse(line));
      });
      if (readyBy === 'message') child.once('message', (facts) => serves(facts as Facts));
      void ended.then((code) => fail(`ended with ${code} before it served`));
    });
    return new Child(child, ready, ended, stopLimit);
  }

  /** Asks the process to end, and kills it after `stopLimit`. @returns its exit code; null after a signal */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    const limit = setTimeout(() => this.process.kill('SIGKILL'), this.stopLimit);
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill(signal);
    const code = await this.ended;
    clearTimeout(limit);
    return code;
  }
}
