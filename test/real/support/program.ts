// A third-party program as a child process: started on loopback, waited for until it answers, ended by its pid on every path,
// its output kept for when something goes wrong. Used by Collector.ts and jaeger.ts.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { PROJECT } from '../../house/sources.js';
import { mustSkip } from '../../missing.js';

const READY_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 5000;
const KEPT_OUTPUT = 200_000;

/** Folder of the real parts that .ci/setup installs. */
export const CACHE = join(PROJECT, '.cache');

/**
 * The path of a real part, or undefined with the reason printed, as the suite wants it.
 * @throws when it is missing on a build server, where nothing may be skipped.
 */
export function findPart(path: string): string | undefined {
  const full = join(CACHE, path);
  return mustSkip(existsSync(full) ? [] : [`.cache/${path}`]) ? undefined : full;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class Program {
  output = '';

  private constructor(readonly child: ChildProcess) {}

  /** Resolves once something listens on `readyPort`; rejects with the output of the program when it ends before, or takes too long. */
  static async start(path: string, args: readonly string[], readyPort: number, env: NodeJS.ProcessEnv = {}): Promise<Program> {
    const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    running.add(child);
    child.once('exit', () => running.delete(child));
    const program = new Program(child);
    const keep = (text: Buffer): void => {
      program.output = (program.output + text.toString()).slice(-KEPT_OUTPUT);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.on('error', (error) => keep(Buffer.from(String(error))));
    const end = performance.now() + READY_LIMIT_MS;
    while (!(await listens(readyPort, 1000))) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${path} ended:\n${program.output}`);
      if (performance.now() > end) {
        await program.kill();
        throw new Error(`${path} does not answer on port ${readyPort}:\n${program.output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return program;
  }

  /** Asks the process to end, and kills it when it does not. */
  async stop(): Promise<void> {
    if (!this.#lives()) return;
    const exit = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_LIMIT_MS);
    await exit;
    clearTimeout(timer);
  }

  /** Kills it at once. */
  async kill(): Promise<void> {
    if (!this.#lives()) return;
    const exit = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exit;
  }

  /** Freezes the process: connections stay open, and nothing is answered. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  #lives(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null && this.child.pid !== undefined;
  }
}

/** Ports below those that Linux assigns itself, from 32768 on: a connection, or a listener on port 0, gets none of these in between. */
const FIRST_PORT = 10_000;
/** Each process has a block of its own, so that test files that run side by side do not find the same port. */
const BLOCK = 36;
const BLOCKS = 600;
let looked = 0;

/** Ports that nothing listens on, all different. They stay free until their user listens there, and after that too. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  const first = FIRST_PORT + (process.pid % BLOCKS) * BLOCK;
  for (let attempt = 0; ports.length < count; attempt++) {
    if (attempt === BLOCK) throw new Error(`of the ports ${first} to ${first + BLOCK - 1} too few are free`);
    const port = first + (looked++ % BLOCK); // counted at once: another call may be under way
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false)).listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(true));
  });
  if (free) await new Promise((resolve) => server.close(resolve));
  return free;
}

/** True if something accepts connections there. @param limitMs after which it does not; default 0, which is as long as it takes */
export function listens(port: number, limitMs = 0): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (found: boolean): void => {
      socket.destroy();
      resolve(found);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.setTimeout(limitMs, () => end(false));
  });
}

/** Waits for something to become true; says what was waited for when it does not. */
export async function until(condition: () => boolean | Promise<boolean>, what: string, limitMs = 45_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`did not happen within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
