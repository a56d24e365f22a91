// The sample's built service as a child process, for the tests of this folder: started with an environment of its own, reached
// over its sockets alone, its log kept.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SHORT_LIVED } from './node-flags.js';

export const SAMPLE = join(__dirname, '../../samples/infra-controller');
export const TOKEN = 'token-of-the-test';

const START_LIMIT_MS = 150_000;

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows what it asked for
  body: any;
}

export interface ServiceOptions {
  env?: Record<string, string>;
  /** Default the controller's. */
  entry?: string;
  /** Contents of a tracing.toml of its own. */
  toml?: string;
}

export class ServiceProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly address: string,
    /** Lines of standard error. */
    readonly log: readonly string[],
    /** Path of its tracing.toml. */
    readonly tracingFile: string,
    private readonly directory: string,
  ) {}

  static async start({ env = {}, entry: file = 'main.js', toml }: ServiceOptions): Promise<ServiceProcess> {
    const entry = join(SAMPLE, 'build', file);
    if (!existsSync(entry))
      throw new Error('The sample is not built: run `npm run build && npm run build -w infra-controller` first.');
    const directory = mkdtempSync(join(tmpdir(), 'infra-controller-'));
    const tracingFile = toml === undefined ? join(SAMPLE, 'tracing.toml') : join(directory, 'tracing.toml');
    if (toml !== undefined) writeFileSync(tracingFile, toml);
    const inherited = Object.entries(process.env).filter(([name]) => !/^(OTEL_|SPANWRIGHT_|NODE_OPTIONS|PORT$)/.test(name));
    const child = fork(entry, [], {
      cwd: directory,
      env: {
        ...Object.fromEntries(inherited),
        TRACING_FILE: tracingFile,
        SPANWRIGHT_ADMIN_TOKEN: TOKEN,
        OTEL_BSP_SCHEDULE_DELAY: '100',
        ...env,
      },
      execArgv: [...SHORT_LIVED],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const log: string[] = [];
    if (!child.stderr || !child.stdout) throw new Error('no pipes');
    createInterface(child.stderr).on('line', (line) => log.push(line));
    const lines = createInterface(child.stdout);
    const first = await Promise.race([
      once(lines, 'line').then(([line]) => String(line)),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`The service ended with ${code}:\n${log.join('\n')}`))),
      new Promise<never>((_, reject) => {
        setTimeout(() => reject(new Error(`The service did not start:\n${log.join('\n')}`)), START_LIMIT_MS).unref();
      }),
    ]);
    return new ServiceProcess(child, JSON.parse(first).listening, log, tracingFile, directory);
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${this.address}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : undefined,
    };
  }

  admin(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.call(method, `/tracing${path}`, body, { authorization: `Bearer ${TOKEN}` });
  }

  /** Resolves once a line of the log fits; rejects with the whole log when none does in time. */
  async logged(pattern: RegExp, timeoutMs = 60_000): Promise<string> {
    const limit = Date.now() + timeoutMs;
    for (;;) {
      const line = this.log.find((one) => pattern.test(one));
      if (line !== undefined) return line;
      if (Date.now() > limit) throw new Error(`Nothing in the log fits ${pattern}:\n${this.log.join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** Ends the service with SIGTERM, as an orchestrator does, and returns its exit code. */
  async stop(): Promise<number | null> {
    try {
      if (this.child.exitCode !== null) return this.child.exitCode;
      const exit = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      const force = setTimeout(() => this.child.kill('SIGKILL'), 30_000);
      const [code] = await exit;
      clearTimeout(force);
      return code;
    } finally {
      rmSync(this.directory, { recursive: true, force: true });
    }
  }
}
