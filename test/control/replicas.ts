// Starts replicas as child processes and waits for their reports.

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { ReplicaOptions, ReplicaState } from './replica.js';

const PROJECT = join(__dirname, '../..');

export class Replica {
  #state: ReplicaState | undefined;
  #waiting: (() => void)[] = [];
  readonly errors: string[] = [];
  readonly #child: ChildProcess;

  constructor(options: ReplicaOptions) {
    const args = ['--require', 'tsx/cjs', join(__dirname, 'replica.ts'), JSON.stringify(options)];
    this.#child = spawn(process.execPath, args, { cwd: PROJECT, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#child.stderr?.on('data', (part) => this.errors.push(String(part)));
    this.#child.on('message', (state: ReplicaState) => {
      this.#state = state;
      for (const check of this.#waiting) check();
    });
  }

  get state(): ReplicaState {
    if (this.#state === undefined) throw new Error(`the replica has said nothing yet: ${this.errors.join('')}`);
    return this.#state;
  }

  /** Milliseconds until the replica reported a state that `is` accepts. */
  until(is: (state: ReplicaState) => boolean, most = 30_000): Promise<number> {
    const from = performance.now();
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        this.#waiting = this.#waiting.filter((each) => each !== check);
        settle();
      };
      const check = (): void => {
        if (this.#state !== undefined && is(this.#state)) end(() => resolve(performance.now() - from));
      };
      const timer = setTimeout(() => {
        const last = `last told: ${JSON.stringify(this.#state)}; ${this.errors.join('')}`;
        end(() => reject(new Error(`not within ${most} ms; ${last}`)));
      }, most);
      this.#waiting.push(check);
      check();
    });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await gone;
  }
}

/** Replicas that follow already. */
export async function startReplicas(options: readonly ReplicaOptions[]): Promise<Replica[]> {
  const replicas = options.map((each) => new Replica(each));
  await Promise.all(replicas.map((replica) => replica.until(() => true, 30_000)));
  return replicas;
}

/** Milliseconds until each replica reported such a state. */
export const allUntil = (replicas: readonly Replica[], is: (state: ReplicaState) => boolean, most?: number) =>
  Promise.all(replicas.map((replica) => replica.until(is, most)));

/** The delays of the first attempt in which all stayed below a second, else the last: a machine that stalls once is no fault. */
export async function bestOf(attempts: number, attempt: (at: number) => Promise<number[]>): Promise<number[]> {
  let delays: number[] = [];
  for (let at = 0; at < attempts; at += 1) {
    delays = await attempt(at);
    if (Math.max(...delays) < 1000) break;
  }
  return delays;
}
