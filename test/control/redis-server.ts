// A real Redis on a free port of this machine, without persistence, that a test can kill and start again.

import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { createClient } from 'redis';
import { missingCommands, mustSkip } from '../missing.js';
import { freePorts } from '../real/support/program.js';

/** True where redis-server is not installed: tests that need it are skipped. */
export const WITHOUT_REDIS = mustSkip(missingCommands('redis-server'));

export class RedisServer {
  #child: ChildProcess | undefined;

  private constructor(readonly port: number) {}

  static async start(): Promise<RedisServer> {
    const server = new RedisServer((await freePorts(1))[0] as number);
    await server.up();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async up(): Promise<void> {
    const settings = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', '/'];
    this.#child = spawn('redis-server', settings, { stdio: 'ignore' });
    const from = performance.now();
    while (!(await this.#answers())) {
      if (performance.now() - from > 30_000) throw new Error('redis-server does not answer');
      await wait(20);
    }
  }

  /** Ends the server as a machine that disappears does: the clients get no message. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  async #answers(): Promise<boolean> {
    const client = createClient({ url: this.url, socket: { reconnectStrategy: false } });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.ping();
      client.destroy();
      return true;
    } catch {
      return false;
    }
  }
}
