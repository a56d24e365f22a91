// The parent's side of service.ts: forks it, puts it under a steady load of real HTTP requests whose answers and latencies are
// checked, gives it orders, and holds its end to the sum of its counts. Used by faults.test.ts and soak.ts.

import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import type { TracingOptions } from '../../../runtime/index.js';
import type { Order, Report } from './service.js';

export const SPANS_PER_REQUEST = 4;
const LATE_MS = 45_000;

export interface Load {
  readonly requests: number;
  readonly wrong: number;
  /** The first few faults. */
  readonly faults: readonly string[];
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly most: number;
}

export interface Ended extends Report {
  /** Milliseconds from the end of shutdown until the process was gone. */
  readonly lingered: number;
  readonly code: number | null;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class LoadedService {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 16 });
  /** Rejects when the process ends: no order is answered any more. */
  readonly #gone: Promise<never>;

  private constructor(
    readonly child: ChildProcess,
    readonly port: number,
    /** `service.instance.id` of its spans, which distinguishes them from other services at the same Collector. */
    readonly id: string,
  ) {
    this.#gone = once(child, 'exit').then(([code, signal]) =>
      Promise.reject(new Error(`the service has ended: ${code ?? signal}`)),
    );
    this.#gone.catch(() => {});
  }

  static async start(options: TracingOptions, env: NodeJS.ProcessEnv = {}): Promise<LoadedService> {
    const id = randomUUID();
    const all: TracingOptions = { ...options, resource: { ...options.resource, 'service.instance.id': id } };
    const child = fork(join(__dirname, 'service.ts'), [JSON.stringify(all)], {
      execArgv: ['--expose-gc', '--require', 'tsx/cjs'],
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    running.add(child);
    child.once('exit', () => running.delete(child));
    const [port] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`the service ended with ${code}`))),
    ]);
    return new LoadedService(child, port as number, id);
  }

  /** So many requests a second for so long, also while answers are slow; each answer is awaited and checked. */
  async load(milliseconds: number, perSecond = 200): Promise<Load> {
    const latencies: number[] = [];
    const answers: Promise<string | undefined>[] = [];
    const begun = performance.now();
    for (let sent = 0; performance.now() - begun < milliseconds; ) {
      const due = Math.ceil(((performance.now() - begun) / 1000) * perSecond);
      while (sent < due) answers.push(this.#ask(sent++, latencies));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const faults = (await Promise.all(answers)).filter((fault) => fault !== undefined);
    latencies.sort((a, b) => a - b);
    const at = (share: number): number => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
    const first = faults.slice(0, 5);
    return { requests: answers.length, wrong: faults.length, faults: first, p50: at(0.5), p95: at(0.95), most: at(1) };
  }

  async order(order: Order): Promise<Report> {
    const answer = once(this.child, 'message');
    this.child.send(order);
    const [report] = await Promise.race([answer, this.#gone, late(`no answer to "${order.do}"`)]);
    return report as Report;
  }

  report(): Promise<Report> {
    return this.order({ do: 'report' });
  }

  /** Shuts the service down, and waits until its process has ended by itself. */
  async end(): Promise<Ended> {
    this.#agent.destroy();
    const exit = once(this.child, 'exit');
    const report = await this.order({ do: 'end' });
    const begun = performance.now();
    const [code] = await Promise.race([exit, late('the process does not end')]);
    return { ...report, lingered: performance.now() - begun, code: code as number | null };
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  /** Undefined when the answer is right. */
  #ask(id: number, latencies: number[]): Promise<string | undefined> {
    const begun = performance.now();
    return new Promise((resolve) => {
      get({ host: '127.0.0.1', port: this.port, path: `/${id}`, agent: this.#agent }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => {
          latencies.push(performance.now() - begun);
          resolve(text === String(id * 3 + (id + 1) * 3) ? undefined : `${id}: ${text}`);
        });
      }).on('error', (error) => resolve(`${id}: ${error}`));
    });
  }
}

function late(what: string): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new Error(`${what} after ${LATE_MS} ms`)), LATE_MS).unref());
}
